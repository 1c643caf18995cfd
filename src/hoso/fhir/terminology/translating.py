"""What a code is in another code system, by the maps that hold on a day."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from hoso.fhir.terminology.conceptmap import OPPOSITE, ConceptMap, Mapping

_NO_MATCH = ("unmatched", "disjoint")


class Match(NamedTuple):
    equivalence: str
    system: str
    code: str
    display: str
    comment: str
    map: str


def translate(
    maps: Iterable[ConceptMap], system: str, code: str, *, target: str = "", reverse: bool = False
) -> Iterator[Match]:
    """`target` names the code system that is wanted, "" for any."""
    for map in maps:
        found = (map.backward if reverse else map.forward).get((system, code), ())
        for one in found:
            match = _match(one, map.head.url, reverse)
            if not target or match.system == target:
                yield match


def is_match(match: Match) -> bool:
    return match.equivalence not in _NO_MATCH


def _match(one: Mapping, url: str, reverse: bool) -> Match:
    if reverse:
        opposite = OPPOSITE.get(one.equivalence, one.equivalence)
        return Match(opposite, one.source_system, one.source, "", one.comment, url)
    return Match(one.equivalence, one.target_system, one.target, one.display, one.comment, url)
