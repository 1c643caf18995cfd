"""The visits of a synthetic citizen as hospitals' software sends them in HL7 v2: messages in its dialects, with faults.

Beside every message stands the truth: whose it is, of which visit, in which dialect, and what is wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random
from typing import NamedTuple

from hoso.fhir import systems
from hoso.synth.record import Resource

FAULTS = (
    "no-patient-number",
    "no-visit-number",
    "impossible-date",
    "unknown-code",
    "not-a-number",
    "sent-twice",
    "late",
)
FAULTY = 0.03
"""Visits with a fault in one of their messages."""
REFUSED = ("no-patient-number", "no-visit-number")
"""Faults for which something of the message cannot be stored; of the others all of it is."""


_WRONG = {
    "no-patient-number": ("PID", 3, ""),
    "no-visit-number": ("PV1", 19, ""),
    "impossible-date": ("PID", 7, "20260231"),
    "unknown-code": ("PID", 8, "X9"),
    "not-a-number": ("OBX", 5, "mẫu vón"),
}


class Dialect(NamedTuple):
    """How the software of a facility writes."""

    version: str
    end: str
    marks: str
    whole_names: bool
    """The name in one component, as people write it."""
    zone: str
    typed: bool
    """Numbers have their type (MR, NI); else only the authority says so."""
    own: bool
    """Adds a Z-segment."""


DIALECTS = (
    Dialect("2.5.1", "\r", "|^~\\&", False, "+0700", True, False),
    Dialect("2.5", "\r\n", "|^~\\&", True, "", True, False),
    Dialect("2.3", "\r", "|^~\\&", True, "", False, True),
    Dialect("2.4", "\n", "|^~\\&", False, "", True, True),
    Dialect("2.3.1", "\r", "*!?/@", False, "", True, False),
)
_GENDER = {"male": "M", "female": "F", "other": "O"}
_SYSTEMS = {
    systems.LOINC: "LN",
    systems.ICD10: "I10",
    systems.CVX: "CVX",
    systems.ATC: "ATC",
    systems.SNOMED: "SCT",
    systems.ICD9_PROCEDURES: "I9C",
}
_ROUTES = {"78421000": "IM", "34206005": "SC", "26643006": "PO", "372464004": "ID"}


class Sent(NamedTuple):
    """One message as bytes, with the truth about it."""

    facility: str
    data: bytes
    truth: Resource


C, R = "\ue000", "\ue001"
"""Where components and repetitions part, until the separators of the dialect are written."""
Fields = dict[int, str]
Segments = list[tuple[str, Fields]]


def dialect_of(facility: str) -> Dialect:
    """A facility has one software."""
    return DIALECTS[int.from_bytes(facility.encode(), "big") % len(DIALECTS)]


def messages(bundle: Resource, truth: Resource, rng: Random) -> Iterator[Sent]:
    """The messages of every visit of a citizen's bundle, in the order they are sent."""
    resources = [entry["resource"] for entry in bundle["entry"]]
    patients = {f"Patient/{one['id']}": one for one in resources if one["resourceType"] == "Patient"}
    for encounter in resources:
        if encounter["resourceType"] != "Encounter" or encounter["subject"]["reference"] not in patients:
            continue
        link = f"Encounter/{encounter['id']}"
        inside = [one for one in resources if one.get("encounter", {}).get("reference") == link]
        fault = rng.choice(FAULTS) if rng.random() < FAULTY else ""
        yield from _sent(patients[encounter["subject"]["reference"]], encounter, inside, truth, fault)


def _sent(
    patient: Resource, encounter: Resource, inside: list[Resource], truth: Resource, fault: str
) -> Iterator[Sent]:
    facility = encounter["identifier"][0]["system"].split("/")[-2]
    visit = str(encounter["identifier"][0]["value"])
    dialect = dialect_of(facility)
    plans = list(_plans(patient, encounter, inside, facility, truth, dialect))
    if fault == "late":
        plans[0], plans[-1] = plans[-1], plans[0]
    faulty = _place(plans, fault)
    for at, (kind, moment, segments, counts) in enumerate(plans, 1):
        here = fault if at - 1 == faulty and _broken(segments, fault) else ""
        told = {
            "citizen": truth["number"],
            "patient": truth["patient"],
            "facility": facility,
            "visit": visit,
            "control": f"{visit}-{at}",
            "kind": kind,
            "dialect": dialect.version,
            "fault": here,
            "holds": counts,
        }
        sent = Sent(facility, _text(kind, moment, segments, facility, f"{visit}-{at}", dialect).encode(), told)
        yield sent
        if here == "sent-twice":
            yield sent


def _place(plans: list[tuple[str, str, Segments, dict[str, int]]], fault: str) -> int:
    """Which message of the visit the fault is in."""
    wanted = {"not-a-number": "ORU^R01", "unknown-code": "ADT^A04", "no-visit-number": "ADT^A04"}.get(fault, "")
    return next((at for at, plan in enumerate(plans) if wanted and plan[0] == wanted), 0 if not wanted else -1)


def _broken(segments: Segments, fault: str) -> bool:
    """Puts the fault in; whether there is a place for it. Of what is sent twice or late nothing else is wrong."""
    written = _WRONG.get(fault)
    if written is None:
        return bool(fault)
    name, at, text = written
    for segment, fields in segments:
        if segment == name and (fault != "not-a-number" or fields[2] == "NM"):
            fields[at] = text
            return True
    return False


Plan = tuple[str, str, Segments, dict[str, int]]


def _plans(
    patient: Resource, encounter: Resource, inside: list[Resource], facility: str, truth: Resource, dialect: Dialect
) -> Iterator[Plan]:
    """(kind, when it was made, segments, how many records it holds), in the order of the visit."""
    pid, start = _pid(patient, facility, truth, dialect), encounter["period"]["start"]
    end = encounter["period"].get("end", start)
    base: Segments = [("PID", pid), ("PV1", _pv1(encounter, dialect))]
    diagnoses = [one for one in inside if one["resourceType"] == "Condition"]
    reported = {result["reference"] for one in inside for result in one.get("result", ())}
    vitals = [
        one for one in inside if one["resourceType"] == "Observation" and f"Observation/{one['id']}" not in reported
    ]
    allergies = [one for one in inside if one["resourceType"] == "AllergyIntolerance"]
    first = [*_fresh(base), *(("AL1", _al1(at, one, dialect)) for at, one in enumerate(allergies, 1))]
    first += [("OBX", _obx(at, one, dialect)) for at, one in enumerate(vitals, 1)]
    yield "ADT^A04", start, first, {"Observation": len(vitals), "AllergyIntolerance": len(allergies)}
    results = {one["id"]: one for one in inside if one["resourceType"] == "Observation"}
    for report in (one for one in inside if one["resourceType"] == "DiagnosticReport"):
        held = [
            results[id] for one in report.get("result", ()) if (id := one["reference"].partition("/")[2]) in results
        ]
        segments = [*_fresh(base), ("OBR", _obr(report, dialect))]
        segments += [("OBX", _obx(at, one, dialect)) for at, one in enumerate(held, 1)]
        yield "ORU^R01", report["issued"], segments, {"Observation": len(held), "DiagnosticReport": 1}
    for one in (one for one in inside if one["resourceType"] == "Immunization"):
        segments = [_fresh(base)[0], ("ORC", {1: "RE", 3: one["id"][:12]}), ("RXA", _rxa(one, dialect))]
        segments += [("RXR", {1: _ROUTES[code]})] if (code := _code(one.get("route", {}))) in _ROUTES else []
        yield "VXU^V04", one["occurrenceDateTime"], segments, {"Immunization": 1}
    medicines = [one for one in inside if one["resourceType"] == "MedicationRequest"]
    if medicines:
        orders = [part for one in medicines for part in (("ORC", _orc(one, dialect)), ("RXE", _rxe(one)))]
        yield "RDE^O11", medicines[0]["authoredOn"], [*_fresh(base), *orders], {"MedicationRequest": len(medicines)}
    noted = [("DG1", _dg1(at, one)) for at, one in enumerate(diagnoses, 1)]
    done = [one for one in inside if one["resourceType"] == "Procedure"]
    leaving = [*_fresh(base), *noted, *(("PR1", _pr1(at, one, dialect)) for at, one in enumerate(done, 1))]
    leaving[1][1][45] = _moment(end, dialect)
    yield "ADT^A03", end, leaving, {
        "Condition": len({fields[3] for _, fields in noted}), "Procedure": len(done),
    }  # fmt: skip


def _fresh(base: Segments) -> Segments:
    return [(name, dict(fields)) for name, fields in base]


def _pid(patient: Resource, facility: str, truth: Resource, dialect: Dialect) -> Fields:
    numbers = {one["system"]: one["value"] for one in patient["identifier"]}
    own = numbers.get(systems.facility_patient_number(facility), patient["id"][:8])
    listed = [f"{own}{C * 4}MR" if dialect.typed else own]
    for system, authority, kind in ((systems.PERSONAL_NUMBER, "CCCD", "NI"), (systems.INSURANCE_NUMBER, "BHXH", "SB")):
        if value := numbers.get(system):
            listed.append(f"{value}{C * 3}{authority}{C}{kind if dialect.typed else ''}")
    address = (patient.get("address") or [{}])[0]
    parts = [*address.get("line", ()), address.get("city", ""), address.get("state", "")]
    phones = [one["value"] for one in patient.get("telecom", ()) if one.get("system") == "phone"]
    return {
        1: "1",
        3: R.join(listed),
        5: _name(patient["name"][0], dialect),
        7: patient.get("birthDate", "").replace("-", ""),
        8: _GENDER.get(patient.get("gender", ""), "U"),
        11: f"{', '.join(part for part in parts if part)}{C * 5}VNM",
        13: phones[0] if phones else "",
        22: truth["ethnicGroup"] if dialect.own else "",
    }


def _name(name: Resource, dialect: Dialect) -> str:
    text = str(name.get("text") or " ".join([name.get("family", ""), *name.get("given", ())]))
    words = text.split()
    if dialect.whole_names or len(words) < 2:
        return text
    return C.join((words[0], words[-1], *([" ".join(words[1:-1])] if words[2:] else [])))


def _pv1(encounter: Resource, dialect: Dialect) -> Fields:
    kind = {"IMP": "I", "EMER": "E"}.get(encounter["class"]["code"], "O")
    doctors = [one["individual"].get("display", "") for one in encounter.get("participant", ())]
    return {
        1: "1",
        2: kind,
        3: f"K01{C}P1" if kind != "O" else "PK1",
        7: f"{C}{doctors[0]}" if doctors else "",
        19: encounter["identifier"][0]["value"],
        44: _moment(encounter["period"]["start"], dialect),
    }


def _obr(report: Resource, dialect: Dialect) -> Fields:
    return {
        1: "1",
        3: report["id"][:12],
        4: _coded(report["code"]),
        7: _moment(report["effectiveDateTime"], dialect),
        22: _moment(report["issued"], dialect),
        24: _code(report["category"][0]) if report.get("category") else "",
        25: "F",
    }


def _obx(at: int, one: Resource, dialect: Dialect) -> Fields:
    kind, value, unit = _value(one)
    ranges = [_range(found) for found in one.get("referenceRange", ())]
    flags = [_code(found) for found in one.get("interpretation", ())]
    moment = _moment(one["effectiveDateTime"], dialect)
    return {
        1: str(at), 2: kind, 3: _coded(one["code"]), 5: value, 6: unit,
        7: ranges[0] if ranges else "", 8: flags[0] if flags else "", 11: "F", 14: moment,
    }  # fmt: skip


def _value(one: Resource) -> tuple[str, str, str]:
    if quantity := one.get("valueQuantity"):
        return "NM", str(quantity["value"]), str(quantity.get("unit", ""))
    if parts := one.get("component"):
        return "ST", "/".join(str(part["valueQuantity"]["value"]) for part in parts), ""
    if concept := one.get("valueCodeableConcept"):
        return "CWE", _coded(concept), ""
    if day := one.get("valueDateTime"):
        return "DT", day[:10].replace("-", ""), ""
    return "ST", str(one.get("valueString", "")), ""


def _range(found: Resource) -> str:
    low, high = (str(found[end]["value"]) if end in found else "" for end in ("low", "high"))
    if low and high:
        return f"{low}-{high}"
    return f">{low}" if low else f"<{high}" if high else ""


def _rxa(one: Resource, dialect: Dialect) -> Fields:
    dose = one.get("doseQuantity", {})
    moment = _moment(one["occurrenceDateTime"], dialect)
    return {
        1: "0", 2: "1", 3: moment, 4: moment, 5: _coded(one["vaccineCode"]),
        6: str(dose.get("value", "999")), 7: str(dose.get("unit", "")), 9: f"00{C}Mới{C}NIP001",
        15: one.get("lotNumber", ""), 16: one.get("expirationDate", "").replace("-", ""), 20: "CP", 21: "A",
    }  # fmt: skip


def _orc(one: Resource, dialect: Dialect) -> Fields:
    return {1: "NW", 2: one["id"][:12], 9: _moment(one["authoredOn"], dialect)}


def _rxe(one: Resource) -> Fields:
    dosage = one["dosageInstruction"][0]
    dose = dosage["doseAndRate"][0]["doseQuantity"]
    supply = one["dispenseRequest"]["quantity"]
    return {
        2: _coded(one["medicationCodeableConcept"]), 3: str(dose["value"]), 5: dose["unit"],
        7: f"{C}{dosage['text']}", 10: str(supply["value"]), 11: supply.get("unit", dose["unit"]),
    }  # fmt: skip


def _dg1(at: int, one: Resource) -> Fields:
    return {
        1: str(at),
        3: _coded(one["code"]),
        5: one.get("recordedDate", "").replace("-", "")[:8],
        6: "F",
        15: str(at),
    }


_ALLERGY_TYPES = {"medication": "DA", "food": "FA", "environment": "EA"}


def _al1(at: int, one: Resource, dialect: Dialect) -> Fields:
    kind = next(iter(one.get("category", ())), "")
    severity = {"high": "SV", "low": "MI"}.get(one.get("criticality", ""), "")
    reactions = [text["text"] for part in one.get("reaction", ()) for text in part["manifestation"] if text.get("text")]
    return {
        1: str(at), 2: _ALLERGY_TYPES.get(kind, ""), 3: _coded(one["code"]), 4: severity, 5: R.join(reactions),
        6: one.get("onsetDateTime", "")[:10].replace("-", ""),
    }  # fmt: skip


def _pr1(at: int, one: Resource, dialect: Dialect) -> Fields:
    moment = one.get("performedPeriod", {}).get("start") or one.get("performedDateTime", "")
    return {1: str(at), 3: _coded(one["code"]), 5: _moment(moment, dialect)}


def _code(concept: Resource) -> str:
    return str(concept["coding"][0]["code"]) if concept.get("coding") else ""


def _coded(concept: Resource) -> str:
    """Code, words and list; of what has none the words alone."""
    text = str(concept.get("text", ""))
    if not concept.get("coding"):
        return f"{C}{text}"
    first = concept["coding"][0]
    return C.join(
        (str(first["code"]), text or str(first.get("display", "")), _SYSTEMS.get(first.get("system", ""), "L"))
    )


def _moment(moment: str, dialect: Dialect) -> str:
    digits = moment[:19].replace("-", "").replace("T", "").replace(":", "")
    return digits + dialect.zone if len(digits) > 8 else digits


def _text(kind: str, moment: str, segments: Segments, facility: str, control: str, dialect: Dialect) -> str:
    """With the separators of the dialect; in what it says they stand as escapes."""
    field = dialect.marks[0]
    head = {
        3: "HIS", 4: facility, 5: "HOSO", 6: "HOSO", 7: _moment(moment, dialect), 9: kind.replace("^", C),
        10: control, 11: "P",
        12: dialect.version, 18: "UNICODE UTF-8",
    }  # fmt: skip
    lines = [f"MSH{dialect.marks}" + _line(head, dialect)[2:]]
    lines += [name + _line(fields, dialect) for name, fields in segments]
    if dialect.own:
        lines.append(f"ZVN{field}1{field}{facility}")
    return dialect.end.join(lines) + dialect.end


def _line(fields: Fields, dialect: Dialect) -> str:
    last = max((at for at, text in fields.items() if text), default=0)
    return "".join(dialect.marks[0] + _written(fields.get(at, ""), dialect) for at in range(1, last + 1))


def _written(text: str, dialect: Dialect) -> str:
    """With the separators of the dialect; where the text itself has such a character it stands as an escape."""
    field, component, repetition, escape, sub = tuple(dialect.marks)
    text = text.replace(escape, "\ue002")
    for mark, code in ((field, "F"), (component, "S"), (repetition, "R"), (sub, "T")):
        text = text.replace(mark, f"{escape}{code}{escape}")
    return text.replace("\ue002", f"{escape}E{escape}").replace(C, component).replace(R, repetition)


def joined(sent: Iterable[Sent]) -> bytes:
    """The file of one facility."""
    return b"".join(one.data for one in sent)
