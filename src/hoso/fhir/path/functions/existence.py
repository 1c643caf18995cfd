"""Is there something, and is all of it true: empty, exists, all, allTrue, count and their kin."""

from __future__ import annotations

from hoso.fhir.path.compare import contains, distinct
from hoso.fhir.path.errors import execution
from hoso.fhir.path.frame import Closure, Frame
from hoso.fhir.path.registry import function
from hoso.fhir.path.values import Collection, boolean, system


@function("empty")
def empty(frame: Frame, items: Collection) -> Collection:
    return [not items]


@function("exists", 0, 1, lazy=True)
def exists(frame: Frame, items: Collection, criteria: Closure | None = None) -> Collection:
    if criteria is None:
        return [bool(items)]
    inner = frame.inner()
    frame.run.spend(len(items))
    for n, item in enumerate(items):
        inner.this, inner.index = [item], n
        if boolean(criteria(inner)):
            return [True]
    return [False]


@function("all", 1, lazy=True)
def all_(frame: Frame, items: Collection, criteria: Closure) -> Collection:
    return [all(boolean(answer) is True for _, answer in frame.each(items, criteria))]


@function("not")
def not_(frame: Frame, items: Collection) -> Collection:
    truth = boolean(items)
    return [] if truth is None else [not truth]


def _truths(items: Collection) -> list[bool]:
    found = [system(item) for item in items]
    if not all(isinstance(value, bool) for value in found):
        raise execution("Only booleans can be judged together")
    return found


@function("allTrue")
def all_true(frame: Frame, items: Collection) -> Collection:
    return [all(_truths(items))]


@function("anyTrue")
def any_true(frame: Frame, items: Collection) -> Collection:
    return [any(_truths(items))]


@function("allFalse")
def all_false(frame: Frame, items: Collection) -> Collection:
    return [not any(_truths(items))]


@function("anyFalse")
def any_false(frame: Frame, items: Collection) -> Collection:
    return [not all(_truths(items))]


@function("subsetOf", 1)
def subset_of(frame: Frame, items: Collection, other: Collection) -> Collection:
    frame.run.spend(len(items) * len(other))
    return [all(contains(other, item) for item in items)]


@function("supersetOf", 1)
def superset_of(frame: Frame, items: Collection, other: Collection) -> Collection:
    return subset_of(frame, other, items)


@function("count")
def count(frame: Frame, items: Collection) -> Collection:
    return [len(items)]


@function("distinct")
def distinct_(frame: Frame, items: Collection) -> Collection:
    return distinct(items)


@function("isDistinct")
def is_distinct(frame: Frame, items: Collection) -> Collection:
    return [len(distinct(items)) == len(items)]
