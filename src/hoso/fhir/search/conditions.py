"""One `name=value` pair → a condition: plain parameters with modifiers, chains and `_has`, to any allowed depth.

A name is understood for all types searched alike, or refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hoso.core import Refused
from hoso.fhir.model import Model, SearchParam, load
from hoso.fhir.search.leaf import leaf
from hoso.fhir.search.limits import MAX_BRANCHES, MAX_DEPTH
from hoso.fhir.search.query import Chain, Condition, Has
from hoso.fhir.search.targets import targets
from hoso.fhir.search.values import refuse

UNKNOWN = "search.unknown-parameter"
MEANINGLESS = frozenset({"_text", "_content", "_query", "_filter", "_type", "_has"})
"""Named by R4, no parameters here: full text, named queries; `_type` and `_has:` are read elsewhere."""


@dataclass(slots=True)
class Reader:
    """What stays the same while one request is read. `spent` counts the branches of untyped chains."""

    base: str | None = None
    model: Model = field(default_factory=load)
    spent: int = 0

    def condition(self, types: tuple[str, ...], name: str, value: str, depth: int = 0) -> Condition:
        if depth > MAX_DEPTH:
            raise refuse("search.too-deep", name, "too-costly", limit=str(MAX_DEPTH))
        if name.startswith("_has:"):
            return self._has(types, name, value, depth)
        head, dot, rest = name.partition(".")
        if dot:
            return self._chain(types, name, head, rest, value, depth)
        code, _, modifier = name.partition(":")
        if code == "_query":
            raise refuse("search.named-query", name, "not-supported")
        return leaf(types, self.param(types, code, name), modifier or None, value, name, self.base)

    def param(self, types: tuple[str, ...], code: str, name: str) -> SearchParam:
        """The parameter of all `types`; its kind must be one, its targets are joined."""
        found = [self.model.search_params[t].get(code) for t in types]
        known = [param for param in found if param is not None]
        if len(known) < len(types) or code in MEANINGLESS:
            missing = next((t for t, p in zip(types, found, strict=True) if p is None), types[0])
            raise refuse(UNKNOWN, name, "not-supported", name=code, type=missing)
        if any(param.type != known[0].type for param in known):
            raise refuse("search.differs", name, "not-supported", name=code)
        return known[0]

    def targets(self, types: tuple[str, ...], code: str) -> tuple[str, ...]:
        return tuple(sorted({t for type in types for t in targets(type, code)}))

    def _has(self, types: tuple[str, ...], name: str, value: str, depth: int) -> Condition:
        parts = name.split(":", 3)
        if len(parts) < 4 or not parts[3]:
            raise refuse("search.has", name)
        _, type, code, rest = parts
        if type not in self.model.search_params:
            raise refuse("search.unknown-type", name, type=type)
        param = self.param((type,), code, name)
        if param.type != "reference" or not set(types) & set(targets(type, code)):
            raise refuse("search.has-reference", name, type=type, name=code)
        return Has(type, code, self.condition((type,), rest, value, depth + 1))

    def _chain(self, types: tuple[str, ...], name: str, head: str, rest: str, value: str, depth: int) -> Condition:
        code, _, typed = head.partition(":")
        if self.param(types, code, name).type != "reference":
            raise refuse("search.chain", name, name=code)
        allowed = self.targets(types, code)
        if typed and typed not in allowed:
            raise refuse("search.reference-type", name, value=typed, types=", ".join(allowed[:12]))
        grouped: dict[Condition, list[str]] = {}
        for type, condition in self._branches((typed,) if typed else allowed, rest, value, depth):
            grouped.setdefault(condition, []).append(type)
        return Chain(code, tuple((tuple(names), condition) for condition, names in grouped.items()))

    def _branches(self, candidates: tuple[str, ...], rest: str, value: str, depth: int) -> list[tuple[str, Condition]]:
        """Of the types a reference may point to, those that know the rest of the chain; at least one must."""
        possible = [t for t in candidates if self._knows(t, rest)] or list(candidates[:1])
        self.spent += len(possible) - 1
        if self.spent > MAX_BRANCHES:
            raise refuse("search.chain-wide", rest, "too-costly")
        found: list[tuple[str, Condition]] = []
        unknown: Refused | None = None
        for type in possible:
            try:
                found.append((type, self.condition((type,), rest, value, depth + 1)))
            except Refused as refused:
                if refused.issues[0].key != UNKNOWN:
                    raise
                unknown = refused
        if unknown and not found:
            raise unknown
        return found

    def _knows(self, type: str, rest: str) -> bool:
        return rest.partition(".")[0].partition(":")[0] in self.model.search_params[type]
