"""Search by looking at every record: slow, obvious, and written from R4's text instead of from the SQL."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cmp_to_key
from typing import Any

from hoso.core import fold
from hoso.fhir.extract import extract
from hoso.fhir.extraction.clinical import CLINICAL_DATE
from hoso.fhir.indexed import Indexed
from hoso.fhir.model import load
from hoso.fhir.search.query import (
    Chain,
    Compartment,
    Condition,
    Date,
    Has,
    Ids,
    InList,
    Local,
    Match,
    Missing,
    Number,
    Query,
    SortKey,
    Text,
    Token,
    Updated,
    Uri,
)  # fmt: skip
from hoso.fhir.ucum import canonical

UCUM = "http://unitsofmeasure.org"


@dataclass
class Record:
    type: str
    id: str
    rid: int
    updated: int
    found: Indexed
    resource: dict[str, Any]

    @classmethod
    def of(cls, resource: dict[str, Any], rid: int, updated: int) -> Record:
        return cls(resource["resourceType"], resource["id"], rid, updated, extract(resource), resource)


class Oracle:
    def __init__(self, records: list[Record]) -> None:
        self.records = records
        self.by_name = {(r.type, r.id): r for r in records}

    def search(self, query: Query) -> list[str]:
        hits = [r for r in self.records if r.type in query.types]
        hits = [r for r in hits if all(self.holds(c, r) for c in query.conditions)]
        return [f"{r.type}/{r.id}" for r in sorted(hits, key=cmp_to_key(lambda a, b: self.compare(query, a, b)))]

    def holds(self, c: Condition, r: Record) -> bool:
        match c:
            case Match(modifier="not"):
                return not self.matches(Match(c.code, c.kind, c.values), r)
            case Match():
                return self.matches(c, r)
            case Missing():
                bit = load().search_params[r.type][c.code].bit
                return bool(r.found.present >> bit & 1) != c.missing
            case Ids():
                return (r.id in c.ids) != c.negated
            case Updated():
                return any(covers(v, r.updated, r.updated + 1) for v in c.values)
            case InList():
                lists = [self.by_name.get(("List", id)) for id in c.ids]
                return any(("item", r.type, r.id) in x.found.references for x in lists if x)
            case Chain():
                return any(self.points(c.code, types, inner, r) for types, inner in c.branches)
            case Has():
                sources = [x for x in self.records if x.type == c.type]
                return any((c.code, r.type, r.id) in x.found.references and self.holds(c.condition, x) for x in sources)
            case Compartment():
                codes = load().compartments[c.type].get(r.type, ())
                own = (r.type, r.id) == (c.type, c.id)
                return own or any((code, c.type, c.id) in r.found.references for code in codes)

    def points(self, code: str, types: tuple[str, ...], inner: Condition, r: Record) -> bool:
        named = [(t, i) for p, t, i in r.found.references if p == code and t in types]
        return any(name in self.by_name and self.holds(inner, self.by_name[name]) for name in named)

    def matches(self, c: Match, r: Record) -> bool:
        return any(self.value(c, v, r) for v in c.values)

    def value(self, c: Match, v: Any, r: Record) -> bool:
        found, name = r.found, c.code + (f":{c.modifier}" if c.modifier in ("text", "of-type", "identifier") else "")
        if c.kind == "composite":
            return any(p == name and self.parts(v.parts, parts) for p, parts in found.composites)
        if isinstance(v, Token):
            return any(p == name and is_token(v, system, code) for p, system, code in found.tokens)
        if isinstance(v, Text):
            return any(p == name and is_text(v.text, text, c.modifier) for p, text in found.strings)
        if isinstance(v, Date):
            return any(p == name and covers(v, low, high) for p, low, high in found.dates)
        if isinstance(v, Number):
            return any(row[0] == name and is_number(v, *row[1:]) for row in found.quantities)
        if isinstance(v, Local):
            return any(p == name and t in v.types and i == v.id for p, t, i in found.references)
        assert isinstance(v, Uri)
        return any(p == name and is_uri(v.text, text, c.modifier, c.kind) for p, text in found.uris)

    def parts(self, wanted: Any, parts: tuple[Any, ...]) -> bool:
        return all(self.part(v, part) for (_, v), part in zip(wanted, parts, strict=True))

    def part(self, v: Any, part: Any) -> bool:
        kind, *rest = part
        if kind == "token":
            return is_token(v, *rest)
        if kind == "quantity":
            return is_number(v, *rest)
        if kind == "date":
            return covers(v, *rest)
        assert kind == "string"
        return is_text(v.text, rest[0], None)

    # Order

    def compare(self, query: Query, a: Record, b: Record) -> int:
        for key in query.sort:
            mine, theirs = self.sort_value(key, a, query), self.sort_value(key, b, query)
            if mine != theirs:
                if mine is None or theirs is None:
                    return 1 if mine is None else -1
                return (1 if mine > theirs else -1) * (-1 if key.descending else 1)
        down = bool(query.sort) and query.sort[-1].descending
        return (a.rid - b.rid) * (-1 if down else 1)

    def sort_value(self, key: SortKey, r: Record, query: Query) -> Any:
        if key.kind == "id":
            return r.id
        if key.kind == "updated":
            return r.updated
        found, name = r.found, key.code
        if key.kind == "date" and len(query.types) == 1 and CLINICAL_DATE.get(r.type) == (name,):
            return found.clinical_date
        values: list[Any] = {
            "date": [low for p, low, _ in found.dates if p == name],
            "string": [fold(t)[:200] for p, t in found.strings if p == name],
            "uri": [t for p, t in found.uris if p == name],
            "token": [code for p, _, code in found.tokens if p == name],
            "reference": [i for p, _, i in found.references if p == name],
            "quantity": [row[1] for row in found.quantities if row[0] == name],
            "number": [row[1] for row in found.quantities if row[0] == name],
        }[key.kind]
        return (max if key.descending else min)(values) if values else None


def is_token(v: Token, system: str | None, code: str) -> bool:
    right_system = v.system is None or v.system == (system or "")
    return right_system and (v.code is None or v.code == code)


def is_text(wanted: str, text: str, modifier: str | None) -> bool:
    if modifier == "exact":
        return text == wanted
    if modifier == "contains":
        return fold(wanted) in fold(text)
    return fold(text).startswith(fold(wanted))


def is_uri(wanted: str, text: str, modifier: str | None, kind: str) -> bool:
    if modifier == "below":
        return text == wanted or text.startswith(wanted.rstrip("/") + "/")
    if modifier == "above":
        return text == wanted or wanted.startswith(text.rstrip("/") + "/")
    if kind == "reference" and "|" not in wanted:
        return text.split("|")[0] == wanted
    return text == wanted


def covers(v: Date, low: int, high: int) -> bool:
    """R4's words: [low, high) is the resource's range, `v.span` the search's; "above" starts at its end."""
    first, last = v.span
    inside = first <= low and high <= last
    overlaps_above = high > last
    overlaps_below = low < first
    return {
        "eq": inside,
        "ne": not inside,
        "gt": overlaps_above,
        "lt": overlaps_below,
        "ge": overlaps_above or inside,
        "le": overlaps_below or inside,
        "sa": low >= last,
        "eb": high <= first,
        "ap": low < last + (last - first) and high > first - (last - first),
    }[v.prefix]


def is_number(v: Number, low: float, high: float, system: str | None, code: str | None, unit: str | None) -> bool:
    value, first, last = v.value, v.low, v.high
    if v.code is not None:
        if v.system == UCUM and system == UCUM and code and canonical(1.0, v.code) and canonical(1.0, code):
            ours, theirs = canonical(1.0, v.code), canonical(1.0, code)
            if ours[1] != theirs[1]:
                return False
            value, first, last, low, high = (
                *(canonical(x, v.code)[0] for x in (value, first, last)), *(canonical(x, code)[0] for x in (low, high))
            )  # fmt: skip
        elif (v.system is not None and (v.system, v.code) != (system, code)) or (
            v.system is None and v.code not in (code, unit)
        ):
            return False
    inside = first <= low and high < last
    return {
        "eq": inside,
        "ne": not inside,
        "gt": high > value,
        "lt": low < value,
        "ge": high >= value,
        "le": low <= value,
        "sa": low > value,
        "eb": high < value,
        "ap": low <= last and high >= first,
    }[v.prefix]
