"""Times of HL7 v2 (YYYY[MM[DD[HH[MM[SS[.S…]]]]]][±ZZZZ]) as times of FHIR, as precise as they were said.

A text that is no such time gives None: nothing is guessed. A time without an offset is in the zone of its message.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone
from functools import lru_cache

ZONE = "+07:00"
"""Asia/Ho_Chi_Minh, which has had no other offset since 1975."""
_TIME = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\.\d{1,9})?([+-]\d{4})?\Z", re.ASCII)
_HOME = timezone(timedelta(hours=7))


@lru_cache(4_096)
def moment(text: str, zone: str = ZONE) -> str | None:
    """A FHIR dateTime. Minutes that were not said are 00, since FHIR has no hour alone."""
    match = _TIME.match(text)
    day = _day(match[1], match[2], match[3]) if match else None
    if match is None or day is None or match[4] is None:
        return day
    hour, minute, second = match[4], match[5] or "00", match[6] or "00"
    if len(day) < 10 or hour > "23" or minute > "59" or second > "59":
        return None
    found = offset(text) if match[8] else zone
    return None if found is None else f"{day}T{hour}:{minute}:{second}{(match[7] or '')[:4]}{found}"


def day(text: str) -> str | None:
    """A FHIR date, perhaps only a year or a month; of a text that also has a time, its day."""
    match = _TIME.match(text)
    return _day(match[1], match[2], match[3]) if match else None


def instant(text: str, zone: str = ZONE) -> str | None:
    found = moment(text, zone)
    if found is None or len(found) < 10:
        return None
    return found if len(found) > 10 else f"{found}T00:00:00{zone}"


def offset(text: str) -> str | None:
    """The offset at the end of a time ("+0700" as "+07:00"); None when there is none, or none that exists."""
    match = _TIME.match(text)
    if match is None or match[8] is None:
        return None
    hours, minutes = match[8][1:3], match[8][3:]
    return f"{match[8][:3]}:{minutes}" if hours <= "14" and minutes <= "59" else None


def at_home(text: str) -> str:
    """An instant with the offset of Viet Nam, so that two such texts compare as their times do."""
    moment = datetime.fromisoformat(text).astimezone(_HOME)
    return moment.replace(microsecond=0).isoformat()


def is_before(end: str, start: str) -> bool:
    """Whether a FHIR dateTime certainly lies before another; "" lies nowhere."""
    if len(end) > 10 and len(start) > 10:
        return at_home(end) < at_home(start)
    size = min(len(end), len(start), 10)
    return end[:size] < start[:size]


def clock(text: str) -> str | None:
    """HHMM[SS] as a FHIR time."""
    match = re.match(r"([01]\d|2[0-3])([0-5]\d)([0-5]\d)?(?:\.\d+)?\Z", text, re.ASCII)
    return f"{match[1]}:{match[2]}:{match[3] or '00'}" if match else None


def _day(year: str, month: str | None, of_month: str | None) -> str | None:
    """Zeros stand for what is not known."""
    if year == "0000" or (of_month not in (None, "00") and month in (None, "00")):
        return None
    if month in (None, "00"):
        return year
    if of_month in (None, "00"):
        return f"{year}-{month}" if month <= "12" else None
    try:
        date(int(year), int(month), int(of_month))
    except ValueError:
        return None
    return f"{year}-{month}-{of_month}"
