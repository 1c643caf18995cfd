"""The ways of reading a field of a health check, by the names that mapping.csv gives them; others are the insurer's.

None means that the text cannot be read so; the answer of the form keeps it as it was written. An empty list means that
the text says nothing for that resource: a "no" is an answer and no disease.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hoso.exchange.health_checks import persons
from hoso.exchange.health_checks.definitions import fields, observations, rules
from hoso.exchange.insurance import convert as insurance
from hoso.exchange.insurance import values
from hoso.exchange.insurance.convert import VN_CORE, Asked
from hoso.exchange.insurance.mapping import codes
from hoso.fhir import systems

QUESTION = "https://hoso.vn/CodeSystem/health-check-question"
_ACUITY = re.compile(r"(\d{1,2})(?:[.,]\d)?\s*(?:/\s*10)?\Z", re.ASCII)
_PRESSURE = re.compile(r"(\d{2,3})\s*/\s*(\d{2,3})\s*(?:mmhg)?\Z", re.ASCII | re.IGNORECASE)


def convert(way: str, asked: Asked, resource: str) -> Any:
    """`resource` is the name of what the value goes to: the unit of a measure stands there."""
    if way == "measure":
        return _measure(asked.text, resource.partition(":")[2])
    own = _WAYS.get(way)
    return own(asked) if own else insurance.convert(way, asked)


def _measure(text: str, name: str) -> dict[str, Any] | None:
    """A quantity that a human being can have, with the unit of the list."""
    digits = values.number(text)
    one = observations()[name]
    if digits is None or not Decimal(one["from"]) <= Decimal(digits) <= Decimal(one["to"]):
        return None
    return {"value": Decimal(digits), "unit": one["unit"], "system": systems.UCUM, "code": one["ucum"]}


def _flag(asked: Asked) -> bool | None:
    return {"0": False, "1": True}.get(asked.text)


def _yes(asked: Asked) -> Any:
    """The question itself, of somebody who says yes."""
    if asked.text not in ("0", "1"):
        return None
    if asked.text == "0":
        return []
    words = fields()[asked.name].vi
    return {"coding": [{"system": QUESTION, "code": asked.name, "display": fields()[asked.name].en}], "text": words}


def _recalled(asked: Asked) -> Any:
    """The vaccine, of somebody who remembers it."""
    if asked.text not in rules()["answer"]:
        return None
    if asked.text != "1":
        return []
    code, words, _ = rules()["vaccine"][asked.name]
    return {"coding": [{"system": systems.CVX, "code": code}], "text": words}


def _acuity(asked: Asked) -> str | None:
    """n/10, however it was written."""
    match = _ACUITY.match(asked.text)
    return f"{int(match[1])}/10" if match and int(match[1]) <= 20 else None


def _pressure(asked: Asked) -> list[dict[str, Any]] | None:
    match = _PRESSURE.match(asked.text)
    if not match or int(match[1]) <= int(match[2]):
        return None
    found = []
    for name, text in zip(("systolic", "diastolic"), match.groups(), strict=True):
        sign = codes()["vitals"][name]
        if not sign["from"] <= int(text) <= sign["to"]:
            return None
        coding = {"system": systems.LOINC, "code": sign["loinc"], "display": sign["en"]}
        quantity = {"value": int(text), "unit": sign["unit"], "system": systems.UCUM, "code": sign["ucum"]}
        found.append({"code": {"coding": [coding], "text": sign["vi"]}, "valueQuantity": quantity})
    return found


def health_class(text: str) -> dict[str, Any] | None:
    words = rules()["class"].get(text)
    return {"coding": [{"system": systems.HEALTH_CLASS, "code": text}], "text": words} if words else None


def _class(asked: Asked) -> dict[str, Any] | None:
    found = health_class(asked.text)
    code = {"coding": [{"system": systems.FINDING, "code": "health-class"}], "text": "Phân loại"}
    return {"code": code, "valueCodeableConcept": found} if found else None


def concept(kind: str, text: str) -> dict[str, Any] | None:
    """A code of forms.toml, or one that is not in it, without words."""
    listed = rules()["concept"][kind]
    code = text.strip()
    if not code or " " in code:
        return None
    words = listed.get(code) or listed.get(code.lstrip("0") or "0")
    return {"coding": [{"system": listed["system"], "code": code}], **({"text": words} if words else {})}


def _extension(asked: Asked) -> dict[str, Any] | None:
    found = concept(asked.argument, asked.text)
    url = f"https://hoso.vn/StructureDefinition/health-check-{asked.argument}"
    return {"url": url, "valueCodeableConcept": found} if found else None


def _occupation(asked: Asked) -> dict[str, Any] | None:
    found = concept("occupation-group", values.code(asked.text, 2))
    return {"url": f"{VN_CORE}/extension-occupation", "valueCodeableConcept": found} if found else None


def _family(asked: Asked) -> list[dict[str, Any]]:
    return [{"code": {"coding": [found]}} for one in values.listed(asked.text.upper()) if (found := _icd(one))]


def _icd(code: str) -> dict[str, Any] | None:
    return insurance.coded("icd10", code)


def _number(asked: Asked) -> dict[str, Any]:
    return {"system": systems.facility_check_number(asked.facility), "value": asked.text}


def _line(asked: Asked) -> str:
    return f"{fields()[asked.name].vi}: {asked.text}"


_WAYS: dict[str, Callable[[Asked], Any]] = {
    "acuity": _acuity,
    "check-number": _number,
    "class": _class,
    "extension": _extension,
    "family": _family,
    "flag": _flag,
    "gender": lambda asked: persons.sex(asked.text),
    "health-class": lambda asked: health_class(asked.text),
    "line": _line,
    "occupation-group": _occupation,
    "pressure": _pressure,
    "recalled": _recalled,
    "workplace": lambda asked: {"url": systems.WORKPLACE, "valueString": asked.text},
    "yes": _yes,
}
ELSEWHERE = frozenset(
    {"own-number", "with SO_CCCD", "with the person who came along", "decides the form", "of its row", "facility"}
)
"""Ways that look at several fields at once; resources.py has them."""
