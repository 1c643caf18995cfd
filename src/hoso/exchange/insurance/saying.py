"""The ways of mapping.csv backwards: what an element of a resource says, as the text of a field.

Numbers keep their digits; moments are written whole (yyyymmddHHMM), whatever form they came in.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, NamedTuple

from hoso.core.dates import VIETNAM
from hoso.exchange.insurance.convert import VN_CORE
from hoso.exchange.insurance.mapping import Resource, codes, lines
from hoso.fhir import systems

_STEP = re.compile(r"(\w+)(\[\]|\[0\])?\Z")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT")
_SHOWN = re.compile(r"(?:(?:(\d\d)/)?(\d\d)/)?(\d{4})(?: (\d\d):(\d\d))?\Z", re.ASCII)
_BIRTH_TIME = "http://hl7.org/fhir/StructureDefinition/patient-birthTime"
_IDENTITY = (systems.PERSONAL_NUMBER, systems.OLD_CARD_NUMBER, systems.PASSPORT_NUMBER)
_DATES = ("NGAY", "BDDT", "TU_NGAY", "DEN_NGAY")
UNSAID = frozenset({"birth-time", "dose", "kept", "visit-class"})
"""Ways whose value is said by another way of the same field, or stands as it was written."""
LAST = frozenset({"day", "instant", "medicine"})
"""Ways that say less than another of the same field may."""


class Asked(NamedTuple):
    """`found` is what stands at the line's place. `resource` is all around it."""

    found: list[Any]
    resource: Resource
    argument: str
    facility: str
    table: str
    field: str


Way = Callable[[Asked], str]


def said(way: str, asked: Asked) -> str:
    return _WAYS[way](asked)


def at(resource: Resource, path: Iterable[str]) -> list[Any]:
    """What stands at a place of mapping.csv: everything of a list, or the one thing."""
    here: list[Any] = [resource]
    for step in path:
        match = _STEP.match(step)
        assert match, step
        following = [one[match[1]] for one in here if isinstance(one, dict) and match[1] in one]
        if match[2]:
            following = [member for one in following for member in (one if match[2] == "[]" else one[:1])]
        here = following
    return here


def moment(text: str) -> str:
    """ "2026-07-15T08:30:00+07:00" → 202607150830; of a part of a date its digits, with zeros for what is unknown."""
    if not _MOMENT.match(text):
        return text.replace("-", "").ljust(8, "0") if text else ""
    try:
        found = datetime.fromisoformat(text).astimezone(VIETNAM)
    except ValueError:
        return ""
    return f"{found:%Y%m%d%H%M}" if not found.second else f"{found:%Y%m%d%H%M%S}"


def number(value: Any) -> str:
    return format(value, "f") if isinstance(value, Decimal) else f"{value}"


def coded_in(codings: Iterable[Any], system: str) -> list[str]:
    wanted = codes()["systems"].get(system, system)
    return [str(one["code"]) for one in codings if one.get("system") == wanted and "code" in one]


def document_lines(resource: Resource, table: str) -> Mapping[str, str]:
    """The fields that a document's text was made of, by their labels."""
    data = next((one.get("attachment", {}).get("data", "") for one in resource.get("content", ())), "")
    text = base64.b64decode(data).decode() if data else ""
    found: dict[str, list[str]] = {}
    label = ""
    for line in text.split("\n"):
        name, colon, rest = line.partition(": ")
        if colon and name in _labels(table):
            label, line = name, rest
        found.setdefault(label, []).append(line)
    return {name: "\n".join(lines) for name, lines in found.items()}


@cache
def _labels(table: str) -> frozenset[str]:
    return frozenset(line.argument for of in lines().get(table, {}).values() for line in of if line.way == "line")


def _text(asked: Asked) -> str:
    return next((str(one) for one in asked.found if isinstance(one, str)), "")


def _moment(asked: Asked) -> str:
    return moment(_text(asked))


def _birth(asked: Asked) -> str:
    day = _text(asked)
    times = at(asked.resource, ("_birthDate", "extension[]"))
    exact = next((one["valueDateTime"] for one in times if one.get("url") == _BIRTH_TIME), "")
    return moment(exact) if exact else moment(day).ljust(12, "0") if day else ""


def _code(asked: Asked) -> str:
    return next((str(name) for name, word in codes()[asked.argument].items() if word == _text(asked)), "")


def _concepts(asked: Asked) -> str:
    system = asked.argument.partition(":")[0]
    return ";".join(code for one in asked.found for code in coded_in(one.get("coding", ()), system))


def _concept(asked: Asked) -> str:
    return _concepts(asked).partition(";")[0]


def _codings(asked: Asked) -> str:
    return ";".join(coded_in(asked.found, asked.argument))


def _coding(asked: Asked) -> str:
    return next(iter(coded_in(asked.found, asked.argument)), "")


def _icd10(asked: Asked) -> str:
    return next(iter(coded_in(asked.found, "icd10")), "")


def _icd10_concepts(asked: Asked) -> str:
    return ";".join(code for one in asked.found for code in coded_in(one.get("coding", ()), "icd10")[:1])


def _reference(found: Iterable[Any]) -> str:
    return ";".join(one["identifier"]["value"] for one in found if one.get("identifier", {}).get("value"))


def _actors(asked: Asked) -> str:
    return _reference(one["actor"] for one in asked.found if "actor" in one)


def _named(asked: Asked) -> str:
    return next((str(one["display"]) for one in asked.found if one.get("display")), "")


def _numbered(*wanted: str) -> Way:
    def way(asked: Asked) -> str:
        return next((str(one["value"]) for one in asked.found if one.get("system") in wanted and "value" in one), "")

    return way


def _of_facility(system: Callable[[str], str]) -> Way:
    return lambda asked: _numbered(system(asked.facility))(asked)


def _cards(asked: Asked) -> str:
    return ";".join(str(one["value"]) for one in asked.found if one.get("system") == systems.INSURANCE_NUMBER)


def _phone(asked: Asked) -> str:
    return next((str(one["value"]) for one in asked.found if one.get("system") == "phone" and "value" in one), "")


def _place(asked: Asked) -> str:
    url = f"https://hoso.vn/StructureDefinition/{asked.argument}"
    return next((str(one["valueCoding"]["code"]) for one in asked.found if one.get("url") == url), "")


def _extended(url: str, system: str) -> Way:
    def way(asked: Asked) -> str:
        concepts = (one.get("valueCodeableConcept", {}) for one in asked.found if one.get("url") == url)
        return next((code for one in concepts for code in coded_in(one.get("coding", ()), system)), "")

    return way


def _amount(asked: Asked) -> str:
    return next((number(one["value"]) for one in asked.found if isinstance(one, dict) and "value" in one), "")


def _weight(asked: Asked) -> str:
    return next((number(one) for one in asked.found), "")


def _result(asked: Asked) -> str:
    resource = asked.resource
    if quantity := resource.get("valueQuantity"):
        return f"{quantity.get('comparator', '')}{number(quantity['value'])}" if "value" in quantity else ""
    if span := resource.get("valueRange"):
        return "-".join(number(span[end]["value"]) for end in ("low", "high") if "value" in span.get(end, {}))
    if concept := resource.get("valueCodeableConcept"):
        return str(concept.get("text") or next((one.get("display", "") for one in concept.get("coding", ())), ""))
    words = str(resource.get("valueString", ""))
    return "" if words == "\n".join(one.get("text", "") for one in resource.get("note", ())) else words


def _unit(asked: Asked) -> str:
    held = asked.resource.get("valueQuantity") or asked.resource.get("valueRange", {}).get("low", {})
    return str(held.get("unit", ""))


def _is_supply(asked: Asked) -> bool:
    codings = asked.resource.get("productOrService", {}).get("coding", ())
    return bool(coded_in(codings, "supply")) and not coded_in(codings, "service")


def _line(asked: Asked) -> str:
    text = document_lines(asked.resource, asked.table).get(asked.argument, "")
    shown = _SHOWN.match(text) if asked.field.startswith(_DATES) else None
    if shown is None:
        return text
    day, month, year, hour, minute = shown.groups()
    return f"{year}{month or '00'}{day or '00'}{hour or ''}{minute or ''}"


_WAYS: dict[str, Way] = {
    "actors": _actors,
    "appointment-number": _of_facility(systems.facility_appointment_number),
    "birth": _birth,
    "cards": _cards,
    "code": _code,
    "coding": _coding,
    "codings": _codings,
    "concept": _concept,
    "concepts": _concepts,
    "day": _moment,
    "days": _amount,
    "ethnic": _extended(f"{VN_CORE}/extension-race", "ethnic"),
    "facility": lambda asked: _reference(asked.found),
    "icd10": _icd10,
    "icd10-concepts": _icd10_concepts,
    "identity-number": _numbered(*_IDENTITY),
    "instant": _moment,
    "line": _line,
    "medicine": _text,
    "moment": _moment,
    "money": _amount,
    "named": _named,
    "nationality": _extended(f"{VN_CORE}/extension-nationality", "nationality"),
    "occupation": _extended(f"{VN_CORE}/extension-occupation", "occupation"),
    "outcome": _extended("https://hoso.vn/StructureDefinition/visit-outcome", "outcome"),
    "patient-number": _of_facility(systems.facility_patient_number),
    "phone": _phone,
    "place": _place,
    "practitioner": lambda asked: _reference(asked.found),
    "practitioners": lambda asked: _reference(asked.found),
    "quantity": _amount,
    "record-number": _of_facility(systems.facility_record_number),
    "result": _result,
    "service-name": lambda asked: "" if _is_supply(asked) else _text(asked),
    "supply-name": lambda asked: _text(asked) if _is_supply(asked) else "",
    "text": _text,
    "unit": _unit,
    "visit-number": _of_facility(systems.facility_visit_number),
    "weight": _weight,
}
