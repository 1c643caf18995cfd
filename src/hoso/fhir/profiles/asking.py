"""What FHIRPath asks of the guides and of the terminology that are at hand: memberOf, conformsTo, subsumes, slice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from hoso.fhir.path.knowledge import Codings, of_type
from hoso.fhir.path.values import Node
from hoso.fhir.profiles.constraint import Constraint, Tree
from hoso.fhir.profiles.items import Item
from hoso.fhir.profiles.service import ask
from hoso.fhir.profiles.shelf import Profile, Shelf
from hoso.fhir.profiles.slicing import Around, belongs, slicing_of
from hoso.fhir.profiles.terms import Terms


class Asking:
    """`around` gives what holds an element against a profile, within the resource that it is of."""

    def __init__(self, shelf: Shelf, terms: Terms, around: Callable[[dict[str, Any]], Around]) -> None:
        self._shelf, self._terms, self._around = shelf, terms, around

    def member(self, value_set: str, system: str, code: str) -> bool | None:
        return self._terms.holds(value_set, system, code)

    def subsumes(self, system: str, above: str, below: str) -> bool | None:
        return self._terms.subsumes(system, above, below)

    def conforms(self, root: dict[str, Any], item: Node, profile: str) -> bool | None:
        own = of_type(item, profile)
        if own is not None or self._shelf.profile(profile) is None:
            return own
        return self._around(root).conforms(_item(item), profile)

    def sliced(self, root: dict[str, Any], item: Node, profile: str, slice: str) -> bool | None:
        found = self._shelf.profile(profile)
        sliced = next(_slices(found, item.place.name, slice), None) if found else None
        if sliced is None:
            return None
        return belongs(self._around(root), slicing_of(sliced), sliced.slices[slice], _item(item))

    def ask(self, operation: str, named: str | Tree, one: Codings, other: Codings) -> Tree | str | None:
        return ask(self._terms.library, operation, named, one, other)


def _item(node: Node) -> Item:
    return Item(node.value, node.shape.name, node.shape.name, node.extra if node.shape.primitive else None)


def _slices(profile: Profile, element: str, slice: str) -> Iterator[Constraint]:
    """The elements of that name, wherever in the profile, that have such a slice."""
    todo = [profile.constraint]
    while todo:
        one = todo.pop()
        if one.name == element and slice in one.slices:
            yield one
        todo.extend((*one.children.values(), *one.slices.values()))
