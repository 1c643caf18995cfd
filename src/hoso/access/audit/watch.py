"""A witness in a folder of its own: its key, and for each log the last checkpoint that it cosigned.

What is known is on the disk before a signature leaves, under a lock that all processes and threads share: two answers
cannot both continue the same checkpoint differently, and a crash forgets nothing that was signed.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

from hoso.access.audit.note import COSIGNATURE, BadNote, Checkpoint, Note, Signer, Verifier, opened
from hoso.access.audit.witness import Answer, Declined, Submission, judge
from hoso.core.clock import Clock
from hoso.core.durable import settle

MOST_EVIDENCE = 100
"""Signed checkpoints that are no continuation, kept for each log: two such notes prove what it did."""


class Broken(Exception):
    """The folder does not hold what a witness wrote there. Nothing is signed until a person has looked."""


class OtherKey(Exception):
    """The log is watched already under another key."""


class Watch:
    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder, self._clock = folder, clock
        self._signer = _signer(folder / "key")

    @classmethod
    def create(cls, folder: Path, name: str, seed: bytes, clock: Clock) -> Watch:
        """A new witness in an empty folder. Raises FileExistsError, BadNote for a name that is none."""
        signer = Signer.of(name, seed, COSIGNATURE)
        Verifier.parse(str(signer.verifier))
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / "logs").mkdir(exist_ok=True, mode=0o700)
        _write(folder / "key", f"{name}\n{seed.hex()}\n", new=True)
        return cls(folder, clock)

    @property
    def verifier(self) -> Verifier:
        return self._signer.verifier

    def add(self, log: Verifier) -> None:
        """Watches a log from now on; one that is watched keeps what is known of it. Raises OtherKey."""
        with self._alone():
            file = self._file(log.name)
            if not file.exists():
                _write(file, f"{log}\n")
            elif self._known(file)[0] != log:
                raise OtherKey(log.name)

    def restart(self, log: Verifier) -> None:
        """Begins anew with a log that was put back for a known reason. What was cosigned before is kept as evidence."""
        with self._alone():
            file = self._file(log.name)
            if file.exists():
                self._keep(file, file.read_text("utf-8").partition("\n")[2])
            _write(file, f"{log}\n")

    def logs(self) -> list[tuple[Verifier, Checkpoint | None]]:
        """What is watched, and how far. Raises Broken."""
        return [self._known(file) for file in sorted((self._folder / "logs").glob("*.log"))]

    def answer(self, body: bytes) -> Answer:
        """To one add-checkpoint. Raises Broken, OSError: then nothing was signed."""
        try:
            asked = Submission.parse(body)
            with self._alone():
                file = self._file(asked.origin)
                if not file.exists():
                    raise Declined(404, "this witness does not know that log")
                log, last = self._known(file)
                return self._cosign(file, asked, log, last)
        except Declined as declined:
            return declined.answer

    def _cosign(self, file: Path, asked: Submission, log: Verifier, last: Checkpoint | None) -> Answer:
        try:
            judge(asked, log, last)
        except Declined as declined:
            if declined.forked:
                self._keep(file, asked.note)
            raise
        _write(file, f"{log}\n{asked.note}")
        text = Note.parse(asked.note).text
        return Answer(200, self._signer.sign(text, int(self._clock().timestamp())) + "\n")

    def _keep(self, file: Path, note: str) -> None:
        kept = file.with_suffix(f".{sha256(note.encode()).hexdigest()[:16]}.fork")
        if not kept.exists() and len(list(kept.parent.glob(f"{file.stem}.*.fork"))) < MOST_EVIDENCE:
            _write(kept, note)

    def _file(self, origin: str) -> Path:
        return self._folder / "logs" / f"{sha256(origin.encode()).hexdigest()[:32]}.log"

    def _known(self, file: Path) -> tuple[Verifier, Checkpoint | None]:
        try:
            key, _, note = file.read_text("utf-8").partition("\n")
            log = Verifier.parse(key)
            return log, opened(note, log)[1] if note else None
        except (UnicodeDecodeError, BadNote) as error:
            raise Broken(f"{file}: {error}") from error

    @contextmanager
    def _alone(self) -> Iterator[None]:
        handle = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _signer(file: Path) -> Signer:
    """Raises FileNotFoundError, Broken."""
    try:
        name, seed = file.read_text("utf-8").split("\n")[:2]
        signer = Signer.of(name, bytes.fromhex(seed), COSIGNATURE)
        Verifier.parse(str(signer.verifier))
    except (ValueError, BadNote) as error:
        raise Broken(f"{file}: {error}") from error
    return signer


def _write(file: Path, text: str, *, new: bool = False) -> None:
    """Whole or not at all, and on the disk when it returns."""
    if new and file.exists():
        raise FileExistsError(file)
    fresh = file.with_name(f"{file.name}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
    settle(file.parent)
