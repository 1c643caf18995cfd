"""Lines of one import into the store: each checked as a write by itself, many stored together, the refused told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

from hoso.access import Conflict, Draft, Records, Version
from hoso.access.demands import Unfit
from hoso.access.errand import Errand
from hoso.access.intake import accept
from hoso.core.errors import Issue, Refused
from hoso.exchange.commit import same
from hoso.exchange.documents import BOM
from hoso.exchange.imports.desk import Counts
from hoso.exchange.stable_ids import from_content
from hoso.fhir.json import encode, parse
from hoso.fhir.outcome import outcome

MOST_LINE = 5_000_000
ATTEMPTS = 5
Spare = Callable[[str, str | None], None]
"""Raises Refused for records that nobody may write."""


class Line(NamedTuple):
    number: int
    text: bytes


class Item(NamedTuple):
    line: Line
    draft: Draft


class Batch:
    """Some lines of a file of one type, in their order. `since`: what was stored since then, by an attempt that broke

    off, was stored by this import.
    """

    def __init__(self, records: Records, errand: Errand, type: str, spare: Spare, since: int | None) -> None:
        self._records, self._errand, self._type, self._spare, self._since = records, errand, type, spare, since
        self.counts = Counts()
        self.outcomes: list[bytes] = []

    def store(self, lines: Sequence[Line]) -> None:
        """Raises Unavailable; then nothing is known of the lines, which are to be tried again."""
        self.counts.read += len(lines)
        items: list[Item] = []
        for line in lines:
            try:
                item = self._item(line)
            except Refused as refused:
                self._refuse(line, refused.issues)
                continue
            if any(one.draft.id == item.draft.id for one in items):  # a later state follows an earlier one
                self._together(items)
                items = []
            items.append(item)
        if items:
            self._together(items)

    def _item(self, line: Line) -> Item:
        text = line.text.removeprefix(BOM) if line.number == 1 else line.text
        if len(text) > MOST_LINE:
            raise Refused.because(413, "too-long", "import.long-line", limit=str(MOST_LINE // 1_000_000))
        tree = parse(text)
        id = tree.get("id")
        accepted = accept(text, self._type)
        self._spare(self._type, id)
        named = id if isinstance(id, str) else from_content(self._type, text, 1)
        return Item(line, accepted.draft("PUT", named))

    def _together(self, items: Sequence[Item]) -> None:
        """All at once, and when one of them is refused each by itself."""
        try:
            self._save(items)
        except (Refused, Conflict) as error:
            if len(items) > 1:
                for item in items:
                    self._together([item])
                return
            (item,) = items
            self._refuse(item.line, _issues(error, item))

    def _save(self, items: Sequence[Item]) -> None:
        for attempt in range(ATTEMPTS):
            heads = self._records.heads(self._errand, [(self._type, item.draft.id) for item in items])
            fresh = [item for item in items if not _is(item, heads)]
            drafts = [replace(item.draft, base=_base(heads, item)) for item in fresh]
            try:
                if drafts:
                    self._records.save(self._errand, [("u", self._type)], drafts)
            except Conflict:  # somebody else wrote the same record meanwhile: look again
                if attempt == ATTEMPTS - 1:
                    raise
                continue
            kept = [heads[self._type, item.draft.id] for item in items if _is(item, heads)]
            before = [one for one in kept if self._since is not None and one.updated >= self._since]
            self.counts.stored += len(fresh) + len(before)
            self.counts.unchanged += len(kept) - len(before)
            return

    def _refuse(self, line: Line, issues: Sequence[Issue]) -> None:
        self.counts.rejected += 1
        told = outcome(issues)
        for issue in told["issue"]:
            issue["location"] = [f"line {line.number}"]
        self.outcomes.append(encode(told))


def _issues(error: Refused | Conflict, item: Item) -> Sequence[Issue]:
    if isinstance(error, Unfit):
        return error.faults[item.draft.type, item.draft.id]
    if isinstance(error, Refused):
        return error.issues
    return [Issue("conflict", "load.contended")]


def _is(item: Item, heads: dict[tuple[str, str], Version]) -> bool:
    head = heads.get((item.draft.type, item.draft.id))
    return head is not None and not head.deleted and same(item.draft.body, head)


def _base(heads: dict[tuple[str, str], Version], item: Item) -> str | None:
    head = heads.get((item.draft.type, item.draft.id))
    return None if head is None or head.deleted else head.version
