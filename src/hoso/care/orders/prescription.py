"""A prescription by TT 26/2025/TT-BYT: its code, its kind, for how many days, and what a small child's must carry."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from hoso.care.orders.substances import substance
from hoso.care.orders.wanted import Wanted
from hoso.care.rules import table

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
_LENGTH = 7
CODE = re.compile(r"[0-9A-Za-z]{5}[0-9a-z]{7}-[NHCT]\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Line:
    """One medicine as it is prescribed: how it is taken, for how many days, how much is given in all."""

    wanted: Wanted
    dose: str
    days: int | None
    quantity: Decimal | None
    unit: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one signature prescribes. `months`: age of the person; None when the birth date is not known."""

    lines: Sequence[Line]
    months: int | None
    diagnosis: str = ""
    weight: Decimal | None = None
    guardian: str = ""
    longer: bool = False
    """Whether the prescriber says that the illness allows more than the usual days."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`key` names the sentence, `place` the field: of a line by its number, else of the sheet."""

    key: str
    place: str
    values: dict[str, Any]


def faults(sheet: Sheet) -> Iterator[Fault]:
    for number, line in enumerate(sheet.lines):
        yield from _faults_of(line, number, sheet.longer)
    if not sheet.diagnosis.strip():
        yield Fault("diagnosis", "diagnosis", {})
    if sheet.months is not None and sheet.months < table("prescriptions")["child_months"]:
        if sheet.weight is None:
            yield Fault("weight", "weight", {})
        if not sheet.guardian.strip():
            yield Fault("guardian", "guardian", {})


def _faults_of(line: Line, number: int, longer: bool) -> Iterator[Fault]:
    named = {"name": line.wanted.name}
    if not line.dose.strip():
        yield Fault("dose", f"dose-{number}", named)
    if line.quantity is None or line.quantity <= 0:
        yield Fault("quantity", f"quantity-{number}", named)
    kind = table("prescriptions")["kind"][kind_of(line.wanted)]
    if line.days is None or line.days < 1:
        yield Fault("days", f"days-{number}", named)
    elif line.days > kind["longest"]:
        yield Fault("longest", f"days-{number}", {**named, "days": kind["longest"]})
    elif line.days > kind["days"] and not longer:
        yield Fault("longer", "longer", {**named, "days": kind["days"]})


def kind_of(wanted: Wanted) -> str:
    """ "narcotic", "psychotropic" or "ordinary"."""
    codes = substance(wanted.name, wanted.codes).codes
    for name, kind in table("prescriptions")["kind"].items():
        begins, kept_out = tuple(kind["atc"]), tuple(kind.get("not_atc", ()))
        if any(code.startswith(begins) and not (kept_out and code.startswith(kept_out)) for code in codes if begins):
            return str(name)
    return "ordinary"


def kinds() -> dict[str, dict[str, Any]]:
    return dict(table("prescriptions")["kind"])


def code_of(facility: str, kind: str, seed: str) -> str:
    """Facility (5), seven of 36 signs that no counter makes, and the letter of the kind: "35001k3v9x0a-C".

    `seed` is random and the signature's own, so that the same signature always gets the same code.
    """
    return f"{facility[:5]:0>5}{signs_of(f'{seed}/{kind}', b'prescription')}-{kinds()[kind]['letter']}"


def signs_of(seed: str, paper: bytes) -> str:
    """Seven of 36 signs, always the same for the same seed and kind of paper."""
    number = int.from_bytes(blake2b(seed.encode(), digest_size=16, person=paper).digest(), "big")
    signs = []
    for _ in range(_LENGTH):
        number, sign = divmod(number, len(_DIGITS))
        signs.append(_DIGITS[sign])
    return "".join(signs)
