"""The engine against the schedule's own words: a table written by hand, one child a row (cases.txt)."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from hoso.care.immunization import Forecast, Given, forecast
from hoso.care.immunization.ages import after

_SHORT = {
    "penta": "dpt_hepb_hib",
    "hexa": "hexavalent",
    "penta_ipv": "dtap_ipv_hib",
    "tetra": "dtap_ipv",
    "uv": "tetanus",
}
_UNITS = {"d": "days", "w": "weeks", "m": "months", "y": "years"}
_STEP = re.compile(r"([+-]?)(\d+)([dwmy])")
ROWS = [
    row
    for row in (Path(__file__).with_name("cases.txt").read_text("utf-8")).splitlines()
    if row.strip() and not row.startswith("#")
]


def when(born: date, text: str) -> date:
    """ "2m+3d" is three days after two months; "3m-1d" the day before three months."""
    day = born
    for sign, number, unit in _STEP.findall(text):
        day = day - timedelta(days=int(number)) if sign == "-" else after(day, f"{number} {_UNITS[unit]}")
    return day


def child(row: str) -> tuple[Forecast, date, str]:
    who, born_text, told, on, expected, _ = (part.strip() for part in row.split("|"))
    born = date.fromisoformat(born_text)
    given, known = [], {}
    for one in told.split():
        if one.startswith("!"):
            key, _, since = one[1:].partition("@")
            known[key] = when(born, since) if since else None
            continue
        vaccine, _, at = one.partition("@")
        bad = vaccine.endswith("*")
        vaccine = vaccine.rstrip("*")
        given.append(Given(when(born, at), _SHORT.get(vaccine, vaccine), anaphylaxis=bad))
    sex = "female" if who[0] == "f" else "male"
    return forecast(born, sex, who[1:], given, known, when(born, on)), born, expected


@pytest.mark.parametrize("row", ROWS)
def test_the_schedule_says(row: str) -> None:
    found, born, expected = child(row)
    for claim in expected.split():
        name, _, value = claim.partition("=")
        name, _, what = name.partition(".")
        series, number = name.rstrip("0123456789"), int(name[len(name.rstrip("0123456789")) :])
        line = found.line(series, number)
        if value == "none":
            assert line is None, claim
            continue
        assert line is not None, claim
        if what in ("earliest", "recommended", "overdue", "latest"):
            assert getattr(line, what) == when(born, value), (claim, line)
        elif what == "vaccine":
            assert line.vaccine == _SHORT.get(value, value), (claim, line)
        elif what == "why":
            assert value in line.why, (claim, line)
        else:
            assert line.status == value, (claim, line)


def test_the_table_is_large() -> None:
    assert len(ROWS) >= 200 and len(set(ROWS)) == len(ROWS)
