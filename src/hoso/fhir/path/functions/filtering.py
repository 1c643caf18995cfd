"""Choosing, projecting and folding: where, select, repeat, aggregate, iif, sort, trace."""

from __future__ import annotations

from functools import cmp_to_key
from typing import Any

from hoso.fhir.path.compare import key, order
from hoso.fhir.path.errors import execution
from hoso.fhir.path.frame import Closure, Frame, reserved
from hoso.fhir.path.registry import function
from hoso.fhir.path.values import Collection, Node, boolean, single, system

ROUND = 50  # what one more round of a repeat costs of the run's budget


@function("where", 1, lazy=True)
def where(frame: Frame, items: Collection, criteria: Closure) -> Collection:
    return [item for item, answer in frame.each(items, criteria) if answer and boolean(answer)]


@function("select", 1, lazy=True)
def select(frame: Frame, items: Collection, projection: Closure) -> Collection:
    found = [part for _, answer in frame.each(items, projection) for part in answer]
    frame.run.spend(len(found))
    return found


@function("repeat", 1, lazy=True)
def repeat(frame: Frame, items: Collection, projection: Closure) -> Collection:
    """The projection of everything it finds, until nothing new comes."""
    found: Collection = []
    seen: set[Any] = set()
    waiting = items
    while waiting:
        frame.run.spend(ROUND)
        answers = [part for _, answer in frame.each(waiting, projection) for part in answer]
        waiting = []
        for part in answers:
            mark = id(part.value) if part.__class__ is Node and isinstance(part.value, dict) else key(part)
            if mark in seen:
                continue
            seen.add(mark)
            waiting.append(part)
        found.extend(waiting)
    return found


@function("repeatAll", 1, lazy=True)
def repeat_all(frame: Frame, items: Collection, projection: Closure) -> Collection:
    """Like repeat, doubles kept; the run's budget ends a circle."""
    found: Collection = []
    waiting = items
    while waiting:
        frame.run.spend(ROUND)
        waiting = [part for _, answer in frame.each(waiting, projection) for part in answer]
        found.extend(waiting)
    return found


@function("aggregate", 1, 2, lazy=True)
def aggregate(frame: Frame, items: Collection, aggregator: Closure, start: Closure | None = None) -> Collection:
    inner = frame.inner()
    inner.total = start(frame) if start is not None else []
    for n, item in enumerate(items):
        inner.this, inner.index = [item], n
        inner.total = aggregator(inner)
        frame.run.spend(1 + len(inner.total))
    return inner.total


@function("iif", 2, 3, lazy=True)
def iif(frame: Frame, items: Collection, test: Closure, yes: Closure, no: Closure | None = None) -> Collection:
    single(items)
    inner = frame.inner()
    if items:
        inner.this = items
    answer = test(inner)
    truth = system(single(answer))
    if truth is not None and not isinstance(truth, bool):
        raise execution("iif() needs a boolean to choose by")
    if truth:
        return yes(inner)
    return no(inner) if no is not None else []


@function("trace", 1, 2, lazy=True)
def trace(frame: Frame, items: Collection, name: Closure, projection: Closure | None = None) -> Collection:
    """Keeps no log: a record's content does not belong in one."""
    single(name(frame))
    return items


@function("coalesce", 1, 99, lazy=True)
def coalesce(frame: Frame, items: Collection, *choices: Closure) -> Collection:
    for choice in choices:
        found = choice(frame)
        if found:
            return found
    return []


@function("defineVariable", 1, 2, lazy=True)
def define_variable(frame: Frame, items: Collection, name: Closure, value: Closure | None = None) -> Collection:
    label = system(single(name(frame)))
    if not isinstance(label, str):
        raise execution("defineVariable() takes a name")
    if reserved(label) or label in frame.variables or label in frame.run.environment:
        raise execution(f"There is a variable %{label} already")
    inner = frame.inner()
    inner.this = items
    frame.variables = {**frame.variables, label: items if value is None else value(inner)}
    return items


@function("sort", 0, 20)
def sort(frame: Frame, items: Collection, keys: tuple[tuple[Closure, bool], ...] = ()) -> Collection:
    """By the keys in turn; what has no key comes first in both directions."""
    frame.run.spend(len(items) * max(len(keys), 1))
    directions = [falling for _, falling in keys] or [False]
    columns = [[single(answer) for _, answer in frame.each(items, by)] for by, _ in keys] or [items]
    rows = list(zip(items, *columns, strict=True))

    def ranked(first: tuple[Any, ...], second: tuple[Any, ...]) -> int:
        for a, b, falling in zip(first[1:], second[1:], directions, strict=True):
            if a is None or b is None:
                rank = (a is not None) - (b is not None)
            else:
                rank = (order(a, b) or 0) * (-1 if falling else 1)
            if rank:
                return rank
        return 0

    return [row[0] for row in sorted(rows, key=cmp_to_key(ranked))]
