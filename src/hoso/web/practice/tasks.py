"""The table of tasks (tasks.toml), and which of them the events of a learner show to be done."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from hoso.access.audit.event import Event

_READS, _WRITES = ("R", "E"), ("C", "U")


@dataclass(frozen=True, slots=True)
class Task:
    title: str
    hint: str
    page: str
    done: tuple[str, ...]
    """What must have been done, all of it; nothing: the task is only told."""

    @property
    def checked(self) -> bool:
        return bool(self.done)

    def is_done(self, events: Iterable[Event]) -> bool:
        left = set(self.done)
        for event in events:
            left = {one for one in left if not _shows(event, one)}
        return self.checked and not left


def of_role(role: str) -> Sequence[Task]:
    return _tasks().get(role, ())


def every() -> Iterable[str]:
    """Titles and hints, for the catalogue."""
    for tasks in _tasks().values():
        for task in tasks:
            yield from (task.title, task.hint)


@cache
def _tasks() -> Mapping[str, tuple[Task, ...]]:
    read = tomllib.loads((files("hoso.web.practice") / "tasks.toml").read_text("utf-8"))
    return {
        role: tuple(Task(one["title"], one["hint"], one["page"], tuple(one["done"])) for one in listed)
        for role, listed in read.items()
    }


def _shows(event: Event, wanted: str) -> bool:
    """Refused tries are no practice of the thing."""
    if event.outcome != "ok":
        return False
    way, _, type = wanted.partition(" ")
    if not type:
        return event.kind == way
    return event.action in (_READS if way == "read" else _WRITES) and type in event.types
