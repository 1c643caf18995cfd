"""Texts of fields as values: what is known of a date is kept, and what is no value is never guessed at."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hoso.exchange.insurance import values


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("202607150830", "2026-07-15T08:30:00+07:00"),
        ("20260715083059", "2026-07-15T08:30:59+07:00"),
        (" 202607150830 ", "2026-07-15T08:30:00+07:00"),
        ("2026-07-15 08:30", "2026-07-15T08:30:00+07:00"),
        ("2026-07-15T08:30:00+07:00", "2026-07-15T08:30:00+07:00"),
        ("15/07/2026 08:30", "2026-07-15T08:30:00+07:00"),
        ("202607150000", "2026-07-15T00:00:00+07:00"),
        ("20260715", "2026-07-15"),
        ("202600000000", "2026"),
        ("202607000000", "2026-07"),
        ("2026", "2026"),
        ("202602290000", None),
        ("202607152460", None),
        ("000001010000", None),
        ("202600010000", None),
        ("20260715 8h30", None),
        ("", None),
        ("٢٠٢٦٠٧١٥", None),
    ],
)
def test_a_moment_is_as_exact_as_it_was_written(text: str, expected: str | None) -> None:
    assert values.moment(text) == expected


@given(st.datetimes(min_value=datetime(1000, 1, 1)))  # noqa: DTZ001
def test_every_moment_comes_back(when: datetime) -> None:
    assert values.moment(when.strftime("%Y%m%d%H%M")) == when.strftime("%Y-%m-%dT%H:%M:00+07:00")


@given(st.text(max_size=20))
def test_no_text_breaks_anything(text: str) -> None:
    values.moment(text)
    values.day(text)
    values.number(text)
    assert all(values.listed(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5.60", "5.60"),
        ("007", "7"),
        ("-0.50", "-0.50"),
        ("5,6", "5.6"),
        ("1,000", None),
        ("1.000.000", None),
        ("1e5", None),
        ("5.", None),
        ("<5", None),
        ("", None),
    ],
)
def test_a_number_keeps_its_precision(text: str, expected: str | None) -> None:
    assert values.number(text) == expected


def test_zeros_that_were_lost_are_put_back_in_codes_only() -> None:
    assert [values.code(text, 3) for text in ("0", "000", "VN", "")] == ["000", "000", "VN", ""]
