"""Which records are worth comparing: those that share the most telling keys, at most a hundred, in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import TypeVar

from hoso.identity.match.keys import KINDS

R = TypeVar("R", int, str)
MOST = 100


def rank(hits: Iterable[tuple[str, Iterable[R]]], most: int = MOST) -> list[R]:
    """From (kind of key, records under it). Of several keys of a kind the record counts one; ties go by id."""
    found: dict[str, set[R]] = {}
    for kind, records in hits:
        if kind in found:
            found[kind].update(records)
        else:
            found[kind] = set(records)
    weights: dict[R, float] = {}
    for kind, some in found.items():
        weight = KINDS[kind].weight
        for record in some:
            weights[record] = weights.get(record, 0.0) + weight
    if len(weights) <= most:
        return sorted(weights)
    ranked = sorted(((-weight, record) for record, weight in weights.items()), key=itemgetter(0, 1))
    return sorted(record for _weight, record in ranked[:most])
