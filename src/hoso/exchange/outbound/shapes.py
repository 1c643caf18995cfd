"""What one attempt came to, and what a sending is to whoever asks how it stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from hoso.access.outbound.destinations import Destination
from hoso.access.outbound.means import Means
from hoso.core.errors import Issue
from hoso.exchange.intake.shapes import issues_of
from hoso.store.outbound import SendingRow

State = Literal["waiting", "received", "delivered", "refused", "given-up", "replaced", "unchanged", "stopped"]
STATES: tuple[State, ...] = get_args(State)
"""In the order of the numbers in `store.outbound`."""
MOST_ISSUES = 100
LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Taken:
    """The receiver has it, under its `number`; `settled` false while it has not said what became of it."""

    number: str = ""
    settled: bool = True
    issues: Sequence[Issue] = ()


@dataclass(frozen=True, slots=True)
class Wrong:
    """The receiver does not want it as it is: to send it again would change nothing."""

    issues: Sequence[Issue]


@dataclass(frozen=True, slots=True)
class Later:
    """Nobody knows yet. `after`: seconds asked for; `everybody`: whether the next visit would fare no better."""

    issue: Issue
    after: int | None = None
    everybody: bool = True


@dataclass(frozen=True, slots=True)
class Lost:
    """The receiver does not know the number that it gave: it is sent again."""


Outcome = Taken | Wrong | Later | Lost


class Way(Protocol):
    """How a form is spoken to a receiver."""

    def send(self, to: Destination, means: Means, row: SendingRow, body: bytes, leaving: Callable[[], None]) -> Outcome:
        """`leaving` is called before the first byte of the visit leaves. Raises Unreached."""

    def ask(self, to: Destination, means: Means, row: SendingRow) -> Outcome:
        """What became of one that was received. Raises Unreached."""


@dataclass(frozen=True, slots=True)
class Sending:
    """`withheld`: records of the visit that were left out, since this destination may not have them."""

    id: str
    destination: str
    visit: str
    state: State
    asked: int
    attempts: int
    due: int
    settled: int
    number: str
    withheld: int
    issues: Sequence[Issue]


def sending(row: SendingRow) -> Sending:
    return Sending(
        row.id, row.destination, row.visit, STATES[row.state], row.asked, row.attempts, row.due, row.settled,
        row.number, row.withheld, issues_of(row.issues),
    )  # fmt: skip


def told(text: object, place: object = "") -> Issue:
    """A fault in the receiver's own words."""
    where = str(place)[:200]
    return Issue("processing", "outbound.told", {"text": str(text)[:LONGEST_TEXT]}, where or None)
