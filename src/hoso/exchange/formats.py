"""What may come in, by its format: known by its first bytes, cut into pieces, and each piece read by itself.

A piece is the least that is accepted or refused: a visit, a message, a row. A new format is one line of FORMATS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import IO, Protocol

from hoso.core import Issue, Refused
from hoso.exchange import health_checks as ksk
from hoso.exchange import insurance, visits
from hoso.exchange.documents import Document
from hoso.exchange.hl7v2 import messages, splitting
from hoso.exchange.insurance.split import Piece
from hoso.exchange.sheets import package, rows
from hoso.exchange.visits import Door

HEAD = 4_096
"""First bytes of a file by which its format is known."""


class Pieces(Protocol):
    """Of one file, once. Raises Refused where it can be read no further; `number` is then that of the last piece.

    `stated`: how many there are by its own word, if it says so.
    """

    number: int

    @property
    def stated(self) -> int | None: ...

    def __iter__(self) -> Iterator[Piece]:
        """Numbered from 1. One without data is larger than `limit`."""


@dataclass(frozen=True, slots=True)
class Format:
    """`read` makes a piece with its number into the records it asks for; `place` names a piece for a person."""

    name: str
    knows: Callable[[bytes], bool]
    split: Callable[[IO[bytes]], Pieces]
    read: Callable[[bytes, int, Door], Document]
    place: Callable[[int], str]
    limit: int
    """Bytes of a piece."""
    read_bound: Callable[[bytes, int, Door, str], Document] | None = None
    """The same with the facility that the sender is bound to, of formats whose pieces need not name theirs."""


FORMATS: Mapping[str, Format] = {
    one.name: one
    for one in (
        Format("ksk", ksk.knows, ksk.split, ksk.read, "HOSO[{}]".format, insurance.PIECE_LIMIT),
        Format(
            "insurance-xml",
            insurance.is_insurance,
            insurance.Splitting,
            visits.read,
            "HOSO[{}]".format,
            insurance.PIECE_LIMIT,
        ),
        Format(
            "hl7v2",
            splitting.is_messages,
            splitting.Splitting,
            messages.read,
            "MSH[{}]".format,
            splitting.LIMIT,
            messages.read,
        ),
        Format("sheet", package.is_package, package.Splitting, rows.read, "row[{}]".format, package.PIECE_LIMIT),
    )
}


@dataclass(frozen=True, slots=True)
class Cut:
    """A piece of a file, or why there is none at that number; a fault of the file as a whole has number 0."""

    number: int
    data: bytes | None = None
    faults: tuple[Issue, ...] = ()


def cut(format: Format, stream: IO[bytes]) -> Iterator[Cut]:
    """A file piece by piece; where it breaks off, what came before is taken. Raises Refused when that is nothing."""
    pieces = format.split(stream)
    try:
        for number, data in pieces:
            place = {"place": format.place(number), "limit": str(format.limit >> 20)}
            faults = (Issue("too-long", "load.piece-too-large", place),) if data is None else ()
            yield Cut(number, data, faults)
    except Refused as refused:
        place = {"place": format.place(pieces.number + 1)}
        told = tuple(replace(issue, values={**place, **issue.values}) for issue in refused.issues)
        if not pieces.number:
            raise Refused(refused.status, *told) from None
        yield Cut(pieces.number + 1, None, told)
        return
    if pieces.stated is not None and pieces.stated > pieces.number:
        counts = {"stated": str(pieces.stated), "number": str(pieces.number)}
        yield Cut(0, None, (Issue("incomplete", "load.too-few-pieces", counts),))


def known(head: bytes) -> Format | None:
    """The format of a file that begins so."""
    return next((one for one in FORMATS.values() if one.knows(head)), None)
