"""What a row tells of its person as records: a visit, results, vaccinations, problems or allergies.

Ids come from the facility's own numbers where the row has them, else from person, day and subject, so that a row that
comes again, corrected, changes its own record.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

from hoso.core import fold
from hoso.exchange import stable_ids
from hoso.exchange.insurance import result as results
from hoso.exchange.insurance import values, vitals
from hoso.exchange.insurance.convert import ACT_CODE, facility
from hoso.exchange.insurance.mapping import Resource
from hoso.exchange.sheets.kinds import plain, words
from hoso.exchange.sheets.names_of import dose_number, test_of, vaccine_of
from hoso.exchange.sheets.pieces import Cell
from hoso.exchange.sheets.reading import Reading
from hoso.fhir import systems
from hoso.fhir.terminology.tables import rows as terminology_rows

Reference = dict[str, Any]
_HL7 = "http://terminology.hl7.org/CodeSystem"
_ICD = re.compile(r"[A-Z]\d{2}(?:\.?\d{1,3})?[*†+]?\Z")
_SIGNS = {"pulse": "M", "temperature": "T", "respiration": "NT", "oxygen": "SP"}
_SIZES = {
    "weight": ("29463-7", "Body weight", "Cân nặng", "kg", Decimal("0.3"), Decimal(400)),
    "height": ("8302-2", "Body height", "Chiều cao", "cm", Decimal(20), Decimal(260)),
}
_RANGE = re.compile(r"(\d[\d.,]*)\s*(?:[-–~]|đến)\s*(\d[\d.,]*)")


def records(reading: Reading, patient: Resource, asked: str) -> Iterator[Resource]:
    """Everything but the Patient; targets stand before what refers to them. `asked` is the day of the row."""
    yield from _MAKERS[reading.piece.kind](reading, patient, asked)


def day_of(reading: Reading) -> str:
    """The moment the row tells of, as far as it can be read; what is wrong with it is told by its maker."""
    return reading.day("date") or ""


def _id(reading: Reading, patient: Resource, *parts: str) -> str:
    return stable_ids.from_numbers(reading.piece.facility, "sheet", patient["id"], *parts)


def _subject(patient: Resource) -> Reference:
    return {"reference": f"Patient/{patient['id']}"}


def _visits(reading: Reading, patient: Resource, asked: str) -> Iterator[Resource]:
    number = reading.text("visit-number")
    code = reading.piece.facility
    parts = ("visit", number) if number else (patient["id"], "visit", asked, fold(reading.text("department")))
    encounter: Resource = {
        "resourceType": "Encounter",
        "id": stable_ids.from_numbers(code, *parts, *(() if number else ("sheet",))),
        "status": "finished",
        "class": {"system": ACT_CODE, "code": "AMB"},
        "subject": _subject(patient),
        "serviceProvider": facility(code),
    }
    if number:
        encounter["identifier"] = [{"system": systems.facility_visit_number(code), "value": number}]
    if asked:
        encounter["period"] = {"start": asked}
        end = reading.day("end", needed=False)
        if end and end >= asked[: len(end)]:
            encounter["period"]["end"] = end
    if reason := reading.text("reason"):
        encounter["reasonCode"] = [{"text": reason}]
    if doctor := reading.text("doctor"):
        encounter["participant"] = [{"individual": {"type": "Practitioner", "display": doctor}}]
    if department := reading.text("department"):
        encounter["serviceType"] = {"text": department}
    conditions = list(_conditions(reading, patient, encounter))
    if conditions:
        encounter["diagnosis"] = [{"condition": {"reference": f"Condition/{one['id']}"}} for one in conditions]
    for field in ("treatment", "next"):
        if (cell := reading.cell(field)) and cell.text:
            reading.keep(cell)
    yield encounter
    yield from conditions
    yield from _measured(reading, patient, encounter, asked)


def _conditions(reading: Reading, patient: Resource, encounter: Resource) -> Iterator[Resource]:
    named, codes = reading.text("diagnosis"), _icd(reading)
    for at, code in enumerate(codes or [""] if named or codes else []):
        concept: Resource = {}
        if code:
            concept["coding"] = [{"system": systems.ICD10, "code": code}]
        if named and at == 0:
            concept["text"] = named
        category = {"system": f"{_HL7}/condition-category", "code": "encounter-diagnosis"}
        condition: Resource = {
            "resourceType": "Condition",
            "id": stable_ids.from_numbers(reading.piece.facility, "sheet", encounter["id"], "diagnosis", str(at)),
            "verificationStatus": _coded("condition-ver-status", "confirmed"),
            "category": [{"coding": [category]}],
            "code": concept,
            "subject": _subject(patient),
            "encounter": {"reference": f"Encounter/{encounter['id']}"},
        }
        if "period" in encounter:
            condition["recordedDate"] = encounter["period"]["start"]
        yield condition


def _icd(reading: Reading) -> list[str]:
    """Codes that the national list has, or that look like one, with a warning; else the text is kept."""
    cell = reading.cell("icd")
    found: list[str] = []
    for part in re.split(r"[;,/\s]+", cell.text.upper()) if cell and cell.text else ():
        code = part.strip("*†+")
        if not code:
            continue
        if not _ICD.match(code):
            reading.unread(cell)  # type: ignore[arg-type]
            return found
        dotted = code if "." in code or len(code) < 4 else f"{code[:3]}.{code[3:]}"
        if dotted not in _known_codes() and code not in _known_codes():
            reading.tell("sheet.unknown-code", cell, "warning", code="code-invalid", diagnosis=code)  # type: ignore[arg-type]
        found.append(dotted)
    return list(dict.fromkeys(found))


_CODES: set[str] = set()


def _known_codes() -> set[str]:
    if not _CODES:
        _CODES.update(row["code"] for row in terminology_rows("icd10vn.csv.gz"))
    return _CODES


def _measured(reading: Reading, patient: Resource, encounter: Resource, asked: str) -> Iterator[Resource]:
    """Vital signs; one that no body can have is kept as it was written."""
    token = []
    for field, sign in _SIGNS.items():
        if (cell := reading.cell(field)) and cell.text:
            token.append((cell, f"{sign}:{cell.text.replace(',', '.')}"))
    if (cell := reading.cell("pressure")) and cell.text:
        token.append((cell, f"HA:{re.sub(r'[^0-9/]', '', cell.text)}"))
    found: list[tuple[str, Resource]] = []
    for cell, text in token:
        signs = list(vitals.read(f"CSST<{text}>"))
        if not signs:
            reading.unread(cell)
        found += signs
    for field in _SIZES:
        if (cell := reading.cell(field)) and cell.text:
            if (size := _size(field, cell)) is None:
                reading.unread(cell)
            else:
                found.append((field, size))
    for name, observation in found:
        one: Resource = {
            "resourceType": "Observation",
            "id": stable_ids.from_numbers(reading.piece.facility, "sheet", encounter["id"], "sign", name),
            **observation,
            "subject": _subject(patient),
            "encounter": {"reference": f"Encounter/{encounter['id']}"},
        }
        if asked:
            one["effectiveDateTime"] = asked
        yield one


def _size(field: str, cell: Cell) -> Resource | None:
    loinc, en, vi, unit, low, high = _SIZES[field]
    digits = values.number(re.sub(r"\s*(?:kg|cm)\s*\Z", "", cell.text.strip()))
    if digits is None or not low <= Decimal(digits) <= high:
        return None
    return {
        "status": "final",
        "category": [{"coding": [{"system": f"{_HL7}/observation-category", "code": "vital-signs"}]}],
        "code": {"coding": [{"system": systems.LOINC, "code": loinc, "display": en}], "text": vi},
        "valueQuantity": {"value": Decimal(digits), "unit": unit, "system": systems.UCUM, "code": unit},
    }


def _results(reading: Reading, patient: Resource, asked: str) -> Iterator[Resource]:
    unit = reading.text("unit")
    name, code = reading.text("test"), reading.text("test-code")
    if (cell := reading.cell("result")) and cell.text:
        if not name and not code:
            reading.tell("sheet.no-test", cell, code="required")
        else:
            yield _observation(reading, patient, asked, cell.text, name, code, unit)
    for one in reading.cells("measure"):
        if one.text:
            yield _observation(reading, patient, asked, one.text, one.of or one.column, "", one.unit)


def _observation(
    reading: Reading, patient: Resource, asked: str, text: str, name: str, code: str, unit: str
) -> Resource:
    facility_code = reading.piece.facility
    known = test_of(code, unit) or test_of(name, unit)
    coding = [{"system": systems.LOINC, "code": known.code, "display": known.en}] if known else []
    if code and (known is None or known.code != code):
        coding.append({"system": f"https://hoso.vn/sid/facility/{facility_code}/test", "code": code})
    value, whole = results.read(text, unit)
    if not whole:
        reading.kept.append({"url": _TEXT, "valueString": text})
    observation: Resource = {
        "resourceType": "Observation",
        "id": _id(reading, patient, "result", reading.text("sample"), asked, fold(code or name)),
        "status": "final",
        "category": [{"coding": [{"system": f"{_HL7}/observation-category", "code": "laboratory"}]}],
        "code": {**({"coding": coding} if coding else {}), "text": name or code},
        "subject": _subject(patient),
        "performer": [facility(facility_code)],
        **value,
    }
    if asked:
        observation["effectiveDateTime"] = asked
    if sample := reading.text("sample"):
        observation["identifier"] = [
            {"system": f"https://hoso.vn/sid/facility/{facility_code}/sample", "value": sample}
        ]
    if limits := reading.text("range"):
        observation["referenceRange"] = [_limits(limits, unit)]
    if flag := reading.word("flag"):
        observation["interpretation"] = [_coded("v3-ObservationInterpretation", flag)]
    if doctor := reading.text("doctor"):
        observation["performer"].append({"type": "Practitioner", "display": doctor})
    return observation


_TEXT = "https://hoso.vn/StructureDefinition/result-text"


def _limits(text: str, unit: str) -> Resource:
    found: Resource = {"text": text}
    match = _RANGE.search(text)
    low, high = (values.number(match[1]), values.number(match[2])) if match else (None, None)
    if low and high and Decimal(low) <= Decimal(high):
        quantity = {"unit": unit} if unit else {}
        found |= {"low": {"value": Decimal(low), **quantity}, "high": {"value": Decimal(high), **quantity}}
    return found


def _immunizations(reading: Reading, patient: Resource, asked: str) -> Iterator[Resource]:
    if (cell := reading.cell("vaccine")) and cell.text:
        said = reading.cell("dose")
        dose = dose_number(said.text) if said else ""
        if said and said.text and not dose:
            reading.unread(said)
        yield _immunization(reading, patient, cell, asked, dose)
    for one in reading.cells("vaccination"):
        if one.text and (given := reading.date_of(one)):
            yield _immunization(reading, patient, Cell("", one.column, one.of or one.column), given, one.dose)


def _immunization(reading: Reading, patient: Resource, cell: Cell, given: str, dose: str) -> Resource:
    known = vaccine_of(cell.text)
    if known is None:
        reading.tell("sheet.unknown-vaccine", cell, "warning", code="code-invalid")
    dose = dose or (known.dose if known else "")
    subject = known.code if known else fold(cell.text)
    resource: Resource = {
        "resourceType": "Immunization",
        "id": _id(reading, patient, "vaccine", subject, dose if dose.isdigit() else given),
        "status": "completed",
        "vaccineCode": {"text": cell.text},
        "patient": _subject(patient),
        "occurrenceDateTime": given,
        "primarySource": not reading.text("place"),
        "performer": [{"actor": facility(reading.piece.facility)}],
    }
    if known:
        resource["vaccineCode"] = {"coding": [{"system": systems.CVX, "code": known.code}], "text": cell.text}
    if dose:
        number = {"doseNumberPositiveInt": int(dose)} if dose.isdigit() else {"doseNumberString": dose}
        resource["protocolApplied"] = [number]
    if lot := reading.text("lot"):
        resource["lotNumber"] = lot
    if place := reading.text("place"):
        resource["performer"] = [{"actor": {"type": "Organization", "display": place}}]
    if reaction := reading.text("reaction"):
        resource["note"] = [{"text": reaction}]
    return resource


def _problems(reading: Reading, patient: Resource, asked: str) -> Iterator[Resource]:
    state = reading.word("state") or "active"
    since = reading.day("since", needed=False)
    named, codes = reading.text("diagnosis"), _icd(reading)
    for at, code in enumerate(codes or [""]):
        concept: Resource = {"coding": [{"system": systems.ICD10, "code": code}]} if code else {}
        if named and at == 0:
            concept["text"] = named
        category = {"system": f"{_HL7}/condition-category", "code": "problem-list-item"}
        problem: Resource = {
            "resourceType": "Condition",
            "id": _id(reading, patient, "problem", code or fold(named)),
            "clinicalStatus": _coded("condition-clinical", state),
            "verificationStatus": _coded("condition-ver-status", "confirmed"),
            "category": [{"coding": [category]}],
            "code": concept,
            "subject": _subject(patient),
        }
        if since:
            problem["onsetDateTime"] = since
        if asked:
            problem["recordedDate"] = asked
        if treatment := reading.text("treatment"):
            problem["note"] = [{"text": treatment}]
        yield problem


def _allergies(reading: Reading, patient: Resource, asked: str) -> Iterator[Resource]:
    substance = reading.text("substance")
    none = plain(substance) in words("no-allergy")
    concept: Resource = {"text": substance}
    if none:
        concept["coding"] = [{"system": systems.SNOMED, "code": "716186003", "display": "No known allergy"}]
    allergy: Resource = {
        "resourceType": "AllergyIntolerance",
        "id": _id(reading, patient, "allergy", fold(substance)),
        "clinicalStatus": _coded("allergyintolerance-clinical", "active"),
        "verificationStatus": _coded("allergyintolerance-verification", "unconfirmed"),
        "code": concept,
        "patient": _subject(patient),
    }
    if category := reading.word("category"):
        allergy["category"] = [category]
    if since := reading.day("since", needed=False):
        allergy["onsetDateTime"] = since
    if asked:
        allergy["recordedDate"] = asked
    severity, told = reading.word("severity"), reading.text("reaction")
    if severity == "severe":
        allergy["criticality"] = "high"
    if not none and (told or severity):
        reaction: Resource = {"manifestation": [{"text": told or reading.text("severity")}]}
        allergy["reaction"] = [{**reaction, **({"severity": severity} if severity else {})}]
    yield allergy


def _persons(reading: Reading, patient: Resource, asked: str) -> Iterator[Resource]:
    cell = reading.cell("blood")
    if cell is None or not cell.text:
        return
    yield {
        "resourceType": "Observation",
        "id": _id(reading, patient, "blood"),
        "status": "final",
        "category": [{"coding": [{"system": f"{_HL7}/observation-category", "code": "laboratory"}]}],
        "code": {
            "coding": [{"system": systems.LOINC, "code": "882-1", "display": "ABO and Rh group [Type] in Blood"}],
            "text": "Nhóm máu",
        },
        "subject": _subject(patient),
        "valueCodeableConcept": {"text": cell.text},
    }


def _coded(system: str, code: str) -> Resource:
    return {"coding": [{"system": f"{_HL7}/{system}", "code": code}]}


_MAKERS: dict[str, Callable[[Reading, Resource, str], Iterator[Resource]]] = {
    "persons": _persons,
    "visits": _visits,
    "results": _results,
    "immunizations": _immunizations,
    "problems": _problems,
    "allergies": _allergies,
}
