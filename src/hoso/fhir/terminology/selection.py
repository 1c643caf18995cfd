"""What a value set holds: `compose` made into questions that can be put to one code or to all.

Refused, never guessed: an unknown system whose codes would all be needed, a set that includes itself, a filter that is
not understood, and what would cost too much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from msgspec.structs import replace

from hoso.core.errors import Refused
from hoso.fhir.terminology.codesystem import CodeSystem, Concept
from hoso.fhir.terminology.filters import Test, tests
from hoso.fhir.terminology.library import Library, Tree

MOST_DEEP = 16
MOST_CLAUSES = 1_000


class Member(NamedTuple):
    system: str
    version: str
    concept: Concept


Admits = Callable[[CodeSystem | None, Concept], bool]


def _everything(system: CodeSystem | None, concept: Concept) -> bool:
    return True


@dataclass(slots=True)
class _Clause:
    """One include or exclude: all its conditions hold together."""

    url: str = ""
    system: CodeSystem | None = None
    listed: dict[str, Concept] | None = None
    tests: list[Test] = field(default_factory=list)
    sets: list[Selection] = field(default_factory=list)
    unknown: bool = False
    """What it names is not here; only of a selection that may be partial."""

    def is_whole(self) -> bool:
        narrowed = self.listed is not None or self.tests or self.sets
        return self.system is not None and not narrowed and self.system.head.content != "complete"

    def holds(self, system: str, code: str) -> bool:
        if self.url and (system != self.url or self._concept(code) is None):
            return False
        return all(one.find(system, code) is not None for one in self.sets)

    def judge(self, system: str, code: str) -> bool | None:
        if self.url and system != self.url:
            return False
        if self.unknown:
            return None
        answers = [one.judge(system, code) for one in self.sets]
        if self.url:
            answers.append(self._judge(code))
        return False if False in answers else None if None in answers else True

    def _judge(self, code: str) -> bool | None:
        """A code that a fragment has not may yet be one of its code system."""
        if self._concept(code) is not None:
            return True
        listed = self.listed is not None or self.system is None or self.system.whole
        return False if listed or (self.system and self.system.find(code)) else None

    def _concept(self, code: str) -> Concept | None:
        if self.listed is not None:
            return self.listed.get(code)
        found = self.system.find(code) if self.system else None
        return found if found is not None and all(test(found) for test in self.tests) else None

    def find(self, system: str, code: str) -> Member | None:
        if not self.holds(system, code):
            return None
        if not self.url:
            return self.sets[0].find(system, code)
        concept = self._concept(code)
        return self._member(concept) if concept else None

    def members(self, admits: Admits) -> Iterator[Member]:
        if not self.url:
            others = self.sets[1:]
            for one in self.sets[0].members(admits):
                if all(other.find(one.system, one.concept.code) is not None for other in others):
                    yield one
            return
        concepts = self.listed if self.listed is not None else self.system.concepts if self.system else {}
        for concept in concepts.values():
            if not admits(self.system, concept) or not all(test(concept) for test in self.tests):
                continue
            if all(one.find(self.url, concept.code) is not None for one in self.sets):
                yield self._member(concept)

    def _member(self, concept: Concept) -> Member:
        return Member(self.url, self.system.head.version if self.system else "", concept)


class Selection:
    def __init__(self, includes: list[_Clause], excludes: list[_Clause]) -> None:
        self._includes, self._excludes = includes, excludes

    def find(self, system: str, code: str) -> Member | None:
        if any(one.holds(system, code) for one in self._excludes):
            return None
        return next((found for one in self._includes if (found := one.find(system, code)) is not None), None)

    def members(self, admits: Admits = _everything) -> Iterator[Member]:
        """Each once, in the order of the includes; those that `admits` lets pass (asked first: it is cheap)."""
        seen: set[tuple[str, str]] | None = set() if len(self._includes) > 1 else None
        for clause in self._includes:
            for one in clause.members(admits):
                key = (one.system, one.concept.code)
                if seen is not None:
                    if key in seen:
                        continue
                    seen.add(key)
                if not any(out.holds(*key) for out in self._excludes):
                    yield one

    def judge(self, system: str, code: str) -> bool | None:
        """Whether the code is a member, None where that cannot be told; "" for whichever system of the set has it."""
        if system:
            return self._judge(system, code)
        answers = [self._judge(url, code) for url in self.urls()]
        return True if True in answers else None if None in answers or "" in self.urls() else False

    def _judge(self, system: str, code: str) -> bool | None:
        out = _any(one.judge(system, code) for one in self._excludes)
        inside = False if out else _any(one.judge(system, code) for one in self._includes)
        return None if inside and out is None else inside

    def urls(self) -> set[str]:
        """The systems that members may have; "" for those of a set that is not here."""
        found = {one.url for one in self._includes if one.url or one.unknown}
        return found.union(*(inner.urls() for one in self._includes if not one.url for inner in one.sets))

    def systems(self) -> dict[str, CodeSystem]:
        """The code systems that take part, by address."""
        found = {one.url: one.system for one in self._includes if one.system is not None}
        for clause in self._includes:
            for inner in clause.sets:
                found.update(inner.systems())
        return found

    def whole(self) -> frozenset[str]:
        """Systems of which every code is meant, also the codes that a list which is not complete does not have."""
        if self._excludes:
            return frozenset()
        return frozenset(clause.url for clause in self._includes if clause.is_whole())

    def only_system(self) -> str:
        """The system that all members have, "" when there are several."""
        urls = {clause.url or clause.sets[0].only_system() for clause in self._includes}
        return urls.pop() if len(urls) == 1 else ""


def _any(answers: Iterable[bool | None]) -> bool | None:
    found: bool | None = False
    for one in answers:
        if one:
            return True
        found = None if one is None else found
    return found


def select(library: Library, value_set: Tree, day: str, *, partial: bool = False) -> Selection:
    """Raises Refused. `partial`: for `judge` alone; what is not here makes parts of the set unknown, not all of it."""
    return _Making(library, day, partial).selection(value_set, ())


class _Making:
    def __init__(self, library: Library, day: str, partial: bool) -> None:
        self._library, self._day, self._partial = library, day, partial
        self._clauses = 0

    def selection(self, tree: Tree, path: tuple[str, ...]) -> Selection:
        url = tree.get("url", "")
        if url and url in path:
            raise Refused.because(422, "invalid", "terminology.set-circle", url=url[:200])
        if len(path) > MOST_DEEP:
            raise Refused.because(422, "too-costly", "terminology.set-deep", limit=str(MOST_DEEP))
        compose = tree.get("compose")
        if not compose and "expansion" in tree:
            return self._expanded(tree)
        if not compose:
            raise Refused.because(422, "not-supported", "terminology.no-compose", url=url[:200])
        day = compose.get("lockedDate", self._day)
        below = (*path, url) if url else path
        parts = (compose.get("include", ()), compose.get("exclude", ()))
        return Selection(*([self._clause(one, below, day) for one in part] for part in parts))

    def _expanded(self, tree: Tree) -> Selection:
        """Of a set that somebody worked out and gave no rule for: what stands there, but for its headings."""
        listed: dict[str, dict[str, Concept]] = {}
        todo = list(reversed(tree["expansion"].get("contains", ())))
        while todo:
            one = todo.pop()
            todo.extend(reversed(one.get("contains", ())))
            if "code" in one and "system" in one and not one.get("abstract"):
                system = self._library.system(one["system"], one.get("version", ""), self._day)
                listed.setdefault(one["system"], {})[one["code"]] = self._listed(system, one)
        return Selection(
            [_Clause(url, self._library.system(url, "", self._day), some) for url, some in listed.items()], []
        )

    def _clause(self, part: dict[str, Any], path: tuple[str, ...], day: str) -> _Clause:
        self._clauses += 1
        if self._clauses > MOST_CLAUSES:
            raise Refused.because(422, "too-costly", "terminology.set-large", limit=str(MOST_CLAUSES))
        try:
            return self._known(part, path, day)
        except Refused as refused:
            if not self._partial or refused.issues[0].code == "too-costly":
                raise
            return _Clause(part.get("system", ""), unknown=True)

    def _known(self, part: dict[str, Any], path: tuple[str, ...], day: str) -> _Clause:
        clause = _Clause(part.get("system", ""))
        for url in part.get("valueSet", ()):
            found = self._library.value_set(url, day=day)
            if found is None:
                raise Refused.because(404, "not-found", "terminology.no-value-set", url=url[:200])
            clause.sets.append(self.selection(found.tree, path))
        if not clause.url and not clause.sets:
            raise Refused.because(422, "invalid", "terminology.empty-clause")
        if clause.url:
            self._fill(clause, part, day)
        return clause

    def _fill(self, clause: _Clause, part: dict[str, Any], day: str) -> None:
        clause.system = self._library.system(clause.url, part.get("version", ""), day)
        if "concept" in part:
            clause.listed = {one["code"]: self._listed(clause.system, one) for one in part["concept"] if "code" in one}
            return
        if clause.system is None:
            raise Refused.because(404, "not-found", "terminology.no-system", url=clause.url[:200])
        clause.tests = tests(clause.system, part.get("filter", ()))

    def _listed(self, system: CodeSystem | None, one: dict[str, Any]) -> Concept:
        """As the code system knows it; a display of the set's own goes before."""
        known = system.find(one["code"]) if system else None
        own = one.get("display", "")
        if known is None:
            return Concept(one["code"], en=own)
        if not own or own in (known.vi, known.en):
            return known
        return replace(known, en=own)
