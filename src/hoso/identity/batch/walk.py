"""Goes over the records of a node in pieces that workers share, and remembers how far it came.

Pieces are done in any order; the mark in the store stands before the first that is not done, with what was counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from hoso.access import Actor, Errand, PeopleRows, Records, Scopes
from hoso.access.scope import Right

ERRAND = Errand(Actor("node/match", Scopes.parse("system/*.cruds")), "SYSADMIN", "command")
PAGE = 2_000


class Piece(NamedTuple):
    """Some Patients by id, in the order of their numbers, the last of which is `end`."""

    number: int
    ids: tuple[str, ...]
    end: int


class Result(NamedTuple):
    """What a worker made of a piece: counts, and lines for people to read."""

    piece: Piece
    counts: Counter[str]
    lines: Sequence[str] = ()


def pieces(people: PeopleRows, size: int, after: int = -1, *, lone: bool = False) -> Iterator[Piece]:
    """The living Patients of facilities behind `after`; with `lone` only those that have no person."""
    number, waiting = 0, list[tuple[int, str]]()
    while page := people.log.patients(after, PAGE):
        after = page[-1][0]
        waiting += [(rid, id) for rid, id, has_person in page if not (lone and has_person)]
        while len(waiting) >= size:
            some, waiting = waiting[:size], waiting[size:]
            yield _piece(number, some)
            number += 1
    if waiting:
        yield _piece(number, waiting)


def _piece(number: int, some: Sequence[tuple[int, str]]) -> Piece:
    return Piece(number, tuple(id for _, id in some), some[-1][0])


@dataclass(slots=True)
class Mark:
    """How far a walk of that `name` came. One with another `token` (model, shape) begins anew."""

    records: Records
    name: str
    token: str
    after: int = -1
    counts: Counter[str] = field(default_factory=Counter)
    _next: int = 0
    _early: dict[int, Result] = field(default_factory=dict)

    def __post_init__(self) -> None:
        text = self.records.people(ERRAND).mark(self.name)
        known = orjson.loads(text) if text else {}
        if known.get("token") == self.token:
            self.after, self.counts = known["after"], Counter(known["counts"])

    def kept(self, results: Iterable[Result]) -> Iterator[Result]:
        """The results as they come, each written down once all before it are."""
        for result in results:
            self._early[result.piece.number] = result
            moved = False
            while (done := self._early.pop(self._next, None)) is not None:
                self._next, self.after, moved = self._next + 1, done.piece.end, True
                self.counts += done.counts
            if moved:
                self._write(orjson.dumps({"token": self.token, "after": self.after, "counts": self.counts}).decode())
            yield result

    def clear(self) -> None:
        """The walk is over; the next one begins at the beginning."""
        self._write("")

    def _write(self, text: str) -> None:
        rights: Sequence[tuple[Right, str]] = (("u", "Patient"),)
        self.records.transact(ERRAND, rights, lambda transaction: transaction.people.set_mark(self.name, text))
