"""Names, numbers, addresses and phones of people (XPN, CX, XAD, XTN, XCN) as FHIR has them.

A Vietnamese name stands in one component or in parts, the family first; which order a name has is never guessed at
unless its family name is one of Viet Nam.
"""

from __future__ import annotations

from urllib.parse import quote

from hoso.exchange.hl7v2.draft import Draft, Part
from hoso.exchange.hl7v2.moments import day
from hoso.exchange.hl7v2.tables import Resource, codes
from hoso.fhir import systems
from hoso.identity.normalise.tables import names as name_tables

TYPE = "http://terminology.hl7.org/CodeSystem/v2-0203"
_WORDS = {
    "state": "Số định danh cá nhân",
    "passport": "Hộ chiếu",
    "insurance": "Thẻ bảo hiểm y tế",
    "social": "Mã số bảo hiểm xã hội",
    "driving": "Giấy phép lái xe",
}
_SYSTEMS = {
    "passport": (systems.PASSPORT_NUMBER, "PPN"),
    "insurance": (systems.INSURANCE_NUMBER, "SB"),
    "driving": (systems.DRIVING_NUMBER, "DL"),
}


def name(part: Part, field: int, repetition: int = 1, use: str = "") -> Resource | None:
    family, given, middle = (part.text(field, at, 1, repetition) for at in (1, 2, 3))
    if not (family or given or middle):
        return None
    told = codes("name-use").get(part.text(field, 7, 1, repetition)) or use
    found: Resource = {"use": told} if told else {}
    if not given and not middle:
        found["text"] = family
        return found
    first = _family_first(part, field, repetition, family)
    ordered = [middle, given] if first else [given, middle]
    if first:
        found["text"] = " ".join(one for one in (family, *ordered) if one)
    if family:
        found["family"] = family
    if rest := [one for one in ordered if one]:
        found["given"] = rest
    for element, at in (("suffix", 4), ("prefix", 5)):
        if text := part.text(field, at, 1, repetition):
            found[element] = [text]
    return found


def _family_first(part: Part, field: int, repetition: int, family: str) -> bool:
    """By what the name itself says (XPN-11), else when the family name is one of Viet Nam."""
    order = part.text(field, 11, 1, repetition)
    return order == "F" or (order != "G" and family.lower() in name_tables().surnames)


def identifier(draft: Draft, part: Part, field: int, repetition: int = 1) -> Resource | None:
    """A number of a person, under the system of who gave it."""
    value = part.text(field, 1, 1, repetition)
    if not value:
        return None
    kind, authority = part.text(field, 5, 1, repetition), part.text(field, 4, 1, repetition)
    if known := number_kind(kind, authority):
        found = of_kind(draft, known, value)
    else:
        found = {"use": "secondary", "system": own_system(draft.facility, part, field, repetition), "value": value}
        if kind:
            found = {"use": "secondary", "type": {"coding": [{"system": TYPE, "code": kind}]}, **found}
    period = {
        element: found_day
        for element, at in (("start", 7), ("end", 8))
        if (found_day := day(part.text(field, at, 1, repetition)))
    }
    return found | {"period": period} if period else found


def number_kind(kind: str, authority: str) -> str:
    """ "state", "passport", "insurance", "social", "driving", or "" for a facility's own."""
    table = codes("numbers")
    return str(table.get(kind) or ("" if kind in codes("own")["types"][:-1] else table.get(authority.upper(), "")))


def of_kind(draft: Draft, kind: str, value: str) -> Resource:
    if kind == "state":
        old = value.isascii() and value.isdigit() and len(value) in (8, 9)
        system, code = (systems.OLD_CARD_NUMBER if old else systems.PERSONAL_NUMBER), "NI"
    elif kind == "social":
        # Ten digits are the number of Viet Nam; others of that name are the sender's.
        system, code = systems.SOCIAL_NUMBER, "SS"
        if not (value.isascii() and value.isdigit() and len(value) == 10):
            local = systems.facility_numbers(draft.facility, "SS")
            return {
                "use": "secondary",
                "type": {"coding": [{"system": TYPE, "code": code}]},
                "system": local,
                "value": value,
            }
    else:
        system, code = _SYSTEMS[kind]
    type = {"coding": [{"system": TYPE, "code": code}], "text": _WORDS[kind]}
    return {"use": "official", "type": type, "system": system, "value": value}


def own_system(facility: str, part: Part, field: int, repetition: int) -> str:
    """The sender's numbers, and those of each authority that it names beside itself."""
    authority = part.text(field, 4, 1, repetition) or part.text(field, 4, 2, repetition)
    system = systems.facility_patient_number(facility)
    return system if authority in ("", facility) else f"{system}/{quote(authority, safe='')}"


def own_number(draft: Draft, part: Part, field: int) -> str:
    """By what the facility knows the patient: the best of the numbers in this field; "" when none is its own.

    Two authorities behind one door may give the same number to two people, so the authority is part of it.
    """
    best: tuple[int, str] | None = None
    types, never = codes("own")["types"], codes("own")["never"]
    for repetition in range(1, part.count(field) + 1):
        value, kind = part.text(field, 1, 1, repetition), part.text(field, 5, 1, repetition)
        authority = part.text(field, 4, 1, repetition)
        if not value or kind in never or number_kind(kind, authority):
            continue
        rank = types.index(kind) if kind in types else len(types)
        known = value if authority in ("", draft.facility) else f"{value}@{authority}"
        if best is None or rank < best[0]:
            best = (rank, known)
    return best[1] if best else ""


def state_number(part: Part, field: int) -> str:
    for repetition in range(1, part.count(field) + 1):
        value = part.text(field, 1, 1, repetition)
        if value and number_kind(part.text(field, 5, 1, repetition), part.text(field, 4, 1, repetition)) == "state":
            return value
    return ""


def address(part: Part, field: int, repetition: int = 1) -> Resource | None:
    def text(at: int) -> str:
        return part.text(field, at, 1, repetition)

    street = " ".join(one for one in (part.text(field, 1, sub, repetition) for sub in (1, 2, 3)) if one)
    found: Resource = {}
    if use := codes("address-use").get(text(7)):
        found["use"] = use
    if text(7) == "M":
        found["type"] = "postal"
    if lines := [one for one in (street, text(2), text(8)) if one]:
        found["line"] = lines
    for element, at in (("city", 3), ("district", 9), ("state", 4), ("postalCode", 5), ("country", 6)):
        if text(at):
            found[element] = text(at)
    said = [one for one in (street, text(2), text(8), text(9), text(3), text(4)) if one]
    return {**found, "text": ", ".join(said)} if said else None


def phone(part: Part, field: int, repetition: int = 1, use: str = "") -> Resource | None:
    def text(at: int) -> str:
        return part.text(field, at, 1, repetition)

    system = codes("phone-system").get(text(3), "phone")
    digits = " ".join(one for one in (text(5), text(6), text(7)) if one)
    value = text(1) or text(12) or (text(4) if "@" in text(4) else "") or digits
    if not value:
        return None
    if "@" in value or system == "email":
        system = "email" if "@" in value else "other"
    told = "mobile" if text(3) == "CP" else codes("phone-use").get(text(2)) or use
    found = {"system": system, "value": f"{value} x{text(8)}" if text(8) and not text(1) else value}
    return found | {"use": told} if told else found


def practitioner(draft: Draft, part: Part, field: int, repetition: int = 1) -> Resource | None:
    """A person at work (XCN): the licence where it is one, else the facility's own number, and the name."""
    number, kind = part.text(field, 1, 1, repetition), part.text(field, 13, 1, repetition)
    family, given, middle, prefix = (part.text(field, at, 1, repetition) for at in (2, 3, 4, 6))
    if family and not given:
        words = [prefix, family]
    elif family.lower() in name_tables().surnames:
        words = [prefix, family, middle, given]
    else:
        words = [prefix, given, middle, family]
    shown = " ".join(word for word in words if word)
    if not number:
        return {"type": "Practitioner", "display": shown} if shown else None
    licence = kind in ("MD", "LN") or number.upper().endswith(("-CCHN", "-GPHN"))
    system = systems.LICENCE_NUMBER if licence else systems.facility_numbers(draft.facility, "practitioner")
    if not shown and not licence and not part.text(field, 9, 1, repetition) and " " in number:
        return {"type": "Practitioner", "display": number}
    found: Resource = {"type": "Practitioner", "identifier": {"system": system, "value": number}}
    return found | {"display": shown} if shown else found
