"""A secret that was changed: the new key makes, and what was made with one of before holds until a stated time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from hoso.core.clock import Clock, system_clock


@dataclass(frozen=True, slots=True)
class Former:
    """A key that another took the place of, and until when what was made with it holds."""

    key: bytes = field(repr=False)
    until: datetime


@dataclass(frozen=True, slots=True)
class Keychain:
    """The key of now and those of before it, asked anew whenever one is used: time goes on while a process runs."""

    key: bytes = field(repr=False)
    before: Sequence[Former] = ()
    clock: Clock = system_clock

    def __iter__(self) -> Iterator[bytes]:
        """The key of now first, then those that still hold."""
        yield self.key
        now = self.clock()
        yield from (one.key for one in self.before if now < one.until)


def chain(keys: bytes | Keychain) -> Keychain:
    """A key that was never changed, too."""
    return Keychain(keys) if isinstance(keys, bytes) else keys
