"""Codes and units of HL7 v2 (CE, CWE, IS) as those of FHIR: the sender's stays, what the tables know stands beside."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from hoso.exchange.hl7v2.draft import Draft, Part
from hoso.exchange.hl7v2.tables import Resource, codes
from hoso.exchange.insurance.mapping import codes as insurance_codes
from hoso.exchange.insurance.values import number
from hoso.fhir import systems, ucum

V2 = "http://terminology.hl7.org/CodeSystem/v2-"
V3 = "http://terminology.hl7.org/CodeSystem/v3-"
_TABLE = re.compile(r"(?:HL7)?(\d{4})\Z", re.IGNORECASE)
_CODE = re.compile(r"\S+( \S+)*\Z")


def concept(draft: Draft, part: Part, field: int, repetition: int = 1, table: str = "") -> Resource | None:
    """A CodeableConcept of the code, its alternate and the original text; `table` is that of a code without a list.

    Text in the place of the code (CE-1 of many senders) is only text when there is no name and it has spaces.
    """
    said = [*part.components(field, repetition), "", "", "", "", "", "", "", "", ""]
    code, words, name, other, other_words, other_name = said[:6]
    original = said[8]
    codings = []
    spoken = not words and not name and " " in code
    if code and not spoken and (found := coding(draft, code, words, name or table)):
        codings.append(found)
    if other and (other_name or other_words) and (found := coding(draft, other, other_words, other_name)):
        codings.append(found)
    text = original or words or other_words or code or other
    if not codings and not text:
        return None
    return {**({"coding": codings} if codings else {}), "text": text}


def coding(draft: Draft, code: str, display: str, name: str) -> Resource | None:
    if not _CODE.match(code):
        return None
    found = {"system": system(draft.facility, name), "code": code}
    return found | {"display": display} if display else found


@lru_cache(1_024)
def system(facility: str, name: str) -> str:
    """By the name of table 0396; lists that only the sender knows are the facility's own."""
    if known := codes("systems").get(name):
        return str(known)
    if table := _TABLE.match(name):
        return V2 + table[1]
    return systems.facility_codes(facility, name or "L")


def translated(draft: Draft, part: Part, field: int, table: str, repetition: int = 1) -> str | None:
    """The code of FHIR by the table; a warning when it does not know the sender's."""
    code = part.text(field, 1, 1, repetition)
    if not code:
        return None
    known = codes(table)
    found = known.get(code) or known.get(code.upper())
    if found is None:
        draft.warn(part, field, "unknown-code", repetition=repetition, text=code)
    return None if found is None else str(found)


def quantity(text: str, part: Part, unit_field: int, component: int = 1) -> Resource | None:
    """A number with its unit as it was written, and in UCUM where that is beyond doubt."""
    digits = number(text.removeprefix("+"))
    return None if digits is None else {"value": Decimal(digits), **unit(part, unit_field, component)}


def unit(part: Part, field: int, component: int = 1) -> Resource:
    """Elements of a Quantity; empty without a unit."""
    if component > 1:  # a unit inside another field: 10^mg&milligram
        code, words, name = part.text(field, component), part.text(field, component, 2), ""
    else:
        code, words, name = part.text(field, 1), part.text(field, 2), part.text(field, 3)
    shown = code or words
    if not shown:
        return {}
    if words and name != "UCUM" and (list_of := codes("systems").get(name)):
        return {"unit": words, "system": str(list_of), "code": code}
    if found := _ucum(code or words, name):
        return {"unit": shown, "system": systems.UCUM, "code": found}
    return {"unit": shown}


@lru_cache(1_024)
def _ucum(text: str, name: str) -> str | None:
    known = insurance_codes()["units"].get(text) or codes("units").get(text)
    if known:
        return str(known)
    return text if name == "UCUM" and ucum.unit(text) is not None else None


@lru_cache(4_096)
def decimal(text: str) -> Decimal | None:
    digits = number(text)
    try:
        return None if digits is None else Decimal(digits)
    except InvalidOperation:
        return None
