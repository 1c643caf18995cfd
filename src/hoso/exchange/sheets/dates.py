"""Dates as people write them in cells, as FHIR dates: day first, short years, the year alone, serial numbers.

What is no date gives None and is never bent into one; day and month change places only where a whole column does.
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Literal

from hoso.core import fold
from hoso.exchange.sheets.cells import serial

Order = Literal["", "mdy"]
ZONE = "+07:00"
_TIME = r"(?:[T ,]+(\d{1,2})(?:[:hg](\d{1,2}))?(?::(\d{1,2}))?(?:\.\d+)?\s*(?:\+07:00|Z)?\s*(am|pm|sa|ch)?)?"
_PARTS = re.compile(rf"(\d{{1,2}})\s*[-/.,\s]\s*(\d{{1,2}})\s*[-/.,\s]\s*(\d{{4}}|\d\d){_TIME}\Z", re.IGNORECASE)
_YEAR_FIRST = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}}){_TIME}\Z", re.IGNORECASE)
_TIME_FIRST = re.compile(r"(\d{1,2}[:hg]\d{0,2}(?::\d\d)?)\s*(?:ngay)?[\s,-]+(\S+)\Z", re.IGNORECASE)
_MONTH = re.compile(r"(?:0?0[-/.])?(\d{1,2})[-/.](\d{4})\Z")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?\Z")
_WORDS = re.compile(r"(?:ngay\s+)?(\d{1,2})\s+thang\s+(\d{1,2})\s+nam\s+(\d{4})\Z")
_SERIAL = re.compile(r"[1-5]\d{4}(?:\.\d+)?\Z")
EARLIEST = 1880


def read(text: str, today: date, order: Order = "") -> str | None:
    """A FHIR date or dateTime ("1980", "1980-02", "1980-02-01", "2026-07-15T08:30:00+07:00"); None if it is none."""
    text = text.strip()
    if len(text) == 4 and text.isdigit():
        return text if EARLIEST <= int(text) <= today.year + 1 else None
    if found := _WORDS.match(fold(text)):
        return _moment(found[3], found[2], found[1], None, today)
    if found := _TIME_FIRST.match(fold(text)):
        text = f"{found[2]} {found[1]}"
    if found := _PARTS.match(text):
        first, second, year = found[1], found[2], found[3]
        day, month = (second, first) if order == "mdy" else (first, second)
        return _moment(year, month, day, found.groups()[3:], today)
    if found := _YEAR_FIRST.match(text):
        return _moment(found[1], found[2], found[3], found.groups()[3:], today)
    if found := _MONTH.match(text):
        month, year = int(found[1]), int(found[2])
        if month == 0:
            return found[2]
        return f"{year}-{month:02}" if month <= 12 and EARLIEST <= year <= today.year + 1 else None
    if found := _COMPACT.match(text):
        return _moment(found[1], found[2], found[3], (*found.groups()[3:], None), today)
    return serial_day(text)


def serial_day(text: str) -> str | None:
    """Of the number that stands for a date in a program which lost its format: years 1927 to 2064."""
    if not _SERIAL.match(text):
        return None
    return _zoned(serial(Decimal(text)) or "")


def _zoned(iso: str) -> str | None:
    return f"{iso}{ZONE}" if "T" in iso else iso or None


def _moment(year: str, month: str, day: str, time: tuple[str | None, ...] | None, today: date) -> str | None:
    of_year = _full(int(year), today) if len(year) == 2 else int(year)
    if of_year < EARLIEST or of_year > today.year + 200:
        return None
    if int(month) == 0:
        return str(of_year) if int(day) == 0 else None
    if int(day) == 0:
        return f"{of_year}-{int(month):02}" if int(month) <= 12 else None
    try:
        iso = date(of_year, int(month), int(day)).isoformat()
    except ValueError:
        return None
    clock = _clock(time) if time and time[0] is not None else ""
    if clock is None:
        return None
    return f"{iso}T{clock}{ZONE}" if clock else iso


def _full(short: int, today: date) -> int:
    """The latest year that is not after this one."""
    century = today.year - today.year % 100
    return century + short if century + short <= today.year else century + short - 100


def _clock(time: tuple[str | None, ...]) -> str | None:
    hour, minute, second = (int(part or 0) for part in time[:3])
    half = (time[3] or "").lower() if len(time) > 3 else ""
    if half in ("pm", "ch") and hour < 12:
        hour += 12
    if hour > 23 or minute > 59 or second > 59:
        return None
    return f"{hour:02}:{minute:02}:{second:02}"


def order_of(texts: list[str]) -> Order:
    """Whether a column has the month first: only if some date can be read so alone, and none the other way alone."""
    day_first = month_first = 0
    for text in texts:
        found = _PARTS.match(text.strip())
        if found and int(found[1]) > 12 >= int(found[2]):
            day_first += 1
        elif found and int(found[2]) > 12 >= int(found[1]):
            month_first += 1
    return "mdy" if month_first > 1 and not day_first else ""
