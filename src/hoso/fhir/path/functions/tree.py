"""Up to everything below: children and descendants."""

from __future__ import annotations

from hoso.fhir.path.frame import Frame
from hoso.fhir.path.registry import function
from hoso.fhir.path.values import Collection
from hoso.fhir.path.values import children as children_of


@function("children")
def children(frame: Frame, items: Collection) -> Collection:
    found = [child for item in items for child in children_of(item)]
    frame.run.spend(len(found))
    return found


@function("descendants")
def descendants(frame: Frame, items: Collection) -> Collection:
    found: Collection = []
    level = items
    while level:
        level = children(frame, level)
        found.extend(level)
    return found
