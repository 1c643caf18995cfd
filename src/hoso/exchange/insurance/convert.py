"""The ways of reading a field, by the names that mapping.csv gives them: its text, and the row around it, as a value.

None means that the text cannot be read so: it is then kept as it was written. `Partly` is a value that does not say
all that the text says, so that both are kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, NamedTuple

from hoso.exchange.insurance import dose as doses
from hoso.exchange.insurance import result as results
from hoso.exchange.insurance import values
from hoso.exchange.insurance.mapping import codes, kept
from hoso.exchange.insurance.visit import Row
from hoso.fhir import systems
from hoso.identity.normalise import units

VN_CORE = "http://fhir.ehealth.gov.vn/core/StructureDefinition"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
IDENTIFIER_TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"
_PASSPORT = re.compile(r"[A-Z]{1,2}\d{6,8}\Z", re.ASCII | re.IGNORECASE)
_CODE = re.compile(r"\S+( \S+)*\Z")


class Partly(NamedTuple):
    value: Any


class Asked(NamedTuple):
    """What a way of reading may look at: the text, its row, what the line says beside, and the facility."""

    text: str
    row: Row
    argument: str
    facility: str
    name: str


Way = Callable[[Asked], Any]


def convert(way: str, asked: Asked) -> Any:
    return _WAYS[way](asked)


def concept(system: str, code: str) -> dict[str, Any] | None:
    """A code with the words that codes.toml has for it."""
    coding = coded(system, code)
    if coding is None:
        return None
    words = codes()["words"].get(system, {}).get(code)
    return {"coding": [coding], **({"text": words} if words else {})}


def coded(system: str, code: str) -> dict[str, Any] | None:
    code = " ".join(code.split())
    return {"system": codes()["systems"][system], "code": code} if code else None


def facility(code: str) -> dict[str, Any]:
    return {"type": "Organization", "identifier": {"system": systems.FACILITY_CODE, "value": code}}


def practitioner(licence: str) -> dict[str, Any]:
    return {"type": "Practitioner", "identifier": {"system": systems.LICENCE_NUMBER, "value": licence}}


def _text(asked: Asked) -> str:
    return asked.text


def _number(asked: Asked) -> Decimal | None:
    digits = values.number(asked.text)
    return Decimal(digits) if digits is not None else None


def _weight(asked: Asked) -> Decimal | None:
    number = _number(asked)
    return number if number is not None and 0 < number < 500 else None


def _quantity(asked: Asked) -> dict[str, Any] | None:
    number = _number(asked)
    return None if number is None else {"value": number}


def _money(asked: Asked) -> dict[str, Any] | None:
    number = _number(asked)
    return None if number is None else {"value": number, "currency": "VND"}


def _days(asked: Asked) -> dict[str, Any] | None:
    number = _number(asked)
    return None if number is None else {"value": number, "unit": "ngày", "system": systems.UCUM, "code": "d"}


def _instant(asked: Asked) -> str | None:
    moment = values.moment(asked.text)
    if moment is None or len(moment) < 10:
        return None
    return moment if len(moment) > 10 else f"{moment}T00:00:00{values.ZONE}"


def _day(asked: Asked) -> Any:
    day = values.day(asked.text)
    return Partly(day) if day and values.time_known(asked.text) else day


def _birth_time(asked: Asked) -> Any:
    """Only of the newborn, whose time of birth is asked for; elsewhere it says nothing."""
    moment = values.moment(asked.text)
    if not values.time_known(asked.text) or moment is None or len(moment) <= 10:
        return []
    return {"url": "http://hl7.org/fhir/StructureDefinition/patient-birthTime", "valueDateTime": moment}


def _code(asked: Asked) -> str | None:
    found = codes()[asked.argument].get(asked.text)
    return str(found) if found else None


def _visit_class(asked: Asked) -> dict[str, Any] | None:
    code = codes()["class"].get(values.code(asked.text, 2))
    return {"system": ACT_CODE, "code": code} if code else None


def _concept(asked: Asked) -> dict[str, Any] | None:
    system, _, width = asked.argument.partition(":")
    return concept(system, values.code(asked.text, int(width)) if width else asked.text)


def _concepts(asked: Asked) -> dict[str, Any] | None:
    codings = [one for code in values.listed(asked.text) if (one := coded(asked.argument, code))]
    return {"coding": codings} if codings else None


def _coding(asked: Asked) -> dict[str, Any] | None:
    return coded(asked.argument, asked.text)


def _codings(asked: Asked) -> list[dict[str, Any]]:
    return [one for code in values.listed(asked.text) if (one := coded(asked.argument, code))]


def _icd10(asked: Asked) -> dict[str, Any] | None:
    return coded("icd10", asked.text.upper())


def _icd10_concepts(asked: Asked) -> list[dict[str, Any]]:
    return [found for code in values.listed(asked.text.upper()) if (found := concept("icd10", code))]


def _facility(asked: Asked) -> dict[str, Any]:
    return facility(asked.text)


def _practitioner(asked: Asked) -> Any:
    listed = values.listed(asked.text)
    first = practitioner(listed[0]) if listed else None
    return Partly(first) if len(listed) > 1 else first


def _practitioners(asked: Asked) -> list[dict[str, Any]]:
    return [practitioner(one) for one in values.listed(asked.text)]


def _actors(asked: Asked) -> list[dict[str, Any]]:
    return [{"actor": practitioner(one)} for one in values.listed(asked.text)]


def _named(asked: Asked) -> dict[str, Any]:
    return {"type": "Practitioner", "display": asked.text}


def _patient_number(asked: Asked) -> dict[str, Any]:
    system = systems.facility_patient_number(asked.facility)
    return _numbered("secondary", "MR", "Mã người bệnh", system, asked.text)


def _visit_number(asked: Asked) -> dict[str, Any]:
    return {"system": systems.facility_visit_number(asked.facility), "value": asked.text}


def _record_number(asked: Asked) -> dict[str, Any]:
    return {"system": systems.facility_record_number(asked.facility), "value": asked.text}


def _appointment_number(asked: Asked) -> dict[str, Any]:
    return {"system": systems.facility_appointment_number(asked.facility), "value": asked.text}


def _identity_number(asked: Asked) -> dict[str, Any]:
    """By its form; zeros that were lost are put back where the number is compared, not here."""
    text = asked.text
    if _PASSPORT.match(text):
        return _numbered("official", "PPN", "Hộ chiếu", systems.PASSPORT_NUMBER, text)
    if text.isascii() and text.isdigit() and len(text) in (8, 9):
        return _numbered("official", "NI", "Chứng minh nhân dân", systems.OLD_CARD_NUMBER, text)
    return _numbered("official", "NI", "Số định danh cá nhân", systems.PERSONAL_NUMBER, text)


def _cards(asked: Asked) -> list[dict[str, Any]]:
    """Each card with its own days: the lists of cards and of days run side by side."""
    starts, ends = (values.listed(asked.row.get(name)) for name in ("GT_THE_TU", "GT_THE_DEN"))
    found = []
    for place, number in enumerate(values.listed(asked.text)):
        card = _numbered("official", "SB", "Thẻ bảo hiểm y tế", systems.INSURANCE_NUMBER, number)
        start, end = (values.day(days[place]) if place < len(days) else None for days in (starts, ends))
        if start and end and start <= end:
            card["period"] = {"start": start, "end": end}
        found.append(card)
    return found


def _numbered(use: str, kind: str, words: str, system: str, value: str) -> dict[str, Any]:
    concept = {"coding": [{"system": IDENTIFIER_TYPE, "code": kind}], "text": words}
    return {"use": use, "type": concept, "system": system, "value": value}


def _phone(asked: Asked) -> dict[str, Any]:
    return {"system": "phone", "value": asked.text}


def _place(asked: Asked) -> dict[str, Any] | None:
    """The unit by its code, with the list the code is of: that of today, or the one until June 2025."""
    width = {"province": 2, "district": 3, "commune": 5}[asked.argument]
    code = values.code(asked.text, width)
    if asked.argument == "province" and len(code) == 3 and code.startswith("0"):
        code = code[1:]
    if not _CODE.match(code):
        return None
    system = systems.COMMUNE if asked.argument == "commune" else codes()["systems"][asked.argument]
    coding = {
        "system": system,
        "version": "2025-07" if _is_of_today(asked.argument, code) else "before-2025-07",
        "code": code,
    }
    return {"url": f"https://hoso.vn/StructureDefinition/{asked.argument}", "valueCoding": coding}


def _is_of_today(level: str, code: str) -> bool:
    if level == "province":
        return units.province_today(code) == code
    return level == "commune" and bool(units.province_of_commune(code))


def _citizen(name: str, system: str, width: int) -> Way:
    def way(asked: Asked) -> dict[str, Any] | None:
        found = concept(system, values.code(asked.text, width))
        return {"url": f"{VN_CORE}/extension-{name}", "valueCodeableConcept": found} if found else None

    return way


def _outcome(asked: Asked) -> dict[str, Any] | None:
    found = concept("outcome", asked.text)
    return {"url": "https://hoso.vn/StructureDefinition/visit-outcome", "valueCodeableConcept": found}


def _medicine(asked: Asked) -> str:
    strength = asked.row.get("HAM_LUONG")
    return asked.text if strength.lower() in asked.text.lower() else f"{asked.text} {strength}"


def _is_supply(row: Row) -> bool:
    return bool(row.get("MA_VAT_TU")) and not row.get("MA_DICH_VU")


def _service_name(asked: Asked) -> str | None:
    """A line has one name; that of the other thing in it is kept."""
    return None if _is_supply(asked.row) else asked.text


def _supply_name(asked: Asked) -> str | None:
    return asked.text if _is_supply(asked.row) else None


def _dose(asked: Asked) -> dict[str, Any] | None:
    """The words stand beside what is read of them, so that nothing is missing when nothing is read."""
    return doses.read(asked.text) or {}


def _result(asked: Asked) -> Any:
    value, whole = results.read(asked.text, asked.row.get("DON_VI_DO"))
    return value if whole else Partly(value)


def _unit(asked: Asked) -> dict[str, Any] | None:
    """It is in the value already, if that has place for one."""
    value, _ = results.read(asked.row.get("GIA_TRI"), asked.text) if asked.row.get("GIA_TRI") else ({}, True)
    return {} if "valueQuantity" in value or "valueRange" in value else None


def _line(asked: Asked) -> str:
    moment = values.moment(asked.text) if asked.name.startswith(("NGAY", "BDDT", "TU_NGAY", "DEN_NGAY")) else None
    return f"{asked.argument}: {_shown(moment) if moment else asked.text}"


def _shown(moment: str) -> str:
    """A date as people write it: 15/07/2026 08:30."""
    day = "/".join(reversed(moment[:10].split("-")))
    return f"{day} {moment[11:16]}".strip()


def _kept(asked: Asked) -> dict[str, Any]:
    return kept(f"{asked.row.place.table}.{asked.name}", asked.text)


_WAYS: dict[str, Way] = {
    "actors": _actors,
    "appointment-number": _appointment_number,
    "birth": lambda asked: values.day(asked.text),
    "birth-time": _birth_time,
    "cards": _cards,
    "code": _code,
    "coding": _coding,
    "codings": _codings,
    "concept": _concept,
    "concepts": _concepts,
    "day": _day,
    "days": _days,
    "dose": _dose,
    "ethnic": _citizen("race", "ethnic", 2),
    "facility": _facility,
    "icd10": _icd10,
    "icd10-concepts": _icd10_concepts,
    "identity-number": _identity_number,
    "instant": _instant,
    "kept": _kept,
    "line": _line,
    "medicine": _medicine,
    "moment": lambda asked: values.moment(asked.text),
    "money": _money,
    "named": _named,
    "nationality": _citizen("nationality", "nationality", 3),
    "occupation": _citizen("occupation", "occupation", 5),
    "outcome": _outcome,
    "patient-number": _patient_number,
    "phone": _phone,
    "place": _place,
    "practitioner": _practitioner,
    "practitioners": _practitioners,
    "quantity": _quantity,
    "record-number": _record_number,
    "result": _result,
    "service-name": _service_name,
    "supply-name": _supply_name,
    "text": _text,
    "unit": _unit,
    "visit-class": _visit_class,
    "visit-number": _visit_number,
    "weight": _weight,
}
