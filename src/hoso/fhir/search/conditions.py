"""One `name=value` pair → a condition: plain parameters with modifiers, chains and `_has`, to any allowed depth.

A name is understood for all types searched alike, or refused.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hoso.core import Issue, Refused
from hoso.fhir.added import DISPLAY, WORD, WORDS, is_added, words, written
from hoso.fhir.model import Model, SearchParam, load
from hoso.fhir.search.current import CURRENT, offered
from hoso.fhir.search.leaf import leaf
from hoso.fhir.search.limits import MAX_BRANCHES, MAX_DEPTH, MAX_WORDS
from hoso.fhir.search.offered import NOTHING, Offered
from hoso.fhir.search.query import Chain, Condition, Group, Has, Match, Token
from hoso.fhir.search.targets import joined
from hoso.fhir.search.values import refuse, split, unescape

UNKNOWN = "search.unknown-parameter"
MEANINGLESS = frozenset({"_text", "_content", "_query", "_filter", "_type", "_has"})
"""Named by R4, no parameters here: full text, named queries; `_type` and `_has:` are read elsewhere."""


@dataclass(slots=True)
class Reader:
    """What stays the same while one request is read. `spent` counts the branches of untyped chains,
    `sought` the words of full text."""

    base: str | None = None
    added: Offered = field(default_factory=lambda: NOTHING)
    model: Model = field(default_factory=load)
    spent: int = 0
    sought: int = 0

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
        if code == "_list" and value.startswith("$"):
            return self._current(types, modifier, value, name, depth)
        if code in WORDS:
            if modifier:
                raise refuse("search.modifier", name, "not-supported", modifier=modifier, name=code)
            return self._words(self._kept(types, code, name) + WORD, value, name)
        param = self.param(types, code, name)
        if (param.type, modifier) == ("reference", "text") and not is_added(param.code):
            kept = self._kept(types, DISPLAY, name)
            return self._words(f"{kept}:{param.code}", value, name)
        return leaf(types, param, modifier or None, value, name, self.base)

    def param(self, types: tuple[str, ...], code: str, name: str) -> SearchParam:
        """The parameter of all `types`; its kind must be one, its targets are joined."""
        found = [self.model.search_params[t].get(code) or self._own(t, code, name) for t in types]
        known = [param for param in found if param is not None]
        if len(known) < len(types) or code in MEANINGLESS:
            missing = next((t for t, p in zip(types, found, strict=True) if p is None), types[0])
            raise refuse(UNKNOWN, name, "not-supported", name=code, type=missing)
        if any(param.type != known[0].type or (is_added(param.code) and param != known[0]) for param in known):
            raise refuse("search.differs", name, "not-supported", name=code)
        return known[0]

    def _own(self, type: str, code: str, name: str) -> SearchParam | None:
        return self._added(type, code, name) if code != DISPLAY else None

    def _added(self, type: str, code: str, name: str) -> SearchParam | None:
        """One that was added here; until all records are in its index, it is refused."""
        found = self.added.get(type, {}).get(code)
        if found is not None and found.share is not None:
            issue = Issue("transient", "search.filling", {"parameter": name, "share": str(found.share)}, name)
            raise Refused(503, issue)
        return found.param if found else None

    def _current(self, types: tuple[str, ...], modifier: str, value: str, name: str, depth: int) -> Condition:
        pairs = CURRENT.get((types[0], value)) if len(types) == 1 and not modifier else None
        if pairs is None:
            lists = [one for type in types for one in offered(type)]
            raise refuse("search.functional-list", name, "not-supported", value=value, lists=", ".join(lists) or "–")
        return Group("and", tuple(self.condition(types, *pair, depth) for pair in pairs))

    def _kept(self, types: tuple[str, ...], code: str, name: str) -> str:
        """How the index names full text, if this node keeps any."""
        found = {self._added(type, code, name) for type in types}
        param = next(iter(found)) if len(found) == 1 else None
        if param is None:
            raise refuse("search.text-off", name, "not-supported")
        return param.code

    def _words(self, index: str, value: str, name: str) -> Condition:
        """All words of a value, of one of several values, in any order."""
        ways: list[Condition] = []
        for part in split(value, ","):
            said = tuple(dict.fromkeys(words(unescape(part, name))))
            if not said:
                raise refuse("search.empty", name)
            self.sought += len(said)
            if self.sought > MAX_WORDS:
                raise refuse("search.many-words", name, "too-costly", limit=str(MAX_WORDS))
            each = tuple(Match(index, "token", (Token(None, word),)) for word in said)
            ways.append(each[0] if len(each) == 1 else Group("and", each))
        return ways[0] if len(ways) == 1 else Group("or", tuple(ways))

    def kind(self, type: str, code: str) -> str:
        """Of a parameter as conditions name it."""
        return self.param((type,), written(code), code).type

    def _has(self, types: tuple[str, ...], name: str, value: str, depth: int) -> Condition:
        parts = name.split(":", 3)
        if len(parts) < 4 or not parts[3]:
            raise refuse("search.has", name)
        _, type, code, rest = parts
        if type not in self.model.search_params:
            raise refuse("search.unknown-type", name, type=type)
        param = self.param((type,), code, name)
        if param.type != "reference" or not set(types) & set(joined((type,), param)):
            raise refuse("search.has-reference", name, type=type, name=code)
        return Has(type, param.code, self.condition((type,), rest, value, depth + 1))

    def _chain(self, types: tuple[str, ...], name: str, head: str, rest: str, value: str, depth: int) -> Condition:
        code, _, typed = head.partition(":")
        param = self.param(types, code, name)
        if param.type != "reference":
            raise refuse("search.chain", name, name=code)
        allowed = joined(types, param)
        if typed and typed not in allowed:
            raise refuse("search.reference-type", name, value=typed, types=", ".join(allowed[:12]))
        grouped: dict[Condition, list[str]] = {}
        for type, condition in self._branches((typed,) if typed else allowed, rest, value, depth):
            grouped.setdefault(condition, []).append(type)
        return Chain(param.code, tuple((tuple(names), condition) for condition, names in grouped.items()))

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
        code = rest.partition(".")[0].partition(":")[0]
        return code in self.model.search_params[type] or code in self.added.get(type, {})
