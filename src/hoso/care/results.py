"""A citizen's results, test by test: where the newest stands to its own laboratory's range, and what came before.

A value is compared only with the range that came with it, or by what the laboratory said of it; never with one of ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from hoso.care.card import Source
from hoso.care.chart import Chart
from hoso.care.elements import Resource, codings, concept_text, concepts, has_code, key_of, moment
from hoso.care.measures import flag_of, range_of, value_of
from hoso.care.rules import table
from hoso.core import fold
from hoso.fhir.labels import system

Standing = Literal["within", "above", "below", "outside", "danger", "unknown"]
_CRITICAL = frozenset(("HH", "LL", "AA"))
_APART = ("vital-signs", "social-history", "survey")
_UNSURE = frozenset(("registered", "preliminary"))


@dataclass(frozen=True, slots=True)
class Value:
    """One result. `number`, `low`, `high` None: not a plain number, or no such end of the range."""

    key: str
    value: str
    unit: str
    standing: Standing
    limits: str
    number: float | None
    low: float | None
    high: float | None
    source: Source
    preliminary: bool


@dataclass(frozen=True, slots=True)
class Series:
    """`key` stands in the address of its page. `values`: the newest first. `words`: of the rule table, {} if it has

    none. `private`: it carries a label, so that it is not shown at a glance.
    """

    key: str
    name: str
    values: tuple[Value, ...]
    words: Mapping[str, Mapping[str, str]]
    private: bool

    @property
    def last(self) -> Value:
        return self.values[0]

    @property
    def trend(self) -> tuple[Value, ...]:
        """The values that can be drawn together, the oldest first: plain numbers in the unit of the newest."""
        same = [one for one in self.values if one.number is not None and one.unit == self.last.unit]
        return tuple(reversed(same)) if self.last.number is not None else ()


def by_test(chart: Chart) -> tuple[Series, ...]:
    """Every test with a value, that with the newest first."""
    groups: dict[str, list[Resource]] = {}
    for one in chart.all("Observation"):
        if value_of(one)[0] and not any(
            has_code(kind, code) for kind in concepts(one.get("category")) for code in _APART
        ):
            groups.setdefault(_key(one), []).append(one)
    return tuple(_test(key, some, chart) for key, some in groups.items())


def _test(key: str, observations: list[Resource], chart: Chart) -> Series:
    rule = _by_key().get(key, {})
    words = {part: rule[part] for part in ("name", "what", "high", "low") if part in rule}
    private = any(_labelled(one) for one in observations)
    values = tuple(_value(one, chart) for one in observations)
    return Series(key, concept_text(observations[0].get("code")), values, words, private)


def _value(one: Resource, chart: Chart) -> Value:
    value, unit = value_of(one)
    quantity = one.get("valueQuantity", {})
    number = None if quantity.get("comparator") else quantity.get("value")
    limits: dict[str, Any] = next(iter(one.get("referenceRange", ())), {})
    low, high = (limits.get(side, {}).get("value") for side in ("low", "high"))
    return Value(
        key_of(one), value, unit, _standing(one, low is not None or high is not None), range_of(one),
        None if number is None else float(number), None if low is None else float(low),
        None if high is None else float(high), chart.source(one), one.get("status") in _UNSURE,
    )  # fmt: skip


def _standing(one: Resource, ranged: bool) -> Standing:
    codes = {code for concept in concepts(one.get("interpretation")) for _, code in codings(concept)}
    if codes & _CRITICAL:
        return "danger"
    flag = flag_of(one)
    if flag:
        return {"high": "above", "low": "below"}.get(flag, "outside")  # type: ignore[return-value]
    said = bool(codes & {"N", "NEG"})
    return "within" if said or (ranged and not codes and "valueQuantity" in one) else "unknown"


def _key(one: Resource) -> str:
    """Of the rule, else the LOINC code, else the folded name: tests that are called alike are one."""
    codes = [code for kind, code in codings(one.get("code")) if kind == "loinc"]
    for code in codes:
        if (known := _by_code().get(code)) is not None:
            return known
    return codes[0] if codes else fold(concept_text(one.get("code"))).replace(" ", "-")[:60] or "unnamed"


@cache
def _by_key() -> dict[str, Any]:
    return {rule["key"]: rule for rule in table("results")["test"]}


@cache
def _by_code() -> dict[str, str]:
    return {code: rule["key"] for rule in table("results")["test"] for code in rule["loinc"]}


def _labelled(one: Resource) -> bool:
    return any(mark.get("system") == system() for mark in one.get("meta", {}).get("security", ()))


def newest_day(test: Series) -> int:
    """For sorting; undated last."""
    return moment(test.last.source.when) or -(1 << 62)
