"""Until when an answer is due, as the table of terms says, and how long a record must be kept."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from hoso.access.cases.terms import KINDS, acknowledge_by, kept_until, terms
from hoso.access.cases.words import MOST, said
from hoso.core.dates import VIETNAM
from hoso.core.errors import Refused

FRIDAY = datetime(2026, 11, 27, 9, 30, tzinfo=VIETNAM)


def day(moment: datetime) -> date:
    """The last day that is still in time."""
    assert (moment.hour, moment.minute) == (0, 0)
    return date.fromordinal(moment.toordinal() - 1)


@pytest.mark.parametrize(
    ("kind", "plain", "third", "extended"),
    [
        ("access", (12, 7), (12, 12), (12, 17)),
        ("correction", (12, 7), (12, 12), (12, 17)),
        ("withdrawal", (12, 12), (12, 17), (12, 27)),
        ("restriction", (12, 12), (12, 17), (12, 27)),
        ("erasure", (12, 17), (12, 27), (1, 6)),
        ("look", (12, 4), (12, 4), (12, 11)),
    ],
)
def test_the_terms_of_the_decree(
    kind: str, plain: tuple[int, int], third: tuple[int, int], extended: tuple[int, int]
) -> None:
    term = terms()[kind]  # type: ignore[index]
    found = [day(term.due(FRIDAY)), day(term.due(FRIDAY, third=True)), day(term.due(FRIDAY, extended=True))]
    assert [(one.month, one.day) for one in found] == [plain, third, extended]
    assert term.source


def test_every_kind_has_a_term() -> None:
    assert set(terms()) == set(KINDS)


@pytest.mark.parametrize(
    ("opened", "last"),
    [
        (FRIDAY, date(2026, 12, 1)),
        (datetime(2026, 11, 28, 9, tzinfo=VIETNAM), date(2026, 12, 1)),
        (datetime(2026, 11, 30, 9, tzinfo=VIETNAM), date(2026, 12, 2)),
        (datetime(2026, 11, 29, 17, 30, tzinfo=UTC), date(2026, 12, 2)),
    ],
    ids=["friday", "saturday", "monday", "monday in Viet Nam"],
)
def test_arrival_is_confirmed_within_two_working_days(opened: datetime, last: date) -> None:
    assert day(acknowledge_by(opened)) == last


def test_a_record_is_kept_thirty_years_after_the_year_of_death_and_of_the_living_without_an_end() -> None:
    assert kept_until(None) is None
    assert kept_until(date(1990, 2, 3)) == date(2020, 12, 31)


@pytest.mark.parametrize("text", ["", "x" * 9, " " * 99, "\u200b" * 99, "x" * (MOST + 1), " " * MOST + "đủ mười chữ"])
def test_words_have_a_length(text: str) -> None:
    with pytest.raises(Refused):
        said(text)


def test_words_are_one_plain_line() -> None:
    assert said("  một\x00hai\u202e ba\r\n\tbốn\ud800 năm ") == "một hai ba bốn năm"
    assert said("Tha\u0301ng mười hai") == "Tháng mười hai"
