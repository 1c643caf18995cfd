"""Which rows of a sheet are its header: titles may stand above, it may have two rows, keys or column numbers below.

Decided from the first rows alone: a header is a full row of short words in which some are known.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from hoso.core import fold
from hoso.exchange.sheets.cells import DATE, NUMBER, Row
from hoso.exchange.sheets.merges import Merge, letters

LOOKED_AT = 60
"""So many rows are looked at; a header further down is not found."""
_KEY = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\Z|STT\Z|MACH\Z")
_ORDINAL = re.compile(r"\(?\[?(?:\d{1,3}|[A-Za-z])\]?\)?(?:\s*=.*)?\Z")
_VALUE = re.compile(r"[\d\s.,/:+%<>=-]*\d[\d\s.,/:+%<>=-]*(?:[a-z%]{0,8}/?[a-zA-Z]{0,4})?\Z|[A-Z]{2}[\dA-Z]{8,}\Z")
_STEMS = re.compile(
    r"\b(?:ho ten|ho va ten|ho dem|ten|ngay|thang|nam sinh|gioi|phai|nam|nu|dia chi|ma|so|stt|tt|lop|ghi chu|"
    r"dien thoai|sdt|dt|cccd|cmnd|bhyt|ket qua|don vi|chan doan|vac ?xin|mui|lieu|lo|xa|phuong|huyen|quan|tinh|dan toc|"
    r"nghe nghiep|cha|me|giam ho|name|date|birth|dob|sex|gender|address|phone|code|id|no|unit|diagnosis|vaccine|"
    r"dose|lot|class|note|result|allergy|di ung|truong|benh|thuoc|huyet ap|chieu cao|can nang)\b"
)
_WORDY = 90
"""A header is not longer than this."""


@dataclass(frozen=True, slots=True)
class Header:
    """`titles` by column, parts of a header of two rows joined with " / "; "" for a column without one.

    `keys` are the field keys of a row of its own below ("HO_TEN"), by column, when the sheet has such a row.
    `rows` are the numbers of the header's rows, `first` that of the first row of data, `above` the texts over it.
    """

    titles: tuple[str, ...]
    keys: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    first: int = 1
    above: tuple[str, ...] = ()

    def name(self, column: int) -> str:
        """What to call a column: its title, else its letter."""
        return self.titles[column] if column < len(self.titles) and self.titles[column] else letters(column)


def names(header: Header) -> list[str]:
    """What columns are called: title, else letter; the second of the same title has "#2" behind it."""
    seen: Counter[str] = Counter()
    found = []
    for column in range(len(header.titles)):
        name = header.name(column)
        seen[name] += 1
        found.append(name if seen[name] == 1 else f"{name} #{seen[name]}")
    return found


def is_key(text: str) -> bool:
    return _KEY.match(text) is not None


def named(rows: Sequence[Row], wanted: Sequence[str]) -> Header | None:
    """The header that people mean who name these columns: the first row that has them all."""
    for row in rows[:LOOKED_AT]:
        titles = tuple(" ".join(text.split()) for text in row.texts)
        if wanted and set(wanted) <= set(titles):
            return Header(titles, rows=(row.number,), first=row.number + 1)
    return None


def find(rows: Sequence[Row], merges: Sequence[Merge]) -> Header:
    """The header among a sheet's first rows that hold anything, before merged cells are filled."""
    if not rows:
        return Header(())
    scores = [_score(row, rows) for row in rows[:LOOKED_AT]]
    best = max(range(len(scores)), key=lambda at: (scores[at], -at))
    if scores[best] <= 0:
        width = max(len(row.texts) for row in rows)
        return Header(("",) * width, first=rows[0].number)
    above = tuple(text for row in rows[:best] for text in row.texts if text)
    used, end = [rows[best]], best + 1
    keys: tuple[str, ...] = ()
    if _all_keys(used[0]):
        keys = tuple(used[0].texts)
        if best and _fits_above(rows[best - 1], used[0]):
            used = [rows[best - 1]]
            above = tuple(text for row in rows[: best - 1] for text in row.texts if text)
    elif end < len(rows) and _is_second(used[0], rows[end], merges):
        used.append(rows[end])
        end += 1
    if not keys and end < len(rows) and _all_keys(rows[end]):
        keys, end = tuple(rows[end].texts), end + 1
    if end < len(rows) and _is_numbering(rows[end]):
        end += 1
    titles = _joined(used, merges)
    numbers = tuple(row.number for row in rows[rows.index(used[0]) : end])
    return Header(titles, keys, numbers, numbers[-1] + 1, above)


def _score(row: Row, rows: Sequence[Row]) -> float:
    held = [text for text in row.texts if text]
    if len(held) < 2:
        return 0
    words = [text for at, text in enumerate(row.texts) if text and _is_word(row, at)]
    known = sum(bool(is_key(text) or _STEMS.search(fold(text))) for text in words)
    if len(words) < len(held) * 0.8 or not known:
        return 0
    width = max(len(one.texts) for one in rows)
    return known * 2 + len(words) / width - 2 * (len(held) - len(words))


def _is_word(row: Row, at: int) -> bool:
    text = row.texts[at]
    return len(text) <= _WORDY and row.marks.get(at) not in (NUMBER, DATE) and not _VALUE.match(text)


def _all_keys(row: Row) -> bool:
    held = [text for text in row.texts if text]
    return len(held) >= 2 and sum(map(is_key, held)) >= len(held) * 0.6


def _fits_above(row: Row, keys: Row) -> bool:
    """Whether a row has the titles of the keys below it."""
    held = [at for at, text in enumerate(row.texts) if text]
    named = [at for at, text in enumerate(keys.texts) if text]
    return len(held) >= max(2, len(named) * 0.5) and all(_is_word(row, at) for at in held)


def _is_numbering(row: Row) -> bool:
    """A row that counts the columns: (1) (2) (3), or A B 1 2 3 = 1 + 2."""
    held = [text for text in row.texts if text]
    digits = [int(found[0]) for text in held if (found := re.search(r"\d+", text))]
    if len(held) < 3 or not all(_ORDINAL.match(text) for text in held) or len(digits) < 2:
        return False
    return digits == list(range(digits[0], digits[0] + len(digits))) and digits[0] <= 3


def _is_second(first: Row, second: Row, merges: Sequence[Merge]) -> bool:
    """Whether a row divides what the row above it groups: words only, and only where that one leaves room."""
    held = [at for at, text in enumerate(second.texts) if text]
    if not held or not all(_is_word(second, at) for at in held) or _all_keys(second):
        return False
    groups = {at for one in merges if one.top <= first.number <= one.bottom for at in range(one.left, one.right + 1)}
    alone = {at for at, text in enumerate(first.texts) if text and at not in groups and not _opens(first, at, second)}
    if alone & set(held):
        return False
    return any(at in groups or at >= len(first.texts) or not first.texts[at] for at in held)


def _opens(first: Row, at: int, second: Row) -> bool:
    """Without merges to say so: a title followed by an empty cell, both with words below, is over both."""
    following = at + 1 >= len(first.texts) or not first.texts[at + 1]
    return following and all(place < len(second.texts) and second.texts[place] for place in (at, at + 1))


def _joined(used: Sequence[Row], merges: Sequence[Merge]) -> tuple[str, ...]:
    width = max(len(row.texts) for row in used)
    if len(used) == 1:
        return tuple(" ".join(text.split()) for text in used[0].texts)
    spread = _spread(used[0], used[1], width, merges)
    lower = used[1].texts + [""] * (width - len(used[1].texts))
    pairs = zip(spread, lower, strict=True)
    return tuple(" ".join(" / ".join(part for part in dict.fromkeys(pair) if part).split()) for pair in pairs)


def _spread(first: Row, second: Row, width: int, merges: Sequence[Merge]) -> list[str]:
    """The upper row with every group's title over all its columns."""
    texts = first.texts + [""] * (width - len(first.texts))
    wide = {one.left: one.right for one in merges if one.top == first.number and one.right > one.left}
    spread = list(texts)
    for at, text in enumerate(texts):
        if not text:
            continue
        last = wide.get(at, at)
        if at not in wide and at < len(second.texts) and second.texts[at]:
            while last + 1 < width and not texts[last + 1] and last + 1 < len(second.texts) and second.texts[last + 1]:
                last += 1
        for place in range(at, min(last, width - 1) + 1):
            spread[place] = text
    return spread
