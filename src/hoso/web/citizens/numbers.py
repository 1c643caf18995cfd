"""The numbers a citizen signs in with: the citizen code on the card, or the personal number of the state."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from hoso.core import citizen_code
from hoso.fhir.systems import CITIZEN_CODE, PERSONAL_NUMBER

_SEPARATORS = re.compile(r"[\s.\-–]+")
_PERSONAL = re.compile(r"[0-9]{12}\Z")


def number(text: str) -> str:
    """What was typed as the digits of such a number; empty when it is none."""
    digits = _SEPARATORS.sub("", text[:64])
    return digits if citizen_code.is_valid(digits) or _PERSONAL.match(digits) else ""


def numbers(patient: Mapping[str, Any]) -> list[str]:
    """Those on record for a person."""
    return list(dict.fromkeys(_found(patient.get("identifier", ()))))


def _found(identifiers: Iterable[Mapping[str, Any]]) -> Iterable[str]:
    for one in identifiers:
        known = one.get("system") in (CITIZEN_CODE, PERSONAL_NUMBER) and one.get("use") != "old"
        if known and (digits := number(str(one.get("value", "")))):
            yield digits
