"""Whether a search finds one version of a record, decided on the version itself, however long ago it was current.

The index only knows current versions. What is about other records (chains, `_has`, `_list`) is asked of somebody else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import asin, cos, radians, sin, sqrt
from typing import Protocol, cast

from hoso.core import fold
from hoso.fhir.indexed import Indexed
from hoso.fhir.model import load
from hoso.fhir.search.query import (
    Compartment,
    Condition,
    Date,
    Group,
    Ids,
    Local,
    Match,
    Missing,
    Near,
    Number,
    Parts,
    Text,
    Token,
    Updated,
    Uri,
    Value,
)
from hoso.fhir.systems import UCUM
from hoso.fhir.ucum import canonical

EARTH = 6_371_008.8
"""Mean radius in metres."""


@dataclass(frozen=True, slots=True)
class Held:
    """A version with what search sees of it; `updated` in milliseconds."""

    type: str
    id: str
    updated: int
    found: Indexed


class Beyond(Protocol):
    """What a version alone does not tell."""

    def records_of(self, patient: str) -> frozenset[str]:
        """The Patients that are meant by the id of one: a person's are all its records."""

    def finds(self, held: Held, condition: Condition) -> bool:
        """Whether the record meets a condition about others, as they stand now."""


def holds(condition: Condition, held: Held, beyond: Beyond) -> bool:
    match condition:
        case Match(modifier="not"):
            return not _matches(replace(condition, modifier=None), held, beyond)
        case Match():
            return _matches(condition, held, beyond)
        case Missing(code, missing):
            if code in ("_id", "_lastUpdated"):
                return not missing
            bit = load().search_params[held.type][code].bit
            return bool(held.found.present >> bit & 1) != missing
        case Ids(ids, negated):
            return (held.id in ids) != negated
        case Updated(values):
            return any(_covers(value, held.updated, held.updated + 1) for value in values)
        case Compartment():
            return _stands_in(condition, held, beyond)
        case Group(operator, members):
            each = [holds(one, held, beyond) for one in members]
            return not each[0] if operator == "not" else all(each) if operator == "and" else any(each)
        case _:
            return beyond.finds(held, condition)


def _stands_in(wanted: Compartment, held: Held, beyond: Beyond) -> bool:
    ids = beyond.records_of(wanted.id) if wanted.type == "Patient" else {wanted.id}
    if held.type == wanted.type and held.id in ids:
        return True
    codes = load().compartments[wanted.type].get(held.type, ())
    return any(code in codes and type == wanted.type and id in ids for code, type, id in held.found.references)


def _matches(wanted: Match, held: Held, beyond: Beyond) -> bool:
    suffix = f":{wanted.modifier}" if wanted.modifier in ("text", "of-type", "identifier") else ""
    return any(_has(wanted, value, wanted.code + suffix, held.found, beyond) for value in wanted.values)


def _has(wanted: Match, value: Value, name: str, found: Indexed, beyond: Beyond) -> bool:
    match value:
        case Token():
            return any(p == name and _is_token(value, system, code) for p, system, code in found.tokens)
        case Text():
            return any(p == name and _is_text(value, text, wanted.modifier) for p, text in found.strings)
        case Date():
            return any(p == name and _covers(value, low, high) for p, low, high in found.dates)
        case Number():
            return any(row[0] == name and _is_number(value, *row[1:]) for row in found.quantities)
        case Local(types, id):
            ids = beyond.records_of(id) if "Patient" in types else frozenset({id})
            return any(
                p == name and type in types and (target == id or (type == "Patient" and target in ids))
                for p, type, target in found.references
            )
        case Near():
            return any(p == name and _is_near(value, low, high) for p, low, high, *_ in found.quantities)
        case Uri(text):
            return any(p == name and _is_uri(text, one, wanted) for p, one in found.uris)
        case Parts(parts):
            return any(
                p == name and all(_is_part(v, one, beyond) for (_, v), one in zip(parts, there, strict=True))
                for p, there in found.composites
            )


def _is_part(value: Value, part: object, beyond: Beyond) -> bool:
    kind, *rest = cast("tuple[str, *tuple[object, ...]]", part)
    found = {
        "token": lambda: Indexed(tokens=[("", *rest)]),  # type: ignore[list-item]
        "quantity": lambda: Indexed(quantities=[("", *rest)]),  # type: ignore[list-item]
        "date": lambda: Indexed(dates=[("", *rest)]),  # type: ignore[list-item]
        "string": lambda: Indexed(strings=[("", *rest)]),  # type: ignore[list-item]
        "reference": lambda: Indexed(references=[("", *rest)]),  # type: ignore[list-item]
        "uri": lambda: Indexed(uris=[("", *rest)]),  # type: ignore[list-item]
    }[kind]()
    return _has(Match("", "composite", ()), value, "", found, beyond)


def _is_token(value: Token, system: str | None, code: str) -> bool:
    return value.system in (None, system or "") and value.code in (None, code)


def _is_text(value: Text, text: str, modifier: str | None) -> bool:
    if modifier == "exact":
        return text == value.text
    wanted, there = fold(value.text), fold(text)
    return wanted in there if modifier == "contains" else there.startswith(wanted)


def _is_uri(wanted: str, text: str, match: Match) -> bool:
    if wanted == text:
        return True
    if match.modifier == "below":
        return text.startswith(wanted.rstrip("/") + "/")
    if match.modifier == "above":
        return wanted.startswith(text.rstrip("/") + "/")
    return match.kind == "reference" and "|" not in wanted and text.partition("|")[0] == wanted


def _is_near(place: Near, latitude: float, longitude: float) -> bool:
    north = sin(radians(latitude - place.latitude) / 2) ** 2
    east = cos(radians(latitude)) * cos(radians(place.latitude)) * sin(radians(longitude - place.longitude) / 2) ** 2
    return 2 * EARTH * asin(min(1.0, sqrt(north + east))) <= place.metres


def _covers(value: Date, low: int, high: int) -> bool:
    """[low, high) is what the record says."""
    first, last = value.span
    inside = first <= low and high <= last
    match value.prefix:
        case "eq":
            return inside
        case "ne":
            return not inside
        case "gt":
            return high > last
        case "lt":
            return low < first
        case "ge":
            return high > last or inside
        case "le":
            return low < first or inside
        case "sa":
            return low >= last
        case "eb":
            return high <= first
        case "ap":
            return low < last + (last - first) and high > first - (last - first)


def _is_number(value: Number, low: float, high: float, system: str | None, code: str | None, unit: str | None) -> bool:
    wanted, first, last = value.value, value.low, value.high
    if value.code is not None:
        scaled = _scaled(value, low, high, system, code)
        if scaled is not None:
            wanted, first, last, low, high = scaled
        elif not _same_unit(value, system, code, unit):
            return False
    inside = first <= low and high < last
    match value.prefix:
        case "eq":
            return inside
        case "ne":
            return not inside
        case "gt":
            return high > wanted
        case "lt":
            return low < wanted
        case "ge":
            return high >= wanted
        case "le":
            return low <= wanted
        case "sa":
            return low > wanted
        case "eb":
            return high < wanted
        case "ap":
            return low <= last and high >= first


def _scaled(
    value: Number, low: float, high: float, system: str | None, code: str | None
) -> tuple[float, float, float, float, float] | None:
    """All in one canonical unit; None where these are not two codes of UCUM of one kind."""
    if value.system != UCUM or system != UCUM or not value.code or not code:
        return None
    asked = [canonical(one, value.code) for one in (value.value, value.low, value.high)]
    there = [canonical(one, code) for one in (low, high)]
    both = [one for one in (*asked, *there) if one is not None]
    if len(both) < 5 or len({unit for _, unit in both}) > 1:
        return None
    a, b, c, d, e = (number for number, _ in both)
    return a, b, c, d, e


def _same_unit(value: Number, system: str | None, code: str | None, unit: str | None) -> bool:
    if value.system is None:
        return value.code in (code, unit)
    return (value.system, value.code) == (system, code)
