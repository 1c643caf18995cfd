"""Reminders to citizens: each thing once, by a sender that is chosen; what is sent says nothing of anybody's health.

A sender is anything with `send`: an e-mail or SMS gateway is another few lines. The one that is here writes files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hoso.core.clock import Clock, to_ms
from hoso.store.reminders import ReminderTable


class NotSent(Exception):
    """Says why, without whom it was for."""


@dataclass(frozen=True, slots=True)
class Thing:
    """What is due: its name in the table, and the day (since 0001-01-01), 0 for what has none."""

    what: str
    due: int


@dataclass(frozen=True, slots=True)
class Message:
    """`to`: a phone number or an e-mail address, `kind` says which."""

    kind: str
    to: str
    text: str


class Sender(Protocol):
    def send(self, message: Message) -> None:
        """Returns when it is out of our hands. Raises NotSent."""


class FolderSender:
    """Writes each message as a file, for a program that sends them and takes them away."""

    def __init__(self, folder: Path, fresh: Callable[[], str]) -> None:
        self._folder, self._fresh = folder, fresh

    def send(self, message: Message) -> None:
        """The file is whole as soon as it has its name."""
        path = self._folder / f"{self._fresh()}.txt"
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with os.fdopen(
                os.open(path.with_suffix(".part"), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
            ) as out:
                out.write(f"{message.kind}: {message.to}\n\n{message.text}\n".encode())
                out.flush()
                os.fsync(out.fileno())
            path.with_suffix(".part").rename(path)
        except OSError as error:
            raise NotSent(str(error)) from error


class Reminders:
    def __init__(self, table: ReminderTable, clock: Clock) -> None:
        self._table, self._clock = table, clock

    def tell(self, person: str, things: Iterable[Thing], compose: Callable[[int], Message], sender: Sender) -> int:
        """One message for all that was not told yet; how many things that were. Raises NotSent, and then none was."""
        fresh = [one for one in things if self._table.claim(person, one.what, one.due, to_ms(self._clock()))]
        if not fresh:
            return 0
        try:
            sender.send(compose(len(fresh)))
        except BaseException:
            for one in fresh:
                self._table.release(person, one.what, one.due)
            raise
        return len(fresh)
