"""Messages of all connections, stored together and answered each: what waits at one moment shares a write.

AA is said after its records are durable. AE: something of it could not be stored, and it waits in quarantine with its
place. AR: it is not for us, or we cannot take it now; nothing of it is kept.
"""

from __future__ import annotations

import hashlib
import logging
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from queue import Empty, SimpleQueue

from hoso.access import Unavailable
from hoso.core import Issue, Refused
from hoso.core.clock import Clock, to_ms
from hoso.core.errors import Severity
from hoso.exchange.door import LoadDoor
from hoso.exchange.formats import FORMATS
from hoso.exchange.hl7v2.acks import Code, Head, acknowledgement, head
from hoso.exchange.hl7v2.parsing import Message, parse
from hoso.exchange.intake import Intake, Sender
from hoso.exchange.intake.batch import Asked, Done, carry_out
from hoso.exchange.intake.shapes import issues_of
from hoso.exchange.intake.work import settled
from hoso.store import deposits
from hoso.store.connection import Race
from hoso.store.deposits import DepositRow, ItemRow, packed
from hoso.store.streams import StreamTable

log = logging.getLogger(__name__)

TOGETHER = 48
"""Messages of one turn."""
VIET_NAM = timezone(timedelta(hours=7))
_CODE = re.compile(r"\d{5}\Z", re.ASCII)
"""What is a facility's code for sure; others write the name of a laboratory in MSH-4."""

Query = Callable[[Message, Sender], bytes]


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end: `facility` is what it is bound to, "" when MSH-4 says it."""

    name: str
    facility: str = ""


@dataclass(slots=True)
class _Waiting:
    data: bytes
    message: Message
    head: Head
    sender: Sender
    renamed: bool = False
    """Another message came today under its number (MSH-10): some senders begin anew, and it is stored all the same."""
    answer: Future[bytes] = field(default_factory=Future)


class Messages:
    """One for a listener. `query` answers questions (QBP); None: they are not answered here.

    `training`: whether messages that say of themselves that they are no production (MSH-11 T or D) are stored as well.
    """

    def __init__(
        self,
        intake: Intake,
        table: StreamTable,
        clock: Clock,
        new_id: Callable[[], str],
        query: Query | None = None,
        *,
        training: bool = False,
    ) -> None:
        self._training = training
        self._intake, self._table, self._clock, self._new_id, self._query = intake, table, clock, new_id, query
        self._queue: SimpleQueue[_Waiting | None] = SimpleQueue()
        self._doors: dict[Sender, LoadDoor] = {}
        self._days: dict[tuple[Sender, str], str] = {}
        self._thread = threading.Thread(target=self._work, name="hoso-mllp", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """What waits is answered first."""
        self._queue.put(None)
        self._thread.join()

    def answers(self, peer: Peer, data: bytes) -> list[bytes]:
        """What is sent back, in its order: one answer, in enhanced mode up to two."""
        try:
            message = parse(data)
        except Refused as refused:
            return [self._ack(Head(), "AR", refused.issues)]
        top = head(message)
        if issue := _strange(peer, top, self._training):
            return _wanted(top, "AR", self._ack(top, "AR", [issue]), self._ack(top, "CR", [issue]))
        sender = Sender(f"mllp/{peer.name or top.sender or 'hl7v2'}"[:100], peer.facility or _plain(top), "automatic")
        if message.segments[0].get(9, 1) in ("QBP", "QCN"):
            return [self._asked(message, top, sender)]
        waiting = _Waiting(data, message, top, sender)
        self._queue.put(waiting)
        answer = waiting.answer.result()
        code = answer.split(b"\r")[1].split(b"|")[1].decode()
        accepted: Code = "CR" if code == "AR" else "CA"
        return _wanted(top, code, answer, self._ack(top, accepted, []))

    def refusal(self, key: str) -> bytes:
        """To what was no message at all."""
        return self._ack(Head(), "AR", [Issue("structure", key)])

    def _asked(self, message: Message, top: Head, sender: Sender) -> bytes:
        if self._query is None:
            return self._ack(top, "AR", [_issue("not-supported", "mllp.no-queries", 9)])
        try:
            return self._query(message, sender)
        except Refused as refused:
            return self._ack(top, "AE", refused.issues)
        except (Unavailable, Race):
            return self._ack(top, "AR", [Issue("transient", "mllp.later")])
        except Exception:
            log.exception("a query failed")
            return self._ack(top, "AR", [Issue("exception", "mllp.fault")])

    def _ack(self, of: Head, code: Code, issues: Sequence[Issue], expected: int | None = None) -> bytes:
        return acknowledgement(of, code, issues, self._new_id()[:20], self._clock().astimezone(VIET_NAM), expected)

    # The one thread that stores

    def _work(self) -> None:
        while (first := self._queue.get()) is not None:
            turn, ended = self._together(first)
            for sender in dict.fromkeys(one.sender for one in turn):
                self._turn(sender, [one for one in turn if one.sender == sender])
            if ended:
                return

    def _together(self, first: _Waiting) -> tuple[list[_Waiting], bool]:
        turn = [first]
        while len(turn) < TOGETHER:
            try:
                one = self._queue.get_nowait()
            except Empty:
                break
            if one is None:
                return turn, True
            turn.append(one)
        return turn, False

    def _turn(self, sender: Sender, waiting: Sequence[_Waiting]) -> None:
        try:
            self._stored(sender, waiting)
        except (Unavailable, Race) as error:
            log.warning("messages are refused: %s", error)
            self._all(waiting, Issue("transient", "mllp.later"))
        except Exception:
            log.exception("messages failed")
            self._all(waiting, Issue("exception", "mllp.fault"))

    def _all(self, waiting: Sequence[_Waiting], issue: Issue) -> None:
        for one in waiting:
            if not one.answer.done():
                one.answer.set_result(self._ack(one.head, "AR", [issue]))

    def _stored(self, sender: Sender, waiting: Sequence[_Waiting]) -> None:
        day = self._day(sender)
        known = self._table.known(day, {one.head.control for one in waiting if one.head.control})
        fresh: dict[str, _Waiting] = {}
        twins: list[_Waiting] = []
        counted: dict[str, int] = {}
        for one in waiting:
            name = one.head.control
            before = known.get(name)
            if before is not None and before.digest == hashlib.sha256(one.data).hexdigest():
                one.answer.set_result(self._answer(one, before))  # the same message is answered as it was
            elif name in fresh:
                twins.append(one)
            elif self._in_step(one, counted):
                one.renamed = before is not None
                fresh[name] = one
        self._store(sender, day, list(fresh.values()), counted)
        if twins:  # the same name twice in one turn: the second is a repetition by now
            self._stored(sender, twins)

    def _store(self, sender: Sender, day: str, fresh: Sequence[_Waiting], counted: Mapping[str, int]) -> None:
        if not fresh:
            return
        door, format = self._door(sender), FORMATS["hl7v2"]
        asked = [Asked(number, one.data, last=True) for number, one in enumerate(fresh, 1)]
        done: list[Done] = []
        while len(done) < len(asked):
            done += carry_out(door, format, sender.facility, asked[len(done) :])
        door.told("messages")
        for one, what in zip(fresh, done, strict=True):
            if one.renamed:
                what.document.warnings.append(_issue("duplicate", "mllp.other-message", 10, severity="warning"))
        items = [_settled(one, what) for one, what in zip(fresh, done, strict=True)]
        self._table.append(day, items, counted)
        for one, item in zip(fresh, items, strict=True):
            one.answer.set_result(self._answer(one, item))

    def _answer(self, one: _Waiting, item: ItemRow) -> bytes:
        issues = issues_of(item.issues)
        if item.state == deposits.QUARANTINED:
            return self._ack(one.head, "AE", [issue for issue in issues if issue.severity in ("error", "fatal")])
        return self._ack(one.head, "AA", [])

    def _in_step(self, one: _Waiting, counted: dict[str, int]) -> bool:
        """The sequence number protocol (2.10.1): 0 begins anew, -1 asks where we are, else it is the next."""
        text = one.head.sequence
        if not text:
            return True
        try:
            number = int(text)
        except ValueError:
            one.answer.set_result(self._ack(one.head, "AR", [_issue("value", "mllp.sequence", 13)]))
            return False
        name = one.sender.name
        last = counted.get(name, self._table.number(name))
        if number == 0 or number == last + 1:
            counted[name] = number
            return True
        code: Code = "AA" if number == -1 else "AR"
        issues = [] if number == -1 else [_issue("conflict", "mllp.out-of-step", 13, expected=str(last + 1))]
        one.answer.set_result(self._ack(one.head, code, issues, last + 1))
        return False

    def _day(self, sender: Sender) -> str:
        """The deposit of today's messages."""
        now = self._clock().astimezone(VIET_NAM)
        name = f"HL7 v2 {now:%Y-%m-%d}"
        if (sender, name) not in self._days:
            if len(self._days) > 1_000:
                self._days.clear()
            begun = datetime(now.year, now.month, now.day, tzinfo=VIET_NAM)
            row = DepositRow(self._new_id(), "hl7v2", sender.name, sender.facility, name, to_ms(self._clock()))
            self._days[sender, name] = self._table.day(row, to_ms(begun.astimezone(UTC)))
        return self._days[sender, name]

    def _door(self, sender: Sender) -> LoadDoor:
        if sender not in self._doors:
            if len(self._doors) > 1_000:
                self._doors.clear()
            self._doors[sender] = LoadDoor(self._intake.records, sender.errand)
        return self._doors[sender]


def _settled(one: _Waiting, done: Done) -> ItemRow:
    row = ItemRow("", 0, label=one.head.control[:200], data=packed(one.data))
    return settled(row, done)


def _plain(top: Head) -> str:
    code = top.sender_facility.partition("^")[0]
    return code if re.fullmatch(r"[A-Za-z0-9.-]{1,20}", code) else ""


def _strange(peer: Peer, top: Head, training: bool) -> Issue | None:
    """A facility that is bound speaks for no other; a message without a name cannot be answered; and what somebody

    tries out is not in citizens' records.
    """
    if top.processing[:1] in ("T", "D") and not training:
        return _issue("business-rule", "mllp.training", 11)
    code = top.sender_facility.partition("^")[0]
    if peer.facility and _CODE.match(code) and code != peer.facility:
        return _issue("forbidden", "mllp.other-facility", 4, theirs=code, own=peer.facility)
    return None if top.control else _issue("required", "mllp.no-control", 10)


def _issue(code: str, key: str, field: int, severity: Severity = "error", **values: str) -> Issue:
    return Issue(code, key, {"segment": "MSH", "sequence": "1", "field": str(field), **values}, None, severity)


def _wanted(top: Head, code: str, answer: bytes, accept: bytes) -> list[bytes]:
    """Which answers the sender wants (table 0155): AL always, NE never, ER on error, SU on success."""
    if not top.enhanced:
        return [answer]
    failed = code in ("AE", "AR")
    both = ((top.accept, accept, code == "AR"), (top.application, answer, failed))
    return [one for wish, one, bad in both if wish == "AL" or (wish == "ER" and bad) or (wish == "SU" and not bad)]
