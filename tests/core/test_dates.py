"""Partial dates are the spans they cover, in Viet Nam's time unless they say otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoso.core.clock import from_ms, instant, to_ms
from hoso.core.dates import Span, parse_span


def ms(*parts: int) -> int:
    return to_ms(datetime(*parts, tzinfo=UTC))  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("2026", ms(2025, 12, 31, 17), ms(2026, 12, 31, 17)),
        ("2026-02", ms(2026, 1, 31, 17), ms(2026, 2, 28, 17)),
        ("2024-02-29", ms(2024, 2, 28, 17), ms(2024, 2, 29, 17)),
        ("2026-12", ms(2026, 11, 30, 17), ms(2026, 12, 31, 17)),
        ("2026-11-23T08:15Z", ms(2026, 11, 23, 8, 15), ms(2026, 11, 23, 8, 16)),
        ("2026-11-23T08:15:30+07:00", ms(2026, 11, 23, 1, 15, 30), ms(2026, 11, 23, 1, 15, 31)),
        ("2026-11-23T08:15:30", ms(2026, 11, 23, 1, 15, 30), ms(2026, 11, 23, 1, 15, 31)),
        ("2026-11-23T08:15:30.5Z", ms(2026, 11, 23, 8, 15, 30) + 500, ms(2026, 11, 23, 8, 15, 30) + 600),
        ("2026-11-23T08:15:30.123456Z", ms(2026, 11, 23, 8, 15, 30) + 123, ms(2026, 11, 23, 8, 15, 30) + 124),
        ("2016-12-31T23:59:60Z", ms(2017, 1, 1), ms(2017, 1, 1, 0, 0, 1)),
    ],
)
def test_a_date_covers_the_span_its_precision_gives(text: str, low: int, high: int) -> None:
    assert parse_span(text) == Span(low, high)


@pytest.mark.parametrize(
    "text",
    ["", "26", "2026-13", "2023-02-30", "0000", "2026-1-1", "2026-11-23T25:00Z", "2026-11-23 08:15", "2026-11-23T08",
     "2026-11-23T08:15+15:00", "２０２６", "2026\n", "2026-11-23T08:15:30.1234567890Z"],
)  # fmt: skip
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_span(text)


@given(st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30)))  # noqa: DTZ001
def test_every_instant_lies_in_its_own_day_month_and_year(moment: datetime) -> None:
    at = parse_span(moment.isoformat(timespec="milliseconds") + "+07:00").low
    for text in (
        moment.strftime("%Y").zfill(4),
        f"{moment.year:04}-{moment:%m}",
        f"{moment.year:04}-{moment:%m-%d}",
    ):
        span = parse_span(text)
        assert span.low <= at < span.high


@given(st.integers(min_value=-62_000_000_000_000, max_value=253_000_000_000_000))
def test_an_instant_written_by_us_reads_back_to_the_millisecond(at: int) -> None:
    assert parse_span(instant(at)) == Span(at, at + 1)
    assert from_ms(at) - timedelta(milliseconds=at) == from_ms(0)
