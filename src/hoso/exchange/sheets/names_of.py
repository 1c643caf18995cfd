"""Tests and vaccines by the names that titles and cells give them: from the national list of tests and words.toml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from hoso.exchange.insurance.mapping import codes
from hoso.exchange.sheets.kinds import in_brackets, plain, words
from hoso.fhir.terminology.tables import rows

_DOSE = re.compile(r"\b(?:mui|lan|lieu|dose|m|l)?\s*(nhac(?: lai)?|booster|[1-9])\Z")
_DOSED = re.compile(r"\b(?:mui|lan|lieu|dose)\s*(?:thu\s*)?(nhac(?: lai)?|booster|[1-9])\b")
_FILLER = re.compile(r"\b(?:vac xin|vacxin|vaccine|tiem|ngay|uong|phong)\b")


class Test(NamedTuple):
    """`code` is LOINC's."""

    code: str
    vi: str
    en: str
    unit: str


class Vaccine(NamedTuple):
    """`code` is CVX's, "" for one that is not in the list; `dose` a number, "nhắc", or ""."""

    code: str
    words: str
    dose: str


@cache
def _tests() -> Mapping[str, tuple[Test, ...]]:
    found: dict[str, tuple[Test, ...]] = {}
    for row in rows("tests.csv"):
        test = Test(row["code"], row["vi"], row["en"], row["unit"])
        for name in dict.fromkeys(map(plain, (row["vi"], row["en"], *row["words"].split("|"), row["code"]))):
            if name:
                found[name] = (*found.get(name, ()), test)
    return found


def tests_of(name: str) -> tuple[Test, ...]:
    """By its whole name, in either language, short or long, or LOINC's code. One name may be that of several."""
    return _tests().get(plain(name), ())


def test_of(name: str, unit: str) -> Test | None:
    """The one test that the name means; of several the one whose unit it is, and none while there is doubt."""
    found = tests_of(name)
    code = codes()["units"].get(unit, unit)
    if unit:
        found = tuple(one for one in found if not one.unit or one.unit == code)
    return found[0] if len(found) == 1 else None


def vaccine_of(name: str) -> Vaccine | None:
    """Of a title or cell like "DPT-VGB-Hib mũi 2", "BCG", "Viêm gan B sơ sinh"."""
    bare = plain(name.replace("(", " ").replace(")", " "))
    known = words("vaccine")
    for whole in (bare, plain(name), plain(in_brackets(name))):
        if code := known.get(whole):
            return Vaccine(code, name.strip(), "")
    dose = _DOSED.search(bare) or _DOSE.search(bare)
    rest = _FILLER.sub(" ", bare.replace(dose[0], " ") if dose else bare)
    rest = " ".join(rest.split())
    if code := known.get(rest):
        return Vaccine(code, name.strip(), _dose(dose[1]) if dose else "")
    return None


def _dose(text: str) -> str:
    return text if text.isdigit() else "nhắc"


def dose_number(text: str) -> str:
    """Of a cell like "Mũi 2", "2", "nhắc lại"; "" when it says none."""
    bare = plain(text)
    if bare.isdigit() and 0 < int(bare) < 20:
        return str(int(bare))
    found = _DOSED.search(bare) or _DOSE.search(bare)
    return _dose(found[1]) if found else ""
