"""Now, parts of a date and time, and spans between two; the present comes in with the call, never from the air."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hoso.core.dates import VIETNAM
from hoso.fhir.path.errors import execution
from hoso.fhir.path.frame import Frame
from hoso.fhir.path.quantity import CALENDAR
from hoso.fhir.path.registry import function, one
from hoso.fhir.path.temporal import Temporal
from hoso.fhir.path.values import Collection, single, string, system


def _present(frame: Frame) -> datetime:
    if frame.run.now is None:
        raise execution("The present is not known here")
    return frame.run.now.astimezone(VIETNAM)


def _temporal(items: Collection) -> Temporal | None:
    value = system(single(items))
    if value is None or isinstance(value, Temporal):
        return value
    raise execution("A date or time is expected here")


@function("now")
def now(frame: Frame, items: Collection) -> Collection:
    at = _present(frame)
    parts = (at.year, at.month, at.day, at.hour, at.minute, at.second)
    return [Temporal("DateTime", parts, f"{at.microsecond // 1000:03d}", 7 * 60)]


@function("today")
def today(frame: Frame, items: Collection) -> Collection:
    at = _present(frame)
    return [Temporal("Date", (at.year, at.month, at.day))]


@function("timeOfDay")
def time_of_day(frame: Frame, items: Collection) -> Collection:
    at = _present(frame)
    return [Temporal("Time", (at.hour, at.minute, at.second), f"{at.microsecond // 1000:03d}")]


def _component(name: str, place: int) -> None:
    @function(name)
    def applied(frame: Frame, items: Collection) -> Collection:
        value = _temporal(items)
        at = place if value is None or value.kind != "Time" else place - 3
        return [value.parts[at]] if value is not None and 0 <= at < len(value.parts) else []


for _name, _place in {"yearOf": 0, "monthOf": 1, "dayOf": 2, "hourOf": 3, "minuteOf": 4, "secondOf": 5}.items():
    _component(_name, _place)


@function("millisecondOf")
def millisecond_of(frame: Frame, items: Collection) -> Collection:
    value = _temporal(items)
    return [int((value.fraction + "00")[:3])] if value is not None and value.fraction else []


@function("timezoneOffsetOf")
def timezone_offset_of(frame: Frame, items: Collection) -> Collection:
    value = _temporal(items)
    return [Decimal(value.zone) / 60] if value is not None and value.zone is not None else []


@function("dateOf")
def date_of(frame: Frame, items: Collection) -> Collection:
    value = _temporal(items)
    return [Temporal("Date", value.parts[:3])] if value is not None and value.kind != "Time" else []


@function("timeOf")
def time_of(frame: Frame, items: Collection) -> Collection:
    value = _temporal(items)
    if value is None or value.kind == "Time" or len(value.parts) < 4:
        return []
    return [Temporal("Time", value.parts[3:], value.fraction)]


_SECONDS = {"week": 604_800, "day": 86_400, "hour": 3600, "minute": 60, "second": 1}


def _moment(value: Temporal) -> datetime:
    """The start of what the value covers, in UTC when it has a zone."""
    clock = (1970, 1, 1, *value.parts) if value.kind == "Time" else value.parts
    year, month, day, hour, minute, second = (*clock, *(1, 1, 0, 0, 0)[len(clock) - 1 :])[:6]
    at = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
    return at - timedelta(minutes=value.zone or 0) + timedelta(seconds=float(f"0.{value.fraction or 0}"))


def _months_between(first: Temporal, second: Temporal, boundaries: bool) -> int | None:
    if first.kind == "Time" or min(len(first.parts), len(second.parts)) < 2:
        return None
    months = (second.parts[0] - first.parts[0]) * 12 + second.parts[1] - first.parts[1]
    if boundaries or months == 0:
        return months
    rest = (first.parts[2:] > second.parts[2:]) - (first.parts[2:] < second.parts[2:])
    return months - 1 if months > 0 and rest > 0 else months + 1 if months < 0 and rest < 0 else months


def _between(items: Collection, other: Collection, precision: Collection, boundaries: bool) -> int | None:
    first, second, unit = _temporal(items), _temporal(other), CALENDAR.get(string(precision) or "")
    if first is None or second is None:
        return None
    if unit is None or not first.comparable_with(second):
        raise execution("These two have no such distance")
    if unit == "year" and boundaries and first.kind != "Time":
        return second.parts[0] - first.parts[0]
    if unit in ("year", "month"):
        months = _months_between(first, second, boundaries)
        return months if months is None or unit == "month" else int(months / 12)
    start, end = _moment(first), _moment(second)
    if unit == "millisecond":
        return (end - start) // timedelta(milliseconds=1)
    size = _SECONDS[unit]
    if boundaries:
        epoch = datetime(1969, 12, 28, tzinfo=UTC)  # a Sunday, where a week begins
        return (end - epoch) // timedelta(seconds=size) - (start - epoch) // timedelta(seconds=size)
    return int((end - start).total_seconds() / size)


@function("duration", 2)
def duration(frame: Frame, items: Collection, other: Collection, precision: Collection) -> Collection:
    return one(_between(items, other, precision, boundaries=False))


@function("difference", 2)
def difference(frame: Frame, items: Collection, other: Collection, precision: Collection) -> Collection:
    return one(_between(items, other, precision, boundaries=True))
