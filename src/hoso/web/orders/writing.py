"""Signed orders become records, all of them or none, once however often the button is pressed.

An order that goes past a finding carries why: in its note, and as a DetectedIssue with the reason as its mitigation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from hoso.access import Conflict
from hoso.access.intake import accept
from hoso.access.scope import Right
from hoso.care.elements import Resource
from hoso.care.orders import Finding, told
from hoso.care.orders.prescription import code_of, kind_of
from hoso.care.orders.words import reason
from hoso.core.dates import VIETNAM
from hoso.fhir.json import encode
from hoso.fhir.systems import ATC, FACILITY_CODE, LOINC, ORDER_FINDING, OVERRIDE_REASON, PRESCRIPTION_CODE, UCUM
from hoso.web.door import Door
from hoso.web.orders.basket import Item

WEIGHT = "https://hoso.vn/StructureDefinition/prescription-weight"
GUARDIAN = "https://hoso.vn/StructureDefinition/prescription-guardian"
_SYSTEMS = {"loinc": LOINC, "atc": ATC}
_SEVERITY = {"critical": "high", "warning": "moderate", "info": "low"}


@dataclass(frozen=True, slots=True)
class Signing:
    """`once` names the signature; `subject` the Patient, `visit` the Encounter or ""."""

    once: UUID
    subject: str
    visit: str
    writer: Resource
    facility: str
    place: str
    """Name of the facility."""
    at: datetime
    synthetic: Sequence[Resource] = ()
    diagnosis: str = ""
    weight: Decimal | None = None
    guardian: str = ""

    def id(self, number: int, name: str = "order") -> str:
        return str(uuid5(self.once, f"{name}-{number}"))

    def code(self, item: Item) -> str:
        return code_of(self.facility, kind_of(item.wanted), str(self.once))

    @property
    def stamp(self) -> str:
        return self.at.astimezone(VIETNAM).isoformat(timespec="seconds")


Ordered = tuple[Item, Sequence[Finding]]


def write(reach: Door, signing: Signing, ordered: Sequence[Ordered]) -> None:
    """Raises Refused. That this very signature was written before is no fault."""
    made = list(_records(signing, ordered))
    rights: list[tuple[Right, str]] = [("c", type) for type in sorted({one["resourceType"] for one in made})]
    drafts = [accept(encode(one), one["resourceType"]).draft("POST", one["id"], None) for one in made]
    try:
        reach.records.save(reach.errand, rights, drafts)
    except Conflict:
        if not is_written(reach, signing, ordered):
            raise


def is_written(reach: Door, signing: Signing, ordered: Sequence[Ordered]) -> bool:
    type = "ServiceRequest" if ordered[0][0].kind == "test" else "MedicationRequest"
    return bool(reach.records.heads(reach.errand, [(type, signing.id(0))]))


def _records(signing: Signing, ordered: Sequence[Ordered]) -> Iterator[Resource]:
    for number, (item, findings) in enumerate(ordered):
        passed = [one for one in findings if one.severity != "info" or item.reason]
        issues = [_issue(signing, number, place, item, one) for place, one in enumerate(passed)]
        links = [{"reference": f"DetectedIssue/{one['id']}"} for one in issues]
        yield _test(signing, number, item, links) if item.kind == "test" else _medicine(signing, number, item, links)
        yield from issues


def _order(signing: Signing, number: int, item: Item, type: str) -> Resource:
    """What every order says: whose, by whom, when, in which visit, and why although something stands against it."""
    why = " ".join(filter(None, (reason(item.reason, "vi") if item.reason else "", item.words)))
    return {
        "resourceType": type,
        "id": signing.id(number),
        **({"meta": {"tag": list(signing.synthetic)}} if signing.synthetic else {}),
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{signing.subject}"},
        **({"encounter": {"reference": f"Encounter/{signing.visit}"}} if signing.visit else {}),
        "authoredOn": signing.stamp,
        "requester": signing.writer,
        **({"note": [{"text": why}]} if why else {}),
    }


def _concept(item: Item) -> Resource:
    wanted = item.wanted
    coding = [{"system": _SYSTEMS[system], "code": code} for system, code in wanted.codes]
    return {"text": wanted.name, **({"coding": coding} if coding else {})}


def _test(signing: Signing, number: int, item: Item, links: list[Resource]) -> Resource:
    here = {"type": "Organization", "identifier": {"system": FACILITY_CODE, "value": signing.facility}}
    made = _order(signing, number, item, "ServiceRequest") | {"code": _concept(item)}
    made["performer"] = [{**here, "display": signing.place}]
    return made | ({"supportingInfo": links} if links else {})


def _medicine(signing: Signing, number: int, item: Item, links: list[Resource]) -> Resource:
    line, code = item.line, {"system": PRESCRIPTION_CODE, "value": signing.code(item)}
    supply: dict[str, Any] = {}
    if line.quantity is not None:
        supply["quantity"] = {"value": line.quantity, **({"unit": line.unit} if line.unit else {})}
    if line.days is not None:
        supply["expectedSupplyDuration"] = {"value": line.days, "unit": "ngày", "system": UCUM, "code": "d"}
    child = _child(signing)
    return _order(signing, number, item, "MedicationRequest") | {
        "identifier": [code],
        "groupIdentifier": code,
        "medicationCodeableConcept": _concept(item),
        "reasonCode": [{"text": signing.diagnosis}],
        "dosageInstruction": [{"sequence": number + 1, "text": line.dose}],
        **({"dispenseRequest": supply} if supply else {}),
        **({"extension": child} if child else {}),
        **({"detectedIssue": links} if links else {}),
    }


def _child(signing: Signing) -> list[Resource]:
    made: list[Resource] = []
    if signing.weight is not None:
        weight = {"value": signing.weight, "unit": "kg", "system": UCUM, "code": "kg"}
        made.append({"url": WEIGHT, "valueQuantity": weight})
    if signing.guardian:
        made.append({"url": GUARDIAN, "valueString": signing.guardian})
    return made


def _issue(signing: Signing, number: int, place: int, item: Item, finding: Finding) -> Resource:
    type = "ServiceRequest" if item.kind == "test" else "MedicationRequest"
    words = told(finding, "vi")
    why: Mapping[str, Any] = {"system": OVERRIDE_REASON, "code": item.reason}
    evidence = [{"detail": [{"reference": finding.evidence}]}] if finding.evidence else []
    action = {"text": " ".join(filter(None, (reason(item.reason, "vi") if item.reason else "", item.words))) or "–"}
    return {
        "resourceType": "DetectedIssue",
        "id": signing.id(number, f"issue-{place}"),
        "status": "final",
        "code": {"coding": [{"system": ORDER_FINDING, "code": finding.kind}], "text": words.summary},
        "severity": _SEVERITY[finding.severity],
        "patient": {"reference": f"Patient/{signing.subject}"},
        "identifiedDateTime": signing.stamp,
        "author": signing.writer,
        "implicated": [{"reference": f"{type}/{signing.id(number)}"}],
        **({"evidence": evidence} if evidence else {}),
        "detail": words.detail,
        "mitigation": [
            {
                "action": {**({"coding": [why]} if item.reason else {}), **action},
                "date": signing.stamp,
                "author": signing.writer,
            }
        ],
    }
