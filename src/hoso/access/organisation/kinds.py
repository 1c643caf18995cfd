"""The kinds of organisations, kinds.toml: what number each is known by and what it may stand under."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from hoso.core.errors import Refused
from hoso.fhir.systems import FACILITY_CODE, GLN, ORGANISATION_CODE

_INSURER = re.compile(r"\d\d[0-9A-Z]{3}\Z", re.ASCII)
_OWN = re.compile(r"[0-9A-Z][0-9A-Z.-]{0,30}[0-9A-Z]\Z", re.ASCII)
_GLN = re.compile(r"893\d{10}\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kind:
    """`under`: kinds it may stand under, "" for none at all. `governs`: it looks after all that stands below it."""

    code: str
    title: str
    system: str
    under: frozenset[str]
    governs: bool
    ended: date | None


@cache
def kinds() -> dict[str, Kind]:
    table = tomllib.loads((files("hoso.access.organisation") / "kinds.toml").read_text("utf-8"))
    systems = {"insurer": FACILITY_CODE, "own": ORGANISATION_CODE}
    return {
        code: Kind(
            code, row["title"], systems[row["code"]], frozenset(row["under"]), row.get("governs", False),
            row.get("ended"),
        )
        for code, row in table.items()
    }  # fmt: skip


def governs(kind: str) -> bool:
    return kind in kinds() and kinds()[kind].governs


def check_code(kind: Kind, code: str) -> None:
    """Raises Refused for what is no code of the kind."""
    if not (_INSURER if kind.system == FACILITY_CODE else _OWN).match(code):
        key = "organisation.code" if kind.system == FACILITY_CODE else "organisation.own-code"
        raise Refused.because(422, "value", key, number=code[:64])


def check_gln(number: str) -> None:
    """Raises Refused for what is no GLN of Viet Nam: 13 digits, 893 first, the last one its check digit."""
    if not _GLN.match(number) or not _checks(number):
        raise Refused.because(422, "value", "organisation.gln", number=number[:64])


def _checks(number: str) -> bool:
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(number[:12]))
    return (10 - total % 10) % 10 == int(number[12])


def system_of(code: str) -> str:
    """Which number a code looks like: of the insurer, a GLN, or the register's own."""
    return FACILITY_CODE if _INSURER.match(code) else GLN if _GLN.match(code) else ORGANISATION_CODE
