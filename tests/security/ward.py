"""Two facilities, two patients and those who ask about them, behind the real FHIR application without a socket."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from tests.api.caller import Caller, Settings

from hoso.access import Actor, Records, Tokens
from hoso.access.policy.scopes import scopes
from hoso.api.app import application
from hoso.api.links import Seal
from hoso.fhir.systems import FACILITY_CODE, GROUP_KIND, PERSONAL_NUMBER
from hoso.store.record_store import RecordStore
from hoso.store.tokens import TokenTable

Resource = dict[str, Any]
NOW = datetime(2026, 11, 26, 3, 0, tzinfo=UTC)


def patient(id: str, name: str, number: str, facility: str = "f1") -> Resource:
    return {
        "resourceType": "Patient", "id": id, "name": [{"family": name}], "gender": "female", "birthDate": "1980-02-03",
        "identifier": [{"system": PERSONAL_NUMBER, "value": number}], "telecom": [{"system": "phone", "value": number}],
        "managingOrganization": {"reference": f"Organization/{facility}"},
    }  # fmt: skip


def visit(id: str, of: str, facility: str, status: str = "in-progress", **period: str) -> Resource:
    return {
        "resourceType": "Encounter", "id": id, "status": status,
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "subject": {"reference": f"Patient/{of}"}, "period": period or {"start": "2026-11-25T08:00:00+07:00"},
        "serviceProvider": {"reference": f"Organization/{facility}"},
    }  # fmt: skip


def observation(id: str, of: str, value: float = 5, **more: Any) -> Resource:
    return {
        "resourceType": "Observation", "id": id, "status": "final", "subject": {"reference": f"Patient/{of}"},
        "code": {"coding": [{"system": "http://loinc.org", "code": f"c{int(value) % 3}"}]},
        "effectiveDateTime": f"2026-11-{int(value) % 24 + 1:02}", "valueQuantity": {"value": value}, **more,
    }  # fmt: skip


def facility(id: str, code: str) -> Resource:
    identifier = [{"system": FACILITY_CODE, "value": code}]
    return {"resourceType": "Organization", "id": id, "name": id, "identifier": identifier}


def roster(id: str, facility: str, *patients: str) -> Resource:
    return {
        "resourceType": "Group", "id": id, "type": "person", "actual": True, "active": True,
        "code": {"coding": [{"system": GROUP_KIND, "code": "roster"}]},
        "managingEntity": {"reference": f"Organization/{facility}"},
        "member": [{"entity": {"reference": f"Patient/{one}"}} for one in patients],
    }  # fmt: skip


def staff(name: str, role: str, facility: str = "35001", **more: Any) -> Actor:
    return Actor(f"user/{name}", scopes(role), role=role, facility=facility, assurance="multi", **more)


SHOWN = (
    facility("f1", "35001"), facility("f2", "35002"), {"resourceType": "Practitioner", "id": "d1"},
    patient("p1", "An", "001180000001"), visit("e1", "p1", "f1"),
    *(observation(f"o{n}", "p1", n * 1.5) for n in range(6)),
)  # fmt: skip
FOREIGN = (
    patient("p2", "Binh", "001180000002", "f2"), visit("e2", "p2", "f2"),
    *(observation(f"x{n}", "p2", n * 2.5) for n in range(7)),
)  # fmt: skip
DOCTOR = staff("d1", "doctor", practitioner="d1")


def ward(store: RecordStore, resources: Iterable[Resource], actor: Actor = DOCTOR, now: datetime = NOW) -> Caller:
    """A server that holds these, asked by the actor; `caller.importer` writes without limits."""
    caller = Caller(store)
    for one in resources:
        answer = caller("PUT", f"{one['resourceType']}/{one['id']}", one)
        assert answer.status in (200, 201), answer.body
    return asked_by(caller, store, actor, now)


def asked_by(caller: Caller, store: RecordStore, actor: Actor, now: datetime = NOW) -> Caller:
    other = object.__new__(Caller)
    other.settings = Settings()
    other.records = Records(store, lambda: now)
    other.tokens = Tokens(TokenTable(store.engine), lambda: now, issued=lambda token: actor)
    other.app = application(other.records, other.tokens, Seal(b"k" * 32), other.settings)
    other.token = "somebody"
    return other
