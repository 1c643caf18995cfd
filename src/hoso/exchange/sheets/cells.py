"""Cells as text: a number as its digits, a date as ISO, whatever program wrote them; what was lost or odd is marked.

A mark never changes what the text says; it tells the reader of the text what to be careful about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from unicodedata import normalize

from hoso.exchange.sheets.neutral import restored
from hoso.identity.normalise.fonts import as_unicode, in_letters

FORMULA, ERROR, MERGED, NUMBER, DATE = "formula", "error", "merged", "number", "date"
DIGITS, NUL, LONG, QUOTE, WIDTH = "digits", "nul", "long", "quote", "width"
ANOTHERS = "anothers"
"""`formula`: the value that was last worked out; `error`: #N/A and its like, read as nothing; `merged`: the value of
the cell above; `number`, `date`: kept as such by the program; `digits`: more digits than the program kept; `nul`:
held a NUL; `long`: cut at CELL; `quote`: a quotation mark that never ends; `width`: more cells than COLUMNS;
`anothers`: a number that a row above has for somebody else (set when rows become pieces)."""
CELL = 32_767
"""The longest text of a cell, which is also that of the common programs."""
COLUMNS = 1_024

_LOST = re.compile(r"[1-9](?:[.,]\d+)?E\+\d+\Z")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff]")
_MICRO = re.compile("[\u00b5\u03bc](?:m|g|l|s|mol|kat)\\b", re.IGNORECASE)
"""A unit, which the font TCVN3 would read as a word."""
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_DATE_FORMATS = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_QUOTED = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')
_PADDED = re.compile(r"0{2,20}\Z")
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - a cell's date has no zone
_LAST_SERIAL = 2_958_466


@dataclass(slots=True)
class Row:
    """`number` is the row's own, from 1. `texts` has one text a column, "" for nothing.

    `marks` and `originals` (the text as it came, where an old encoding was mended) are by column, from 0.
    """

    number: int
    texts: list[str]
    marks: dict[int, str] = field(default_factory=dict)
    originals: dict[int, str] = field(default_factory=dict)

    @property
    def blank(self) -> bool:
        return not any(self.texts)


def tidy(row: Row) -> Row:
    """Spaces, invisible characters and old encodings of every text; blank cells at the end fall away."""
    texts = row.texts
    if len(texts) > COLUMNS:
        del texts[COLUMNS:]
        row.marks[COLUMNS - 1] = WIDTH
    for at, text in enumerate(texts):
        if not text:
            continue
        if not text.isprintable():
            text = _printable(row, at, text)
        if not text.isascii():
            text = normalize("NFC", text)
            mended = _mended(text)
            if mended != text:
                row.originals[at] = text
                text = mended
        texts[at] = text = restored(text.strip())
        if "E" in text and _LOST.match(text):
            row.marks[at] = DIGITS
    while texts and not texts[-1]:
        texts.pop()
    return row


def in_font(row: Row, kind: str) -> Row:
    """Every text as the old font meant it, in which the whole file is written; what came stays beside it."""
    for at, text in enumerate(row.texts):
        if not text.isascii():
            row.originals[at] = text
            row.texts[at] = in_letters(text, kind)
    return row


def _printable(row: Row, at: int, text: str) -> str:
    if "\x00" in text:
        row.marks[at] = NUL
    text = _CONTROL.sub("", text.replace("\xa0", " ")).replace("\r\n", "\n")
    if len(text) > CELL:
        row.marks[at] = LONG
    return text[:CELL]


@lru_cache(maxsize=65_536)
def _mended(text: str) -> str:
    return text if _MICRO.search(text) else as_unicode(text)[0]


def unescaped(text: str) -> str:
    """Characters that XML cannot hold, as workbooks write them: "_x000D_"."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


@lru_cache(maxsize=4_096)
def format_of(number: int, code: str) -> str:
    """What a number format makes of a number: "date", as many zeros as it is padded to, or ""."""
    if number in _DATE_FORMATS:
        return DATE
    plain = _QUOTED.sub("", code.split(";")[0]).lower()
    if _PADDED.match(plain):
        return plain
    return DATE if re.search(r"[ymdhs]", plain) and "general" not in plain and "#" not in plain else ""


def number_text(text: str, form: str, since_1904: bool = False) -> tuple[str, str]:
    """A number cell as text, with its mark. `form` is what `format_of` said.

    The binary noise of a fraction goes ("36.600000000000001" is 36.6); what is no number stays as it is.
    """
    if text.isdigit() and len(text) <= 15 and not form:
        return text, NUMBER
    try:
        exact = Decimal(text)
    except InvalidOperation:
        return text, ""
    if not exact.is_finite():
        return text, ERROR
    if form == DATE and (moment := serial(exact, since_1904)):
        return moment, DATE
    plain = _plain(exact)
    if form and form != DATE:
        return plain.zfill(len(form)), NUMBER
    return plain, DIGITS if exact.adjusted() >= 15 else NUMBER


def _plain(exact: Decimal) -> str:
    if abs(exact.adjusted()) > 30:
        return str(exact)
    rounded = Decimal(f"{exact:.15g}")
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def serial(days: Decimal, since_1904: bool = False) -> str | None:
    """The moment of a serial number of days: "2024-01-31", with a time "2024-01-31T08:30:00", below 1 "08:30:00".

    The first two months of 1900 are counted as the programs do, which take that year for a leap year.
    """
    if days < 0 or days >= _LAST_SERIAL:
        return None
    whole, seconds = int(days), round((days - int(days)) * 86_400)
    if not whole and not since_1904:
        return (_EPOCH + timedelta(seconds=seconds)).strftime("%H:%M:%S")
    shift = 1462 if since_1904 else int(whole < 60)
    moment = _EPOCH + timedelta(days=whole + shift, seconds=seconds)
    return moment.strftime("%Y-%m-%dT%H:%M:%S" if seconds else "%Y-%m-%d").rjust(10, "0")
