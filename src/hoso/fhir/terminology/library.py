"""What is known at one moment: code systems by version, value sets and maps. The one valid on a day is picked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from hoso.fhir.terminology.codesystem import CodeSystem, Head
from hoso.fhir.terminology.conceptmap import ConceptMap

Tree = dict[str, Any]


class _Headed(Protocol):
    @property
    def head(self) -> Head: ...


T = TypeVar("T", bound=_Headed)


@dataclass(frozen=True, slots=True)
class ValueSet:
    """`tree` is the FHIR resource, of which `compose` counts."""

    head: Head
    tree: Tree


@dataclass(slots=True)
class Library:
    """Of several with one address the later added wins for the same version, but never one that is not trusted over one
    that is; a later `Library` adds to an earlier."""

    systems: dict[str, list[CodeSystem]] = field(default_factory=dict)
    value_sets: dict[str, list[ValueSet]] = field(default_factory=dict)
    maps: dict[str, list[ConceptMap]] = field(default_factory=dict)
    worked_out: dict[Any, Any] = field(default_factory=dict, compare=False, repr=False)
    """Answers that took long, for whoever asks again; a library that knows more is another one."""

    def add(self, what: CodeSystem | ValueSet | ConceptMap) -> None:
        if isinstance(what, CodeSystem):
            _put(self.systems, what)
        elif isinstance(what, ValueSet):
            _put(self.value_sets, what)
        else:
            _put(self.maps, what)

    def with_all(self, more: Iterable[CodeSystem | ValueSet | ConceptMap]) -> Library:
        found = Library(dict(self.systems), dict(self.value_sets), dict(self.maps))
        for one in more:
            found.add(one)
        return found

    def system(self, url: str, version: str = "", day: str = "") -> CodeSystem | None:
        return _pick(self.systems.get(url, ()), version, day)

    def value_set(self, url: str, version: str = "", day: str = "") -> ValueSet | None:
        """Also by `url|version`; a code system's own set of all its codes need not be written down."""
        url, _, named = url.partition("|")
        found = _pick(self.value_sets.get(url, ()), version or named, day)
        if found is not None and found.head.trusted:
            return found
        wholes = [one for systems in self.systems.values() for one in systems if one.head.value_set == url]
        whole = _pick(wholes, version or named, day)
        return found if whole is None or (found and not whole.head.trusted) else _whole(whole.head)

    def map(self, url: str, version: str = "", day: str = "") -> ConceptMap | None:
        url, _, named = url.partition("|")
        return _pick(self.maps.get(url, ()), version or named, day)

    def by_id(self, type: str, id: str) -> CodeSystem | ValueSet | ConceptMap | None:
        """One of those that HoSo brings."""
        shelf: dict[str, Sequence[Any]] = dict(_shelves(self))[type]
        for several in shelf.values():
            for one in several:
                if one.head.id == id:
                    found: CodeSystem | ValueSet | ConceptMap = one
                    return found
        if type == "ValueSet":
            for systems in self.systems.values():
                for system in systems:
                    if system.head.value_set and system.head.id == id:
                        return _whole(system.head)
        return None


def _put(shelf: dict[str, list[T]], what: T) -> None:
    others: list[T] = [one for one in shelf.get(what.head.url, []) if one.head.version != what.head.version]
    same = [one for one in shelf.get(what.head.url, []) if one.head.version == what.head.version]
    kept = same if not what.head.trusted and any(one.head.trusted for one in same) else [what]
    shelf[what.head.url] = [*others, *kept]


def _shelves(library: Library) -> Iterable[tuple[str, Any]]:
    return (("CodeSystem", library.systems), ("ValueSet", library.value_sets), ("ConceptMap", library.maps))


def _whole(head: Head) -> ValueSet:
    compose = {"include": [{"system": head.url, "version": head.version} if head.version else {"system": head.url}]}
    own = Head(head.value_set, head.version, head.id, head.vi, head.en, copyright=head.copyright, trusted=head.trusted)
    return ValueSet(own, {"resourceType": "ValueSet", "url": head.value_set, "compose": compose})


def _pick(found: Sequence[T], version: str, day: str) -> T | None:
    """The named version; else, of those that are trusted if any is, the one that holds on the day, a whole list before
    a fragment, then the latest start; else the latest there is."""
    if version:
        return next((one for one in found if one.head.version == version), None)
    some = [one for one in found if one.head.trusted] or found
    holding = [one for one in some if not day or one.head.holds(day)]
    return max(holding or some, key=_standing, default=None)


def _standing(one: _Headed) -> tuple[bool, str, str]:
    return one.head.content != "fragment", one.head.start, one.head.version
