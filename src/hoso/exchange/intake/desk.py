"""The desk of the intake: deposits are received, looked at, mended, tried again, set aside and undone.

What is received is durable before anybody is told. Of what another facility brought, nothing is there.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from io import BytesIO
from itertools import islice
from typing import IO, Any

from hoso.access import Reading, Records
from hoso.access.audit.journal import Journal
from hoso.access.telling import Teller
from hoso.core import Issue, Refused
from hoso.core.clock import Clock, to_ms
from hoso.exchange.formats import FORMATS, Format, cut
from hoso.exchange.intake.preview import Previewing
from hoso.exchange.intake.shapes import (
    STATES,
    Held,
    Item,
    Receipt,
    Sender,
    Standing,
    State,
    issues_of,
    issues_text,
    item_of,
    standing,
    wrote_of,
)
from hoso.exchange.intake.undo import Undoing, Undone
from hoso.exchange.intake.whose import Whose, whose
from hoso.exchange.intake.work import Runner, held
from hoso.exchange.raw import original
from hoso.exchange.signing import Signatures
from hoso.store import deposits
from hoso.store.deposits import DepositRow, DepositTable, ItemRow, packed, unpacked

AT_ONCE = 8 << 20
"""Bytes that are received in one transaction; what is larger arrives in parts, and counts when it is whole."""
PART = 64
"""Items of one such part."""
PAGE = 100
WORDS = 500
"""Letters of a reason."""


class Intake:
    """One for each process; the rows are shared."""

    def __init__(
        self,
        records: Records,
        table: DepositTable,
        journal: Journal,
        clock: Clock,
        new_id: Callable[[], str],
        signatures: Signatures | None = None,
    ) -> None:
        self.records, self.table, self._clock, self._new_id = records, table, clock, new_id
        self._teller = Teller(journal, clock)
        self.runner = Runner(records, table, self._teller, clock)
        self._signatures = signatures or Signatures(clock)

    # Receiving

    def receive(
        self,
        sender: Sender,
        format: str,
        name: str,
        stream: IO[bytes],
        signature: Mapping[str, Any] | None = None,
        *,
        hold: bool = False,
    ) -> Receipt:
        """Keeps it, cut into items. The same bytes of the same facility again are the same deposit.

        `signature`: the verdict of a door that looked at it already. `hold`: for who will `process` it at once, so
        that nobody else does meanwhile.
        Raises Refused(400) for a format that is not known and for what cannot be read at all, and Unavailable.
        """
        known = _format(format)
        head = stream.read(AT_ONCE + 1)
        if signature is None:
            signature = self._signatures.kept(format, sender.facility, head, AT_ONCE)
        row = DepositRow(
            self._new_id(), format, sender.name, sender.facility, name[:200], to_ms(self._clock()),
            signature=json.dumps(signature, ensure_ascii=False),
        )  # fmt: skip
        if len(head) <= AT_ONCE:
            row = row._replace(digest=hashlib.sha256(head).hexdigest(), size=len(head))
            return self._at_once(sender, row, known, head, hold)
        receipt = self._in_parts(row, known, _Counted(head, stream))
        if receipt.new:
            self._teller.act(sender.errand, "intake", _received(row, receipt.items))
        return receipt

    def _at_once(self, sender: Sender, row: DepositRow, format: Format, data: bytes, hold: bool) -> Receipt:
        same = self.table.same(row.digest, row.facility)
        if same is not None:
            return Receipt(same.id, same.items, False)
        items = list(_items(row.id, format, BytesIO(data)))
        row = row._replace(items=len(items), state=deposits.OPEN)
        if hold:
            row = held(row)
        self.table.add(row, items, self._teller.acted(sender.errand, "intake", _received(row, len(items))))
        return Receipt(row.id, row.items, True, Held(row, items) if hold else None)

    def _in_parts(self, row: DepositRow, format: Format, stream: _Counted) -> Receipt:
        self.table.add(row, [])
        try:
            number, items = 0, _items(row.id, format, stream)
            while part := list(islice(items, PART)):
                self.table.extend(part)
                number += len(part)
            stream.drain()
            row = row._replace(digest=stream.digest, size=stream.size, items=number)
            same = self.table.same(row.digest, row.facility)
            if same is not None:
                self.table.remove(row.id)
                return Receipt(same.id, same.items, False)
            self.table.whole(row)
        except BaseException:
            self.table.remove(row.id)
            raise
        return Receipt(row.id, number, True)

    # Working

    def process(
        self, sender: Sender, id: str, seconds: float | None = None, receipt: Receipt | None = None
    ) -> Standing:
        """Carries out what waits, now; what is left after so many seconds, or in other hands, the node goes on with.

        `receipt` of a deposit that is held.
        """
        if receipt is None or receipt.held is None:
            self._own(sender, id)
            self.runner.process(id, seconds)
        elif items := self.runner.carry_out(*receipt.held, seconds):
            row = receipt.held.row._replace(state=deposits.DONE)
            told = [item_of(FORMATS[row.format], item, {}) for item in items]
            return replace(standing(row, Counter(item.state for item in items)), told=told)
        return self.standing(sender, id)

    def retry(self, sender: Sender, id: str, numbers: Sequence[int] | None = None) -> int:
        """Items in quarantine, all or these, are tried again as they are; how many."""
        self._own(sender, id)
        found: list[ItemRow] = []
        if numbers is None:
            after = 0
            while rows := self.table.items(id, deposits.QUARANTINED, after, PAGE):
                found += rows
                after = rows[-1].number
            numbers = [row.number for row in found]
        items = [item for number in numbers if (item := self._quarantined(id, number)).data or item.mended]
        self.table.reopen(id, items)
        self._teller.act(sender.errand, "intake", f"retried {len(items)} items of {id}")
        return len(items)

    def mend(self, sender: Sender, id: str, number: int, data: bytes) -> None:
        """Puts a text in the place of what cannot be stored, beside what came, and tries it."""
        row = self._own(sender, id)
        item = self._quarantined(id, number)
        pieces = list(_items(id, FORMATS[row.format], BytesIO(data)))
        if len(pieces) != 1 or not pieces[0].data:
            raise Refused.because(400, "invalid", "intake.not-one", number=str(len(pieces)))
        self.table.reopen(id, [item._replace(mended=pieces[0].data, digest=pieces[0].digest)])
        self._teller.act(sender.errand, "intake", f"mended item {number} of {id}")

    def set_aside(self, sender: Sender, id: str, number: int, reason: str) -> None:
        """It is left as it is, for a reason that is kept."""
        self._own(sender, id)
        if not reason.strip():
            raise Refused.because(400, "required", "intake.no-reason")
        item = self._quarantined(id, number)
        told = Issue("informational", "intake.set-aside", {"who": sender.name, "why": reason.strip()[:WORDS]})
        issues = [*issues_of(item.issues), replace(told, severity="information")]
        self.table.settle(id, [item._replace(state=deposits.SET_ASIDE, issues=issues_text(issues))], 0)
        self._teller.act(sender.errand, "intake", f"set aside item {number} of {id}")

    def preview(self, sender: Sender, format: str, stream: IO[bytes]) -> Iterator[Item]:
        """What each piece would come to; nothing is kept. Raises Refused(400) and Unavailable as `receive` does."""
        known = _format(format)
        self._teller.act(sender.errand, "intake", f"preview, {format}")
        previewing = Previewing(self.records, sender.errand, known, sender.facility)
        for row in _items("", known, stream):
            yield previewing.item(row) if row.state == deposits.WAITING else item_of(known, row, {})

    def undo(self, sender: Sender, id: str) -> Undone:
        """Takes back all that the deposit wrote, as far as nobody changed it since; the same bytes may come anew.

        Raises Refused(409) while something waits.
        """
        row = self._own(sender, id)
        if row.state != deposits.DONE:
            raise Refused.because(409, "conflict", "intake.under-way")
        undoing = Undoing(self.records, sender.errand)
        before = 1 << 62
        while rows := self.table.backwards(id, before, PAGE):
            for item in rows:
                if wrote := wrote_of(item.wrote):
                    undoing.item(wrote)
                    self.table.settle(id, [item._replace(state=deposits.UNDONE, wrote="[]")], 0)
            before = rows[-1].number
        undoing.finish()
        self.table.undone(id)
        self._teller.act(sender.errand, "intake", f"undid {undoing.done.items} items of {id}")
        return undoing.done

    # Looking

    def listed(self, sender: Sender, before: tuple[int, str] | None = None, most: int = PAGE) -> list[Standing]:
        """The newest first, from before a time (milliseconds) and id."""
        rows = self.table.listed(sender.facility or None, before or (1 << 62, ""), min(most, PAGE))
        counts = self.table.counts([row.id for row in rows])
        return [standing(row, counts[row.id]) for row in rows]

    def standing(self, sender: Sender, id: str) -> Standing:
        row = self._own(sender, id)
        return standing(row, self.table.counts([id])[id])

    def items(
        self, sender: Sender, id: str, *, state: State | None = None, after: int = 0, most: int = PAGE
    ) -> list[Item]:
        """Those behind number `after`, a page of them, with what identity made of their patients."""
        row = self._own(sender, id)
        number = STATES.index(state) if state else None
        rows = self.table.items(id, number, after, max(1, min(most, PAGE)))
        patients = {wrote.id for one in rows for wrote in wrote_of(one.wrote) if wrote.type == "Patient"}
        known = self._whose(sender, id, patients) if patients else {}
        return [item_of(FORMATS[row.format], one, known) for one in rows]

    def told(
        self, sender: Sender, id: str, *, state: State | None = None, after: int = 0, most: int = PAGE
    ) -> list[Item]:
        """The same without asking who the patients are: for a sender's software, which is told of faults alone."""
        row = self._own(sender, id)
        rows = self.table.items(id, STATES.index(state) if state else None, after, max(1, min(most, PAGE)))
        return [item_of(FORMATS[row.format], one, {}) for one in rows]

    def refused(self, sender: Sender, id: str) -> Iterator[tuple[Item, bytes]]:
        """All that is in quarantine with what came (b"" where nothing of it could be read), told page by page."""
        row = self._own(sender, id)
        after = 0
        while rows := self.table.waiting(id, deposits.QUARANTINED, after, PAGE):
            after = rows[-1].number
            self._teller.act(sender.errand, "intake", f"shown {len(rows)} items to {after} of {id}")
            for one in rows:
                data = unpacked(one.data) or original(self.records, sender.errand, one.digest)
                yield item_of(FORMATS[row.format], one, {}), data or b""

    def original(self, sender: Sender, id: str, number: int) -> bytes:
        """What came, byte by byte; of what was stored, as the records keep it."""
        item = self._shown(sender, id, number)
        return _there(item, unpacked(item.data) or original(self.records, sender.errand, item.digest))

    def current(self, sender: Sender, id: str, number: int) -> bytes:
        """What is read of an item: what came, or what somebody put in its place."""
        item = self._shown(sender, id, number)
        kept = unpacked(item.mended) or original(self.records, sender.errand, item.digest)
        return _there(item, kept or unpacked(item.data))

    def _shown(self, sender: Sender, id: str, number: int) -> ItemRow:
        self._own(sender, id)
        item = self._item(id, number)
        self._teller.act(sender.errand, "intake", f"shown item {number} of {id}")
        return item

    def _whose(self, sender: Sender, id: str, patients: set[str]) -> Mapping[str, Whose]:
        def look(reading: Reading) -> Mapping[str, Whose]:
            return whose(reading, patients)

        return self.records.look(sender.errand, [("s", "Patient"), ("s", "Task")], f"deposit {id}", look)

    def _own(self, sender: Sender, id: str) -> DepositRow:
        row = self.table.find(id)
        if row is None or (sender.facility and row.facility != sender.facility):
            raise Refused.because(404, "not-found", "intake.none", id=id[:64])
        return row

    def _item(self, id: str, number: int) -> ItemRow:
        item = self.table.item(id, number)
        if item is None:
            raise Refused.because(404, "not-found", "intake.no-item", number=str(number)[:20])
        return item

    def _quarantined(self, id: str, number: int) -> ItemRow:
        item = self._item(id, number)
        if item.state != deposits.QUARANTINED:
            raise Refused.because(409, "conflict", "intake.not-quarantined", number=str(number))
        return item


def _received(row: DepositRow, items: int) -> str:
    return f"received {row.id}, {row.format}, {items} items"


def _there(item: ItemRow, kept: bytes | None) -> bytes:
    if not kept:
        raise Refused.because(410, "expired", "intake.gone", number=str(item.number))
    return kept


def _format(name: str) -> Format:
    found = FORMATS.get(name)
    if found is None:
        raise Refused.because(400, "not-supported", "intake.format", name=name[:40])
    return found


class _Counted:
    """A stream whose beginning was read already; what goes through it is counted and hashed."""

    def __init__(self, head: bytes, rest: IO[bytes]) -> None:
        self._head, self._rest, self.size, self._hash = BytesIO(head), rest, 0, hashlib.sha256()

    @property
    def digest(self) -> str:
        return self._hash.hexdigest()

    def read(self, size: int = -1) -> bytes:
        data = self._head.read(size) or self._rest.read(size)
        self.size += len(data)
        self._hash.update(data)
        return data

    def drain(self) -> None:
        """What is behind the last piece belongs to the deposit, too."""
        while self.read(1 << 20):
            pass


def _items(id: str, format: Format, stream: Any) -> Iterator[ItemRow]:
    """Piece by piece; a fault of the file is an item of its own. Raises Refused when nothing can be read."""
    last = 0
    for piece in cut(format, stream):
        if not piece.number and not last:
            break
        last = piece.number or last + 1
        if piece.data is None:
            yield ItemRow(id, last, deposits.QUARANTINED, issues=issues_text(piece.faults))
        else:
            yield ItemRow(id, last, digest=hashlib.sha256(piece.data).hexdigest(), data=packed(piece.data))
    if not last:
        raise Refused.because(400, "structure", "intake.empty")
