"""What really happened, kept apart from all nodes: every accepted write, by whom and in which order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from hoso.sync.stream import Header, Record

Class = Literal[
    "lost",
    "unexpected",
    "duplicate",
    "altered",
    "diverged",
    "dropped_head",
    "order",
    "partial_group",
    "leak",
    "false_delivered",
]
CLASSES: tuple[Class, ...] = get_args(Class)


@dataclass(frozen=True, slots=True)
class Written:
    """An accepted change. `life`: a node between two restores; `turn`: its place in what that life wrote."""

    record: Record
    header: Header
    life: int
    turn: int


@dataclass(slots=True)
class Truth:
    written: dict[bytes, Written] = field(default_factory=dict)
    lives: dict[int, str] = field(default_factory=dict)
    """Which node lived which life."""
    excused: set[bytes] = field(default_factory=set)
    """Changes whose only copy was on a disk that was put back: nobody had promised more."""
    failures: list[tuple[Class, str]] = field(default_factory=list)

    def accept(self, life: int, turn: int, record: Record, header: Header) -> None:
        self.written[header.change] = Written(record, header, life, turn)

    def fail(self, kind: Class, text: str) -> None:
        self.failures.append((kind, text))
