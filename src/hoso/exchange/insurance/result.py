"""The text of GIA_TRI as a value of an Observation: a number with or without comparator, a range, a word, or the text.

Only what reads whole is read: "1/160" and "5.6 (cao)" stay what they are.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from hoso.core.text import fold
from hoso.exchange.insurance.mapping import codes
from hoso.exchange.insurance.values import number
from hoso.fhir.systems import SNOMED, UCUM

_COMPARED = re.compile(r"(<=|>=|<|>|≤|≥)\s*(\S+)\Z")
_RANGE = re.compile(r"(\d[\d.,]*)\s*[-–]\s*(\d[\d.,]*)\Z", re.ASCII)
_COMPARATORS = {"≤": "<=", "≥": ">="}


def read(text: str, unit: str) -> tuple[dict[str, Any], bool]:
    """Elements of the Observation, and whether they say all that the text says."""
    if digits := number(text):
        return {"valueQuantity": _quantity(digits, unit)}, digits == text
    if (compared := _COMPARED.match(text)) and (digits := number(compared[2])) and digits[0] != "-":
        sign = _COMPARATORS.get(compared[1], compared[1])
        return {"valueQuantity": {**_quantity(digits, unit), "comparator": sign}}, digits == compared[2]
    if found := _range(text, unit):
        return found, True
    if word := codes()["results"].get(fold(text)):
        coding = {"system": SNOMED, "code": word[0], "display": word[1]}
        return {"valueCodeableConcept": {"coding": [coding], "text": text}}, True
    return {"valueString": text}, True


def _range(text: str, unit: str) -> dict[str, Any] | None:
    match = _RANGE.match(text)
    low, high = (number(match[1]), number(match[2])) if match else (None, None)
    if low is None or high is None or Decimal(low) > Decimal(high):
        return None
    return {"valueRange": {"low": _quantity(low, unit), "high": _quantity(high, unit)}}


def _quantity(digits: str, unit: str) -> dict[str, Any]:
    found: dict[str, Any] = {"value": Decimal(digits)}
    if unit:
        found["unit"] = unit
        if code := codes()["units"].get(unit):
            found |= {"system": UCUM, "code": code}
    return found
