"""The person of a row as the facility's own Patient; who that is, identity decides when it is stored.

A patient has the id of the facility's number; without one, of a number of the state that fits birth and sex, else of
name, birth, sex and commune: what is corrected beside these, changes the same record.
"""

from __future__ import annotations

import re
from typing import Any

from hoso.core import fold
from hoso.exchange import stable_ids
from hoso.exchange.insurance import values
from hoso.exchange.insurance.convert import IDENTIFIER_TYPE, VN_CORE, facility
from hoso.exchange.insurance.mapping import Resource
from hoso.exchange.sheets import cells
from hoso.exchange.sheets.kinds import plain
from hoso.exchange.sheets.numbers import is_number
from hoso.exchange.sheets.pieces import Cell
from hoso.exchange.sheets.reading import Reading
from hoso.fhir import systems
from hoso.fhir.terminology.tables import rows
from hoso.identity.normalise.addresses import place_of
from hoso.identity.normalise.births import birth_of
from hoso.identity.normalise.numbers import number_of
from hoso.identity.normalise.person import Sex
from hoso.identity.normalise.phones import phones_in

CLASS = "https://hoso.vn/StructureDefinition/class"
_ROLE = "http://terminology.hl7.org/CodeSystem/v3-RoleCode"
_CONTACT = "http://terminology.hl7.org/CodeSystem/v2-0131"
_PASSPORT = re.compile(r"[A-Z]{1,2}\d{6,8}\Z")
_SPACES = re.compile(r"[\s.\-]+")
_TICKS = frozenset(("x", "v", "✓", "1", "nu", "co"))


def patient(reading: Reading, asked: str) -> Resource:
    """`asked` is the day of what the row tells, "" when it has none. Errors are told to the reading."""
    name = _name(reading)
    birth, sex = _birth(reading, asked), _sex(reading)
    identifiers = _identifiers(reading, birth, sex)
    resource: Resource = {"resourceType": "Patient", "active": True, "identifier": identifiers}
    if name:
        resource["name"] = [{"use": "official", "text": name}]
    if sex:
        resource["gender"] = sex
    if birth:
        resource["birthDate"] = birth
    if telecom := _telecom(reading, reading.cell("phone")):
        resource["telecom"] = telecom
    if address := _address(reading):
        resource["address"] = [address]
    if contacts := list(_contacts(reading)):
        resource["contact"] = contacts
    if extensions := _extensions(reading):
        resource["extension"] = extensions
    resource["managingOrganization"] = facility(reading.piece.facility)
    resource["id"] = stable_ids.from_numbers(
        reading.piece.facility, "patient", _key(reading, identifiers, name, birth, sex)
    )
    return {name: value for name, value in resource.items() if value or value is True}


def _key(reading: Reading, identifiers: list[Resource], name: str, birth: str | None, sex: str | None) -> str:
    """A number of the state counts only with birth and given name beside it, for siblings have been given one."""
    own = reading.text("number")
    if is_number(own):
        return own
    given = fold(name).rpartition(" ")[2]
    for identifier in identifiers:
        number = number_of(identifier, birth_of(birth or "", None)[0], _known(sex))
        if number and number.kind in ("cccd", "bhxh") and not number.doubt and birth:
            return f"{number.kind} {number.value} {birth[:4]} {given}"
    return "\n".join(["name", fold(name), birth or "", sex or "", _home(reading, birth)])


def _home(reading: Reading, birth: str | None) -> str:
    """What else tells namesakes apart: the commune; with no more than a year of birth, the whole address and phone."""
    address = _address(reading)
    found = place_of(address) if address else None
    place = found[0].commune or found[0].province if found else ""
    if birth and len(birth) == 10:
        return place
    return " ".join([place, fold(address.get("text", "")), *phones_in(reading.text("phone"))])


def _name(reading: Reading) -> str:
    whole = reading.text("name") or f"{reading.text('family')} {reading.text('given')}"
    whole = " ".join(whole.split())
    cell = reading.cell("name") or reading.cell("given")
    if cell and whole and not any(ch.isalpha() for ch in whole):
        reading.tell("sheet.no-name", cell)
    return whole


def _birth(reading: Reading, asked: str) -> str | None:
    for field in ("birth", "birth-male", "birth-female"):
        cell = reading.cell(field)
        if cell is None or not cell.text:
            continue
        found = reading.date_of(cell)
        if found and asked and found[:10] > asked[: len(found[:10])]:
            reading.tell("sheet.before-birth", cell, date=asked)
        return found[:10] if found else None
    cell = reading.cell("age")
    if cell and cell.text.isdigit() and asked and int(cell.text) <= 120:
        reading.tell("sheet.by-age", cell, "warning", fix=str(int(asked[:4]) - int(cell.text)))
        return str(int(asked[:4]) - int(cell.text))
    return None


def _sex(reading: Reading) -> str | None:
    if reading.text("birth-male"):
        return "male"
    if reading.text("birth-female"):
        return "female"
    if found := reading.word("sex"):
        return found
    ticked = reading.cell("female")
    if ticked is not None and plain(ticked.text) in _TICKS:
        return "female"
    return None


def _identifiers(reading: Reading, birth: str | None, sex: str | None) -> list[Resource]:
    found = []
    if is_number(number := reading.text("number")):
        system = systems.facility_patient_number(reading.piece.facility)
        found.append(numbered("secondary", "MR", "Mã người bệnh", system, number))
    for field in ("cccd", "bhyt"):
        cell = reading.cell(field)
        if cell and cell.text and (one := _of_state(reading, cell, birth, sex)):
            found.append(one)
    return found


def _of_state(reading: Reading, cell: Cell, birth: str | None, sex: str | None) -> Resource | None:
    if cell.mark == cells.DIGITS:
        reading.tell("sheet.lost-digits", cell)
        return None
    value = _SPACES.sub("", cell.text).upper()
    identifier = _insurance(value) if cell.field == "bhyt" else _identity(value)
    if identifier is None:
        reading.unread(cell)
        return None
    number = number_of(identifier, birth_of(birth or "", None)[0], _known(sex))
    if number and number.doubt == "lost-zero":
        reading.tell("sheet.lost-zero", cell, "warning", fix=number.value)
    elif number and number.doubt in ("year", "sex"):
        reading.tell("sheet.foreign-number", cell, "warning")
    return identifier


def _known(sex: str | None) -> Sex:
    return "male" if sex == "male" else "female" if sex == "female" else ""


def _identity(value: str) -> Resource | None:
    if _PASSPORT.match(value):
        return numbered("official", "PPN", "Hộ chiếu", systems.PASSPORT_NUMBER, value)
    if not (value.isascii() and value.isdigit()):
        return None
    if len(value) in (8, 9):
        return numbered("official", "NI", "Chứng minh nhân dân", systems.OLD_CARD_NUMBER, value)
    if len(value) in (10, 11, 12):
        return numbered("official", "NI", "Số định danh cá nhân", systems.PERSONAL_NUMBER, value)
    return None


def _insurance(value: str) -> Resource | None:
    if re.match(r"[A-Z]{2}\d[\dA-Z]{12}\Z", value):
        return numbered("official", "SB", "Thẻ bảo hiểm y tế", systems.INSURANCE_NUMBER, value)
    if value.isascii() and value.isdigit() and len(value) == 10:
        return numbered("secondary", "SB", "Mã số bảo hiểm xã hội", systems.SOCIAL_NUMBER, value)
    return None


def numbered(use: str, kind: str, words: str, system: str, value: str) -> Resource:
    concept = {"coding": [{"system": IDENTIFIER_TYPE, "code": kind}], "text": words}
    return {"use": use, "type": concept, "system": system, "value": value}


def _telecom(reading: Reading, cell: Cell | None) -> list[Resource]:
    if cell is None or not cell.text:
        return []
    text = cell.text if not (cell.mark == cells.NUMBER and len(cell.text) == 9) else f"0{cell.text}"
    found = phones_in(text)
    if not found:
        reading.unread(cell)
    return [{"system": "phone", "value": one} for one in found]


def _address(reading: Reading) -> Resource:
    """The text whole; parts beside it where they have columns of their own."""
    parts = {name: reading.text(name) for name in ("hamlet", "commune", "district", "province")}
    whole = reading.text("address")
    address: Resource = {"use": "home"}
    extensions = []
    for level, width in (("commune", 5), ("province", 2)):
        if parts[level].isdigit():
            code = values.code(parts[level], width)
            coding = {"system": systems.COMMUNE if level == "commune" else _PROVINCE, "code": code}
            extensions.append({"url": f"https://hoso.vn/StructureDefinition/{level}", "valueCoding": coding})
            parts[level] = ""
    text = ", ".join(dict.fromkeys(filter(None, (whole, *parts.values()))))
    if not text and not extensions:
        return {}
    if extensions:
        address["extension"] = extensions
    if text:
        address["text"] = text
    named = {"city": parts["commune"], "district": parts["district"], "state": parts["province"]}
    address |= {key: value for key, value in named.items() if value}
    if parts["hamlet"]:
        address["line"] = [parts["hamlet"]]
    return {**address, "country": "VN"}


_PROVINCE = "https://hoso.vn/CodeSystem/province"


def _contacts(reading: Reading) -> Any:
    """Guardian, mother and father; the guardian's number and phone stand with the guardian, never with the child."""
    told = (("guardian", "GUARD", "Người giám hộ"), ("mother", "MTH", "Mẹ"), ("father", "FTH", "Cha"))
    first = True
    for field, code, text in told:
        name = reading.text(field)
        if not name and not (field == "guardian" and reading.text("guardian-phone")):
            continue
        role = {"coding": [{"system": _ROLE, "code": code}], "text": text}
        contact: Resource = {"relationship": [{"coding": [{"system": _CONTACT, "code": "C"}]}, role]}
        if name:
            contact["name"] = {"text": " ".join(name.split())}
        if first:
            first = False
            if telecom := _telecom(reading, reading.cell("guardian-phone")):
                contact["telecom"] = telecom
            if number := reading.cell("guardian-cccd"):
                contact["extension"] = [{"url": _GUARDIAN_NUMBER, "valueString": _SPACES.sub("", number.text)}]
        yield contact


_GUARDIAN_NUMBER = "https://hoso.vn/StructureDefinition/guardian-number"


def _extensions(reading: Reading) -> list[Resource]:
    found = []
    if ethnic := reading.cell("ethnic"):
        found.append({"url": f"{VN_CORE}/extension-race", "valueCodeableConcept": _ethnic(ethnic.text)})
    if work := reading.text("occupation"):
        found.append({"url": f"{VN_CORE}/extension-occupation", "valueCodeableConcept": {"text": work}})
    for field, url in (("workplace", systems.WORKPLACE), ("class", CLASS)):
        if text := reading.text(field):
            found.append({"url": url, "valueString": text})
    return found


def _ethnic(text: str) -> Resource:
    listed = rows("ethnic_groups.csv")
    code = values.code(text, 2)
    known = next((row for row in listed if row["code"] == code or plain(row["name"]) == plain(text)), None)
    if known is None:
        return {"text": text}
    return {"coding": [{"system": systems.ETHNIC_GROUP, "code": known["code"]}], "text": known["name"]}
