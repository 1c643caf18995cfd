"""Vital signs out of the token CSST<M75_T37_HA120/70_NT18_SP98> in a progress note, the only place that has them.

What no human being can have (T375) is left in the words of the note.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from hoso.exchange.insurance.mapping import codes
from hoso.exchange.insurance.values import number
from hoso.fhir.systems import LOINC, UCUM

_TOKEN = re.compile(r"CSST\s*<([^<>]{0,200})>", re.IGNORECASE)
_SIGN = re.compile(r"\s*(HA|NT|SP|M|T)\s*:?\s*([\d.,]+)(?:/([\d.,]+))?\s*\Z", re.IGNORECASE)
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_PRESSURE = {"system": LOINC, "code": "85354-9", "display": "Blood pressure panel with all children optional"}


def read(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name of each sign with its Observation, as far as the token says it; the first token counts."""
    token = _TOKEN.search(text)
    seen = set()
    for part in re.split("[_;]", token[1]) if token else ():
        match = _SIGN.match(part)
        name = match[1].upper() if match else ""
        if match is None or name in seen:
            continue
        found = _pressure(match[2], match[3]) if name == "HA" else _single(name, match[2]) if not match[3] else None
        if found:
            seen.add(name)
            category = [{"coding": [{"system": _CATEGORY, "code": "vital-signs"}]}]
            yield name, {"status": "final", "category": category, **found}


def _single(name: str, text: str) -> dict[str, Any] | None:
    value = _value(name, text)
    return {"code": _code(name), "valueQuantity": value} if value else None


def _pressure(systolic: str, diastolic: str | None) -> dict[str, Any] | None:
    high, low = _value("systolic", systolic), _value("diastolic", diastolic or "")
    if high is None or low is None or high["value"] <= low["value"]:
        return None
    components = [
        {"code": _code(name), "valueQuantity": value} for name, value in (("systolic", high), ("diastolic", low))
    ]
    return {"code": {"coding": [_PRESSURE], "text": "Huyết áp"}, "component": components}


def _code(name: str) -> dict[str, Any]:
    sign = codes()["vitals"][name]
    return {"coding": [{"system": LOINC, "code": sign["loinc"], "display": sign["en"]}], "text": sign["vi"]}


def _value(name: str, text: str) -> dict[str, Any] | None:
    sign = codes()["vitals"][name]
    digits = number(text)
    if digits is None or not sign["from"] <= Decimal(digits) <= sign["to"]:
        return None
    return {"value": Decimal(digits), "unit": sign["unit"], "system": UCUM, "code": sign["ucum"]}
