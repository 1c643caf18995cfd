"""What the intake says of itself: who brings something, how a deposit stands, and what became of its items."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, get_args

from hoso.access import Actor, Channel, Errand, Scopes
from hoso.core import Issue
from hoso.exchange.formats import Format
from hoso.exchange.intake.whose import Whose
from hoso.store import deposits

State = Literal["waiting", "put-off", "stored", "unchanged", "quarantined", "set-aside", "undone"]
STATES: tuple[State, ...] = get_args(State)
"""By the numbers that the table has for them."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who brings a deposit. `facility`: the code of the one whose records they may bring; "": of any, an operator's."""

    name: str
    facility: str = ""
    channel: Channel = "api"

    @property
    def errand(self) -> Errand:
        return Errand(Actor(self.name, Scopes.parse("system/*.cruds")), "SYSADMIN", self.channel)


class Held(NamedTuple):
    """A new deposit with its items."""

    row: deposits.DepositRow
    items: Sequence[deposits.ItemRow]


@dataclass(frozen=True, slots=True)
class Receipt:
    """`new`: these bytes had not come from this facility before. `held`: for whoever brings it, to work on at once."""

    id: str
    items: int
    new: bool
    held: Held | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Standing:
    """`received` in milliseconds; `counts` of items by state; `over`: nothing waits any more.

    `told`: the items as `Intake.told` lists them, when they are at hand.
    """

    id: str
    format: str
    sender: str
    facility: str
    name: str
    received: int
    size: int
    signature: Mapping[str, Any]
    items: int
    counts: Mapping[State, int]
    over: bool
    told: Sequence[Item] | None = field(default=None, compare=False, repr=False)


class Wrote(NamedTuple):
    """`outcome`: "created" or "updated"; "" when an attempt that was cut short wrote it."""

    type: str
    id: str
    version: str
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """`place` names it as a person would ("HOSO[3]"), `label` as its sender does. `wrote`: versions made of it.

    `whose`: what identity made of its patient, "known" (here before), "linked", "review" or "new", and their code.
    """

    number: int
    place: str
    label: str
    state: State
    issues: Sequence[Issue]
    wrote: Sequence[Wrote]
    whose: str = ""
    code: str = ""
    mended: bool = False


def issues_text(issues: Sequence[Issue]) -> str:
    return json.dumps(
        [[one.severity, one.code, one.key, dict(one.values), one.expression] for one in issues], ensure_ascii=False
    )


def issues_of(text: str) -> list[Issue]:
    return [
        Issue(code, key, values, expression, severity) for severity, code, key, values, expression in json.loads(text)
    ]


def wrote_text(wrote: Sequence[Wrote]) -> str:
    return json.dumps(wrote, separators=(",", ":"))


def wrote_of(text: str) -> list[Wrote]:
    return [Wrote(*one) for one in json.loads(text)]


def standing(row: deposits.DepositRow, counts: Mapping[int, int]) -> Standing:
    return Standing(
        row.id, row.format, row.sender, row.facility, row.name, row.received, row.size, json.loads(row.signature),
        row.items, {STATES[state]: number for state, number in sorted(counts.items())}, row.state == deposits.DONE,
    )  # fmt: skip


def item_of(format: Format, row: deposits.ItemRow, known: Mapping[str, Whose]) -> Item:
    """`known`: whom identity took the patients for. Of the row's texts only counts whether they are there."""
    wrote = wrote_of(row.wrote)
    patient = next((one for one in wrote if one.type == "Patient"), None)
    is_known = patient is None or patient.outcome == "updated"
    found = known.get(patient.id, Whose("", "")) if patient else Whose("", "")
    stored = row.state in (deposits.STORED, deposits.UNCHANGED)
    outcome = found.outcome if not is_known else "known" if stored else ""
    # what came is given up when it is stored, but not when something else was put in its place
    mended = bool(row.mended or (row.data and (stored or row.state == deposits.UNDONE)))
    return Item(
        row.number, format.place(row.number), row.label, STATES[row.state], issues_of(row.issues), wrote,
        outcome, found.code, mended,
    )  # fmt: skip
