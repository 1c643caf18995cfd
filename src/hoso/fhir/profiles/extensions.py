"""Does every extension whose definition is known stand where that allows?"""

from __future__ import annotations

from collections.abc import Iterator

from hoso.core.errors import Issue
from hoso.fhir.model import TypeDef, load
from hoso.fhir.profiles.items import Item, items
from hoso.fhir.profiles.shelf import Shelf

_NAMES = ("extension", "modifierExtension")


def misplaced(shelf: Shelf, root: Item) -> list[Issue]:
    """Only contexts by element are judged; a definition that names others too is left alone."""
    return [
        issue for item, element, path in _extensions(root, root.type) for issue in _fault(shelf, item, element, path)
    ]


def _fault(shelf: Shelf, item: Item, element: Item, path: str) -> Iterator[Issue]:
    url = item.inside().get("url")
    if not isinstance(url, str) or shelf.find("StructureDefinition", url) is None:
        return
    profile = shelf.profile(url)
    if profile is None or not profile.contexts or any(kind != "element" for kind, _ in profile.contexts):
        return
    places = [place for _, place in profile.contexts]
    if not any(place in (path, *_kinds(element.type)) for place in places):
        values = {"url": url[:200], "places": ", ".join(places)[:200]}
        yield Issue("structure", "profile.context", values, item.path)


def _kinds(type: str) -> Iterator[str]:
    """The type and those it is made from: Quantity is an Element, Patient a DomainResource."""
    yield "Element"
    at: TypeDef | None = load().types.get(type)
    while at is not None:
        yield at.name
        at = load().types.get(at.base) if at.base else None


def _extensions(item: Item, path: str) -> Iterator[tuple[Item, Item, str]]:
    """Each extension with the element it stands on and that element's path without places."""
    for name in _members(item):
        for child in items(item, name):
            if name in _NAMES:
                yield child, item, path
            yield from _extensions(child, path if name in _NAMES else f"{path}.{name}")


def _members(item: Item) -> list[str]:
    """Names of the elements that are there; a choice by its own name."""
    known = load().types[item.type].properties if item.type in load().types else {}
    keys = (key.removeprefix("_") for key in item.inside())
    return list(dict.fromkeys(known[key][0].name if key in known else key for key in keys))
