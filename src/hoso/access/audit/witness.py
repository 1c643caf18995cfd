"""What a witness answers to a checkpoint (C2SP tlog-witness): it cosigns what continues all that it cosigned before.

Pure: what is known of a log comes in, and what is to be known from now on goes out with the answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hoso.access.audit.note import BadNote, Checkpoint, Note, Verifier, decoded, encoded, opened
from hoso.access.audit.tree import EMPTY, extended

LARGEST = 65_536
MOST_HASHES = 63
SIZE_TYPE, TEXT_TYPE = "text/x.tlog.size", "text/plain; charset=utf-8"
_OLD = re.compile(r"old (0|[1-9][0-9]{0,18})\Z")


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    text: str
    type: str = TEXT_TYPE


class Declined(Exception):
    """Not cosigned; `answer` says why. `forked`: the log signed something that is no continuation."""

    def __init__(self, status: int, text: str, *, forked: bool = False, type: str = TEXT_TYPE) -> None:
        super().__init__(text)
        self.answer, self.forked = Answer(status, f"{text}\n", type), forked


@dataclass(frozen=True, slots=True)
class Submission:
    """A checkpoint, and what shows that it continues the one of size `old`."""

    old: int
    proof: tuple[bytes, ...]
    note: str

    def __str__(self) -> str:
        return "".join([f"old {self.old}\n", *(f"{encoded(hash)}\n" for hash in self.proof), "\n", self.note])

    @classmethod
    def parse(cls, body: bytes) -> Submission:
        """Raises Declined."""
        try:
            head, mark, note = body.decode().partition("\n\n")
            first, *lines = head.split("\n")
            old = _OLD.match(first)
            if not mark or old is None or len(lines) > MOST_HASHES:
                raise BadNote("no old size, hashes, empty line and checkpoint")
            Note.parse(note)
            proof = tuple(decoded(line) for line in lines)
            if any(len(hash) != 32 for hash in proof):
                raise BadNote("a hash of another length")
            return cls(int(old[1]), proof, note)
        except (UnicodeDecodeError, BadNote) as error:
            raise Declined(400, str(error)) from error

    @property
    def origin(self) -> str:
        return self.note.partition("\n")[0]


def judge(asked: Submission, log: Verifier, last: Checkpoint | None) -> Checkpoint:
    """The checkpoint, when it may be cosigned. `last` is the one cosigned before. Raises Declined."""
    try:
        point = opened(asked.note, log)[1]
    except BadNote as bad:
        raise Declined(403, str(bad)) from bad
    known, root = (last.size, last.root) if last else (0, EMPTY)
    if asked.old > point.size:
        raise Declined(400, "the old size is larger than the checkpoint's")
    if asked.old != known:
        raise Declined(409, str(known), type=SIZE_TYPE)
    if known == point.size and root != point.root:
        raise Declined(409, str(known), type=SIZE_TYPE, forked=True)
    if not extended(known, root, point.size, point.root, asked.proof):
        raise Declined(422, "the proof does not show that the log only grew", forked=True)
    return point
