"""From events about a person to the lines a citizen reads: what belongs together is one line, the newest first.

One request is one line however many facilities' records it touched, and so are requests of the same kind with less than
half an hour between them. Machines, and the citizen, are a line a day: nobody reads a thousand of those.
Pure: the events come from `looks`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from hoso.access.audit.event import Event
from hoso.access.policy.matrix import kind_of
from hoso.core.clock import from_ms
from hoso.core.dates import VIETNAM

Who = Literal["human", "machine", "own"]
GAP = 30 * 60_000
_MACHINES = frozenset(("command", "automatic", "sync"))
_DEEDS = {
    "identify": "identify",
    "break-glass": "emergency",
    "break-glass-decided": "emergency-decided",
    "break-glass-closed": "emergency-closed",
    "break-glass-delayed": "emergency-delayed",
    "break-glass-released": "emergency-released",
    "citizen-enrol": "enrol",
    "link": "link",
    "audit-proof": "proof",
    "look": "look",
    "send": "sent",
}
_ACTIONS = {"C": "wrote", "U": "changed", "D": "removed", "R": "saw", "E": "saw"}


@dataclass(slots=True)
class Line:
    """`seq` is the place of its newest event: by it the citizen asks about the line. `refused`: nothing was shown."""

    who: Who
    seq: int
    last: int
    first: int
    actor: str
    role: str
    facility: str
    purpose: str
    channel: str
    activity: str
    refused: bool
    grant: str
    reason: str
    deeds: set[str] = field(default_factory=set)
    kinds: set[str] = field(default_factory=set)
    """Of data: the kinds of the table of permissions."""
    requests: set[str] = field(default_factory=set)

    @property
    def times(self) -> int:
        return max(1, len(self.requests))

    @property
    def emergency(self) -> bool:
        return bool(self.grant)

    @property
    def day(self) -> date:
        return day_of(self.last)


def day_of(time: int) -> date:
    return from_ms(time).astimezone(VIETNAM).date()


def deed_of(event: Event) -> str:
    """What was done, as one of a few words; acts about cases and grants keep their own name."""
    if event.kind.startswith(("case-", "grant-", "consent-", "share-")) or event.kind == "break-glass-read":
        return event.kind
    return _DEEDS.get(event.kind) or _ACTIONS[event.action]


def who_of(event: Event, own: str) -> Who:
    if event.actor == own:
        return "own"
    return "machine" if event.role in ("", "system") or event.channel in _MACHINES else "human"


class Lines:
    """Takes events from the newest to the oldest."""

    def __init__(self, own: str) -> None:
        self._own = own
        self._open: dict[tuple[object, ...], Line] = {}
        self.lines: list[Line] = []

    def add(self, seq: int, event: Event) -> None:
        who, refused = who_of(event, self._own), event.outcome != "ok"
        key: tuple[object, ...]
        if who == "human":
            key = (
                event.actor, event.role, event.facility, event.purpose, event.channel, event.activity, refused,
                event.grant, deed_of(event) if event.kind in _DEEDS else event.action in "CUD",
            )  # fmt: skip
        else:
            key = (who, event.actor, refused)
        line = self._open.get(key)
        if line is None or not _together(line, event.time):
            line = self._open[key] = _line(who, seq, event, refused)
            self.lines.append(line)
        line.first = min(line.first, event.time)
        line.deeds.add(deed_of(event))
        line.kinds |= set(_kinds(event.types))
        line.requests.add(event.request or f"event {seq}")
        line.reason = line.reason or event.reason


def _together(line: Line, time: int) -> bool:
    return line.day == day_of(time) and (line.who != "human" or line.first - time <= GAP)


def _line(who: Who, seq: int, event: Event, refused: bool) -> Line:
    return Line(
        who, seq, event.time, event.time, event.actor, event.role, event.facility, event.purpose, event.channel,
        event.activity, refused, event.grant, event.reason,
    )  # fmt: skip


def _kinds(types: Iterable[str]) -> Iterable[str]:
    return (kind for type in types if (kind := kind_of(type)) is not None)
