"""A wanted medicine against those already taken or wanted beside it: dangerous pairs, and the same treatment twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from hoso.care.card import Source
from hoso.care.orders.finding import Finding
from hoso.care.orders.substances import Substance
from hoso.care.rules import table

_FOURTH_LEVEL = 5


@dataclass(frozen=True, slots=True)
class Taken:
    """A medicine in use, or one that is ordered in the same breath."""

    substance: Substance
    seen: Source
    days_left: int | None = None
    evidence: str = ""


def interactions(name: str, wanted: Substance, others: Iterable[Taken]) -> list[Finding]:
    """The gravest pair with each other medicine; creams and drops meet nothing."""
    if wanted.local:
        return []
    found = (_worst(name, wanted, other) for other in others if not other.substance.local)
    return [one for one in found if one is not None]


def _worst(name: str, wanted: Substance, other: Taken) -> Finding | None:
    rows = [row for row in table("order_interactions")["interaction"] if _meets(row["pair"], wanted, other.substance)]
    if not rows:
        return None
    row = min(rows, key=lambda one: ("critical", "warning", "info").index(one["severity"]))
    return Finding(
        "interaction", row["severity"], "+".join(row["pair"]), name, other.substance.name, other.seen, row["source"],
        tuple(table("order_words")["reasons"]["interaction"]), effect=row["effect"], advice=row["advice"],
        evidence=other.evidence,
    )  # fmt: skip


def _meets(pair: list[str], one: Substance, other: Substance) -> bool:
    if one.same(other):
        return False
    first, second = pair
    return (first in one.groups and second in other.groups) or (second in one.groups and first in other.groups)


def doubles(name: str, wanted: Substance, others: Iterable[Taken]) -> list[Finding]:
    if wanted.local:
        return []
    return [found for other in others if not other.substance.local and (found := _double(name, wanted, other))]


def _double(name: str, wanted: Substance, other: Taken) -> Finding | None:
    shared = _shared(wanted, other.substance)
    if shared is None:
        return None
    rule, group = shared
    return Finding(
        "same-medicine", "warning", rule, name, other.substance.name, other.seen, str(table("order_groups")["source"]),
        tuple(table("order_words")["reasons"]["same-medicine"]), group=group, days_left=other.days_left,
        evidence=other.evidence,
    )  # fmt: skip


def _shared(wanted: Substance, other: Substance) -> tuple[str, dict[str, Any]] | None:
    """(rule, name of the group) by which the two are one treatment."""
    rule = table("order_groups")
    if wanted.same(other):
        return "same-substance", {}
    for key in rule["twice"]["groups"]:
        if key in wanted.groups & other.groups and not _on_purpose(wanted, other, key):
            group = rule["group"][key]
            return key, {"en": group["en"], "vi": group["vi"]}
    return next((("same-class:" + begin, {}) for begin in _beginnings(wanted) if begin in _beginnings(other)), None)


def _on_purpose(wanted: Substance, other: Substance, key: str) -> bool:
    """Aspirin for the heart is no second painkiller; that it harms beside one is told by the pairs."""
    return key == "nsaid" and "aspirin" in wanted.groups | other.groups


def _beginnings(one: Substance) -> Iterator[str]:
    allowed = tuple(table("order_groups")["twice"]["pairs_allowed"])
    return (
        code[:_FOURTH_LEVEL]
        for code in sorted(one.codes)
        if len(code) >= _FOURTH_LEVEL and not code.startswith(allowed)
    )
