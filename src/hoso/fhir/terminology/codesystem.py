"""A code system: its concepts, their hierarchy, the days from and to which they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import msgspec

from hoso.core.errors import Issue, Refused
from hoso.core.text import fold

Language = Literal["vi", "en"]
Relation = Literal["equivalent", "subsumes", "subsumed-by", "not-subsumed"]
Value = str | bool
MOST_DEEP = 64


class Concept(msgspec.Struct, frozen=True, gc=False):
    """One code. `start` and `end` are days (both included), "" where nothing is said; `words` find it, too.

    `others` are parents besides `parent`.
    """

    code: str
    vi: str = ""
    en: str = ""
    parent: str = ""
    start: str = ""
    end: str = ""
    words: tuple[str, ...] = ()
    properties: tuple[tuple[str, Value], ...] = ()
    others: tuple[str, ...] = ()

    @property
    def parents(self) -> tuple[str, ...]:
        return (self.parent, *self.others) if self.parent else ()

    def display(self, language: Language) -> str:
        """In that language, else in the other; "" where no words may be passed on."""
        return (self.vi or self.en) if language == "vi" else (self.en or self.vi)

    def holds(self, day: str) -> bool:
        """On that day, "" for any."""
        return not day or ((not self.start or self.start <= day) and (not self.end or day <= self.end))

    def property(self, name: str) -> Value | None:
        return next((value for key, value in self.properties if key == name), None)


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of a code system before its concepts are read."""

    url: str
    version: str = ""
    id: str = ""
    vi: str = ""
    en: str = ""
    content: str = "complete"
    start: str = ""
    end: str = ""
    value_set: str = ""
    case_sensitive: bool = True
    copyright: str = ""
    trusted: bool = True
    """HoSo's own or the operator's: goes before what others wrote under the same address."""

    def holds(self, day: str) -> bool:
        """On that day, "" for any."""
        return not day or ((not self.start or self.start <= day) and (not self.end or day <= self.end))

    def title(self, language: Language) -> str:
        return (self.vi or self.en) if language == "vi" else (self.en or self.vi)


class Broken(Refused):
    """The hierarchy is none: a parent that is not there, a circle, a code that stands twice."""

    def __init__(self, key: str, concept: str) -> None:
        super().__init__(422, Issue("invalid", key, {"concept": concept[:80]}))
        self.key, self.concept = key, concept


class CodeSystem:
    """Concepts are read when they are first asked for, in the order in which they were given."""

    def __init__(self, head: Head, read: Callable[[], Iterable[Concept]]) -> None:
        self.head = head
        self._read = read

    @cached_property
    def concepts(self) -> dict[str, Concept]:
        """By code. Raises Broken."""
        found: dict[str, Concept] = {}
        for concept in self._read():
            if concept.code in found:
                raise Broken("terminology.twice", concept.code)
            found[concept.code] = concept
        check_hierarchy(found)
        return found

    @property
    def whole(self) -> bool:
        """Whether a code that is not here is none."""
        return self.head.content == "complete"

    def find(self, code: str) -> Concept | None:
        found = self.concepts.get(code)
        if found is None and not self.head.case_sensitive:
            return self._any_case.get(code.casefold())
        return found

    def above(self, code: str) -> Iterator[str]:
        """The code itself, its parents, and so on, each once."""
        todo, seen = [code], {code}
        for at in todo:
            found = self.concepts.get(at)
            if found is None:
                continue
            yield found.code
            todo += [parent for parent in found.parents if parent not in seen]
            seen.update(found.parents)

    def below(self, code: str) -> Iterator[Concept]:
        """The concept itself and all under it, each once, after one of its parents."""
        todo, seen = [self.concepts[code]] if code in self.concepts else [], {code}
        while todo:
            concept = todo.pop()
            yield concept
            fresh = [child for child in self._children.get(concept.code, ()) if child.code not in seen]
            seen.update(child.code for child in fresh)
            todo.extend(reversed(fresh))

    def children(self, code: str) -> tuple[Concept, ...]:
        return tuple(self._children.get(code, ()))

    def relation(self, a: str, b: str) -> Relation:
        """How two codes that are here stand to each other."""
        if a == b:
            return "equivalent"
        if a in self.above(b):
            return "subsumes"
        return "subsumed-by" if b in self.above(a) else "not-subsumed"

    @cached_property
    def searched(self) -> dict[str, str]:
        """Code → what a search looks through."""
        return {one.code: folded(one) for one in self.concepts.values()}

    @cached_property
    def _any_case(self) -> dict[str, Concept]:
        return {code.casefold(): concept for code, concept in self.concepts.items()}

    @cached_property
    def _children(self) -> dict[str, list[Concept]]:
        found: dict[str, list[Concept]] = {}
        for concept in self.concepts.values():
            for parent in concept.parents:
                found.setdefault(parent, []).append(concept)
        return found


def folded(concept: Concept) -> str:
    """What a search looks through: the code, the displays and the other words, folded, a bar between."""
    texts = (concept.code, concept.vi, concept.en, *concept.words)
    return "|" + "|".join(fold(text) for text in texts if text) + "|"


def check_hierarchy(concepts: dict[str, Concept]) -> None:
    """Raises Broken for a parent that is missing, a circle, or a tree that is deeper than any real one."""
    known: dict[str, int] = {}

    def depth(at: Concept, start: str, steps: int) -> int:
        if at.code in known:
            return known[at.code]
        if steps > MOST_DEEP:
            raise Broken("terminology.circle", start)
        if any(parent not in concepts for parent in at.parents):
            raise Broken("terminology.no-parent", at.code)
        found = max((depth(concepts[parent], start, steps + 1) + 1 for parent in at.parents), default=0)
        if found > MOST_DEEP:
            raise Broken("terminology.circle", start)
        known[at.code] = found
        return found

    for concept in concepts.values():
        depth(concept, concept.code, 0)
