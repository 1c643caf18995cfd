"""Parameters that shape the answer instead of choosing it: order, page size, totals, includes, summary, elements."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast, get_args

from hoso.fhir.model import load
from hoso.fhir.search.conditions import MEANINGLESS, Reader
from hoso.fhir.search.limits import DEFAULT_COUNT, MAX_COUNT, MAX_INCLUDES, MAX_SORT_KEYS
from hoso.fhir.search.query import Include, SortKey, Summary, Total
from hoso.fhir.search.values import refuse

SINGLE = frozenset({"_count", "_total", "_summary", "_elements", "_sort", "_contained", "_containedType"})
INCLUDES = frozenset({"_include", "_revinclude"})
PASSED = frozenset({"_format", "_pretty"})
"""Said about the representation; whoever answers reads them from the request itself."""
COMMON_ELEMENTS = frozenset({"id", "meta", "resourceType", "implicitRules", "language"})


@dataclass(slots=True)
class Shape:
    types: tuple[str, ...]
    reader: Reader
    sort: tuple[SortKey, ...] = ()
    count: int = DEFAULT_COUNT
    total: Total = "none"
    summary: Summary = "false"
    elements: tuple[str, ...] = ()
    includes: list[Include] = field(default_factory=list)
    revincludes: list[Include] = field(default_factory=list)

    def take(self, name: str, value: str) -> None:
        """One result parameter; `name` is known to be one."""
        base, _, modifier = name.partition(":")
        if base in INCLUDES:
            self._include(base, modifier, value, name)
        elif modifier:
            raise refuse("search.modifier", name, "not-supported", modifier=modifier, name=base)
        else:
            getattr(self, "_take" + base)(value, name)

    def _take_count(self, value: str, name: str) -> None:
        if not (value.isascii() and value.isdigit()) or len(value) > 9:
            raise refuse("search.count", name, value=value)
        if int(value) > MAX_COUNT:
            raise refuse("search.count-limit", name, "too-costly", limit=str(MAX_COUNT))
        self.count = int(value)

    def _take_total(self, value: str, name: str) -> None:
        self.total = cast("Total", _one_of(Total, value, name))

    def _take_summary(self, value: str, name: str) -> None:
        self.summary = cast("Summary", _one_of(Summary, value, name))

    def _take_contained(self, value: str, name: str) -> None:
        if value != "false":
            raise refuse("search.contained", name, "not-supported")

    def _take_containedType(self, value: str, name: str) -> None:
        raise refuse("search.contained", name, "not-supported")

    def _take_elements(self, value: str, name: str) -> None:
        names = tuple(dict.fromkeys(value.split(",")))
        for element in names:
            if not any(_has_element(type, element) for type in self.types):
                raise refuse("search.element", name, value=element, type=self.types[0])
        self.elements = names

    def _take_sort(self, value: str, name: str) -> None:
        names = value.split(",")
        if len(names) > MAX_SORT_KEYS:
            raise refuse("search.sort-keys", name, "too-costly", limit=str(MAX_SORT_KEYS))
        self.sort = tuple(self._sort_key(key, name) for key in names)

    def _sort_key(self, key: str, name: str) -> SortKey:
        code = key.removeprefix("-")
        special: Any = {"_id": "id", "_lastUpdated": "updated"}.get(code)
        if special:
            return SortKey(code, special, key.startswith("-"))
        known = all(code in load().search_params[t] or code in self.reader.added.get(t, {}) for t in self.types)
        if not known or code in MEANINGLESS:
            raise refuse("search.sort", name, "not-supported", value=code, type=self.types[0])
        param = self.reader.param(self.types, code, name)
        kind: Any = "near" if code == "near" else param.type
        if kind in ("composite", "special"):
            raise refuse("search.sort", name, "not-supported", value=code, type=self.types[0])
        return SortKey(param.code, kind, key.startswith("-"))

    def _include(self, base: str, modifier: str, value: str, name: str) -> None:
        if modifier not in ("", "iterate"):
            raise refuse("search.modifier", name, "not-supported", modifier=modifier, name=base)
        into = self.includes if base == "_include" else self.revincludes
        if len(self.includes) + len(self.revincludes) >= MAX_INCLUDES:
            raise refuse("search.includes", name, "too-costly", limit=str(MAX_INCLUDES))
        into.append(self._edge(value, modifier == "iterate", base == "_include", name))

    def _edge(self, value: str, iterate: bool, forward: bool, name: str) -> Include:
        if value == "*":
            return Include(None, None, None, iterate)
        source, _, rest = value.partition(":")
        code, _, target = rest.partition(":")
        if source not in load().search_params:
            raise refuse("search.unknown-type", name, type=source)
        if target and target not in load().search_params:
            raise refuse("search.unknown-type", name, type=target)
        if forward and not iterate and source not in self.types:
            raise refuse("search.include-source", name, value=value, type=source)
        if code == "*":
            return Include(source, None, target or None, iterate)
        if not code:
            raise refuse("search.include", name, value=value)
        param = self.reader.param((source,), code, name)
        if param.type != "reference":
            raise refuse("search.include", name, value=value)
        return Include(source, param.code, target or None, iterate)


def _one_of(choices: Any, value: str, name: str) -> str:
    if value not in get_args(choices):
        raise refuse("search.choice", name, value=value, choices=", ".join(get_args(choices)))
    return value


def _has_element(type: str, element: str) -> bool:
    if element in COMMON_ELEMENTS:
        return True
    definition = load().types[type]
    return element in definition.by_name or element in definition.properties
