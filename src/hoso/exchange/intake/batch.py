"""Pieces that share one write: read, checked and stored together, and what became of each.

Pieces of one batch have no record in common, so each is read against what is really there. When the store refuses one
of them, all are tried again one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from hoso.access import Conflict, Saved
from hoso.core import Issue, Refused
from hoso.exchange import documents
from hoso.exchange.commit import Door, Key, Misfit, store
from hoso.exchange.documents import Document
from hoso.exchange.formats import Format
from hoso.exchange.intake.shapes import Wrote
from hoso.exchange.load import is_waiting, targets_of
from hoso.exchange.tally import Fate

ATTEMPTS = 10
MOST = 16
"""Pieces of one write: newcomers among them are matched while nobody else can write."""
RESOURCES = 400


@dataclass(frozen=True, slots=True)
class Asked:
    """A piece to be stored. `last`: what it refers to is waited for no longer."""

    number: int
    data: bytes
    last: bool = False


@dataclass(slots=True)
class Done:
    """What became of a piece. `wrote` are the versions made of it."""

    number: int
    document: Document
    waits: bool = False
    fates: set[Fate] = field(default_factory=set)
    wrote: list[Wrote] = field(default_factory=list)

    @property
    def issues(self) -> list[Issue]:
        """Why something of it was refused, and what looks odd."""
        return [issue for fault in self.document.faults for issue in fault.issues] + self.document.warnings


def carry_out(door: Door, format: Format, facility: str, asked: Sequence[Asked]) -> list[Done]:
    """As many of the pieces, from the first on, as may share a write: one at least.

    `facility`: whose records alone may come; "": anybody's.
    """
    written: dict[Key, Saved] = {}
    for _ in range(ATTEMPTS):
        door.afresh()
        done = _read(door, format, facility, asked)
        try:
            _store(door, done, written)
            return done
        except Conflict:  # somebody else wrote the same records meanwhile: look again
            continue
        except Refused as refused:
            if len(done) > 1:
                return [one for piece in asked[: len(done)] for one in carry_out(door, format, facility, [piece])]
            done[0].document.refuse_whole(*refused.issues)
            return done
    for one in done:
        one.document.refuse_whole(Issue("conflict", "load.contended"))
    return done


def _read(door: Door, format: Format, facility: str, asked: Sequence[Asked]) -> list[Done]:
    done: list[Done] = []
    met: set[Key] = set()
    for piece in asked[:MOST]:
        one = read(door, format, facility, piece)
        names = {(item.type, item.id) for item in one.document.arrived}
        alone = one.document.atomic or not met.isdisjoint(names) or len(met) + len(names) > RESOURCES
        if done and alone:
            break
        met |= names
        done.append(one)
        if one.document.atomic:
            break
    return done


def read(door: Door, format: Format, facility: str, piece: Asked) -> Done:
    """One piece as the records it asks for, settled; its faults are in the document."""
    if facility and format.read_bound:
        document = format.read_bound(piece.data, piece.number, door, facility)
    else:
        document = format.read(piece.data, piece.number, door)
    one = Done(piece.number, document)
    if facility and document.facility and document.facility != facility:
        place = {"place": format.place(piece.number), "theirs": document.facility[:40], "own": facility}
        document.refuse_whole(Issue("forbidden", "intake.other-facility", place))
        return one
    try:
        targets = targets_of(door, document)
    except Refused as refused:
        document.refuse_whole(*refused.issues)
        return one
    if not piece.last and is_waiting(document, targets):
        one.waits = True
        document.arrived = []
        return one
    documents.settle(document, targets)
    return one


def _store(door: Door, done: Sequence[Done], written: dict[Key, Saved]) -> None:
    """Raises Conflict and Refused, with nothing of it stored but slices before."""
    owners = {id(item): one for one in done for item in one.document.arrived}
    items = [item for one in done for item in one.document.arrived]
    unfit: list[Misfit] = []
    as_read = any(one.document.as_read for one in done)
    fates = store(door, items, atomic=done[0].document.atomic, written=written, unfit=unfit, as_read=as_read)
    for one in done:
        documents.refuse(one.document, [misfit for misfit in unfit if owners[id(misfit[0])] is one])
    for item, fate in fates:
        owner = owners[id(item)]
        owner.fates.add(fate)
        if fate == "stored":
            saved = written[item.type, item.id]
            owner.wrote.append(Wrote(saved.type, saved.id, saved.version or "", saved.outcome))
