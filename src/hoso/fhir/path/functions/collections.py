"""Parts of a collection and collections together: first, skip, take, union, combine, intersect, exclude."""

from __future__ import annotations

from hoso.fhir.path.compare import contains, distinct
from hoso.fhir.path.errors import execution
from hoso.fhir.path.frame import Frame
from hoso.fhir.path.registry import function
from hoso.fhir.path.values import Collection, integer


@function("single")
def single(frame: Frame, items: Collection) -> Collection:
    if len(items) > 1:
        raise execution(f"single() found {len(items)} items")
    return items


@function("first")
def first(frame: Frame, items: Collection) -> Collection:
    return items[:1]


@function("last")
def last(frame: Frame, items: Collection) -> Collection:
    return items[-1:]


@function("tail")
def tail(frame: Frame, items: Collection) -> Collection:
    return items[1:]


@function("skip", 1)
def skip(frame: Frame, items: Collection, number: Collection) -> Collection:
    return items[max(integer(number) or 0, 0) :]


@function("take", 1)
def take(frame: Frame, items: Collection, number: Collection) -> Collection:
    return items[: max(integer(number) or 0, 0)]


@function("union", 1)
def union(frame: Frame, items: Collection, other: Collection) -> Collection:
    return distinct(items + other)


@function("combine", 1, 2)
def combine(frame: Frame, items: Collection, other: Collection, order: Collection = []) -> Collection:  # noqa: B006
    frame.run.spend(len(items) + len(other))
    return items + other


@function("intersect", 1)
def intersect(frame: Frame, items: Collection, other: Collection) -> Collection:
    frame.run.spend(len(items) * len(other))
    return distinct([item for item in items if contains(other, item)])


@function("exclude", 1)
def exclude(frame: Frame, items: Collection, other: Collection) -> Collection:
    frame.run.spend(len(items) * len(other))
    return [item for item in items if not contains(other, item)]
