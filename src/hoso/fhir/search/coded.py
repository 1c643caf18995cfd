"""Questions that terminology answers (`:in`, `:not-in`, `:above`, `:below` of tokens) become lists of codes.

A search is settled before it runs, so that the store only ever meets codes. What is not known is refused, never empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol, cast

from hoso.core import Issue, Refused
from hoso.fhir.search.query import Chain, Condition, Group, Has, Match, Query, Token, Uri
from hoso.fhir.search.values import refuse
from hoso.fhir.terminology import CodeSystem, Concept, Library, Selection, ValueSet, select
from hoso.fhir.terminology.hierarchy import above, below

MODIFIERS = frozenset({"in", "not-in", "above", "below"})
MOST = 50_000
"""Codes that one parameter may come to."""
KEPT = 8
"""Sets of codes that are kept."""


class Terms(Protocol):
    """What the caller may ask of code lists."""

    @property
    def day(self) -> str: ...

    @property
    def library(self) -> Library: ...

    def value_set(self, name: str) -> ValueSet | None:
        """By `ValueSet/id` or by address; None also for one that is not the caller's to read."""


def asks(query: Query) -> bool:
    return any(_asks(condition) for condition in query.conditions)


def settled(query: Query, terms: Terms) -> Query:
    """The same search with the codes that are meant. Raises Refused(400) that names the parameter."""
    settling = _Settling(query, terms)
    return replace(query, conditions=tuple(settling.condition(one) for one in query.conditions))


def _asks(condition: Condition) -> bool:
    match condition:
        case Match(_, "token", _, modifier):
            return modifier in MODIFIERS
        case Chain(_, branches):
            return any(_asks(inner) for _, inner in branches)
        case Has(_, _, inner):
            return _asks(inner)
        case Group(_, members):
            return any(map(_asks, members))
    return False


@dataclass(frozen=True, slots=True)
class _Settling:
    query: Query
    terms: Terms

    def condition(self, one: Condition) -> Condition:
        match one:
            case Match() if _asks(one):
                return self._match(one)
            case Chain(code, branches):
                return Chain(code, tuple((types, self.condition(inner)) for types, inner in branches))
            case Has(type, code, inner):
                return Has(type, code, self.condition(inner))
            case Group(operator, members):
                return Group(operator, tuple(map(self.condition, members)))
        return one

    def _match(self, one: Match) -> Match:
        name = self._written(one)
        try:
            codes = list(islice(self._codes(one, name), MOST + 1))
        except Refused as refused:
            raise Refused(400, *(_placed(issue, name) for issue in refused.issues)) from refused
        if len(codes) > MOST:
            raise refuse("search.many-codes", name, "too-costly", limit=str(MOST))
        return Match(one.code, "token", tuple(dict.fromkeys(codes)), "not" if one.modifier == "not-in" else None)

    def _written(self, one: Match) -> str:
        """The parameter as the caller wrote it, with the path before it."""
        own = f"{one.code}:{one.modifier}"
        ends = (f".{own}", f":{own}")
        return next((name for name, _ in self.query.self_pairs if name == own or name.endswith(ends)), own)

    def _codes(self, one: Match, name: str) -> Iterator[Token]:
        for value in one.values:
            if one.modifier in ("in", "not-in"):
                yield from self._of_set(cast("Uri", value).text, name)
            else:
                yield from self._of_code(cast("Token", value), name, down=one.modifier == "below")

    def _of_set(self, wanted: str, name: str) -> Iterable[Token]:
        found = self.terms.value_set(wanted)
        if found is None:
            raise refuse("search.no-value-set", name, "not-found", value=wanted)
        return _codes_of(self.terms.library, found, self.terms.day)

    def _of_code(self, value: Token, name: str, *, down: bool) -> Iterable[Token]:
        system, code = cast("str", value.system), cast("str", value.code)
        known = self.terms.library.systems.get(system, [])
        versions = [one for one in known if one.head.trusted] or known
        if not versions:
            raise refuse("search.no-system", name, "not-found", value=system)
        found = (below if down else above)(versions, code)
        if not found:
            raise refuse("search.no-code", name, "not-found", value=code, system=system)
        return (Token(system, one) for one in sorted(found))


def _codes_of(library: Library, value_set: ValueSet, day: str) -> tuple[Token, ...]:
    """Of a large set this takes a tenth of a second; the last few are kept while nothing changes."""
    head, kept = value_set.head, library.worked_out
    key = (head.url, head.version, head.id, day)
    codes = kept.get(key)
    if codes is None:
        codes = tuple(islice(_members(select(library, value_set.tree, day)), MOST + 1))
        if len(kept) >= KEPT:
            kept.clear()
        kept[key] = codes
    return cast("tuple[Token, ...]", codes)


def _members(selection: Selection) -> Iterator[Token]:
    """Of a system that is meant whole and not known whole, any code counts."""
    whole = selection.whole()

    def listed(system: CodeSystem | None, concept: Concept) -> bool:
        return system is None or system.head.url not in whole

    for url in sorted(whole):
        yield Token(url, None)
    for one in selection.members(listed):
        yield Token(one.system, one.concept.code)


def _placed(issue: Issue, name: str) -> Issue:
    return issue if issue.expression == name else replace(issue, expression=name)
