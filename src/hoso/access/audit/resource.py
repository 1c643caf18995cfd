"""An event as FHIR has it: an AuditEvent after IHE BALP, made when it is asked for; the log itself is the truth.

A profile is named only when the event holds all that it demands.
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import urlsplit

from hoso.access.audit.event import Event
from hoso.core.clock import instant
from hoso.fhir.systems import (
    AUDIT_ACTIVITY,
    AUDIT_ACTOR,
    AUDIT_CHANNEL,
    AUDIT_KIND,
    AUDIT_REQUEST,
    FACILITY_CODE,
    ROLE,
)

BALP = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
DCM = "http://dicom.nema.org/resources/ontology/DCM"
EVENT_TYPE = "http://terminology.hl7.org/CodeSystem/audit-event-type"
INTERACTION = "http://hl7.org/fhir/restful-interaction"
_ENTITY_TYPE = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
_ENTITY_ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
_REQUEST_TYPE = "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType"
_PURPOSE = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"

OUTCOMES = {"ok": "0", "denied": "4", "failed": "8"}
INTERACTIONS = {
    "read": "read", "vread": "vread", "search": "search", "history": "history", "create": "create", "update": "update",
    "delete": "delete",
}  # fmt: skip
"""Kinds of events that are FHIR's own interactions."""
SIGN_IN = {"sign-in": "110122", "sign-out": "110123"}
_PROFILES = {
    "read": "Read", "vread": "Read", "search": "Query", "create": "Create", "update": "Update", "delete": "Delete",
}  # fmt: skip


def coding(kind: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """(system, code) of type and subtype."""
    if kind in INTERACTIONS:
        return (EVENT_TYPE, "rest"), (INTERACTION, INTERACTIONS[kind])
    if kind in SIGN_IN:
        return (DCM, "110114"), (DCM, SIGN_IN[kind])
    return (EVENT_TYPE, "object"), (AUDIT_KIND, kind)


def resource(seq: int, event: Event, patient: str, log: str, base: str) -> dict[str, Any]:
    """`patient` is the id of the Patient concerned, empty for none; `log` the name of the node's log."""
    type, subtype = coding(event.kind)
    names = _names(event)
    profile = _profile(event, names, patient)
    made: dict[str, Any] = {
        "resourceType": "AuditEvent",
        "id": str(seq),
        "meta": {"versionId": "1", "lastUpdated": instant(event.time), **({"profile": [profile]} if profile else {})},
        "extension": [
            {"url": url, "valueCode": code}
            for url, code in ((AUDIT_CHANNEL, event.channel), (AUDIT_ACTIVITY, event.activity))
            if code
        ],
        "type": {"system": type[0], "code": type[1]},
        "subtype": [{"system": subtype[0], "code": subtype[1]}],
        "action": event.action,
        "recorded": instant(event.time),
        "outcome": OUTCOMES[event.outcome],
        "purposeOfEvent": _purposes(event),
        "agent": _agents(event, base),
        "source": {"observer": {"identifier": {"value": log}}},
        "entity": _entities(event, names, patient),
    }
    return {name: value for name, value in made.items() if value}


def _profile(event: Event, names: list[str], patient: str) -> str:
    whole = bool(event.address) and event.outcome == "ok" and event.kind in _PROFILES
    if not whole or (event.kind != "search" and len(names) != 1):
        return ""
    return f"{BALP}{'Patient' if patient else ''}{_PROFILES[event.kind]}"


def _purposes(event: Event) -> list[dict[str, Any]]:
    if not event.purpose:
        return []
    found: dict[str, Any] = {"coding": [{"system": _PURPOSE, "code": event.purpose}]}
    return [found | ({"text": event.reason} if event.reason else {})]


def _agents(event: Event, base: str) -> list[dict[str, Any]]:
    """The person, the program that asked, and the node; data flows to who reads, a search or a write to the node."""
    reading = event.action == "R"
    asks, answers = ("110152", "110153") if reading else ("110153", "110152")
    person = event.actor.startswith("user/")
    client: dict[str, Any] = {
        "type": {"coding": [{"system": DCM, "code": asks}]},
        "who": {"display": "session"} if person else _who(event.actor),
        "requestor": not person,
    }
    if event.session and person:
        client["altId"] = event.session
    if event.address:
        client["network"] = {"address": event.address, "type": "2"}
    host = urlsplit(base).netloc
    server = {
        "type": {"coding": [{"system": DCM, "code": answers}]},
        "who": {"identifier": {"value": base}},
        "requestor": False,
        "network": {"address": host, "type": "1"},
    }
    return [*([_person(event)] if person else []), client, server]


def _person(event: Event) -> dict[str, Any]:
    found: dict[str, Any] = {"type": {"coding": [{"system": _PARTICIPATION, "code": "IRCP"}]}}
    if event.role:
        found["role"] = [{"coding": [{"system": ROLE, "code": event.role}]}]
    found |= {"who": _who(event.actor), "altId": event.actor, "requestor": True}
    if event.facility:
        found["location"] = {"identifier": {"system": FACILITY_CODE, "value": event.facility}}
    return found


def _who(actor: str) -> dict[str, Any]:
    return {"identifier": {"system": AUDIT_ACTOR, "value": actor}}


def _names(event: Event) -> list[str]:
    """References to what was read or written; what says how many more there were is none."""
    if event.kind == "search":
        return []
    found = []
    for name in event.what.split(" "):
        parts = name.split("/")
        if len(parts) == 3 and all(parts) and parts[0][0].isupper():
            found.append(f"{parts[0]}/{parts[1]}/_history/{parts[2]}")
        elif len(parts) == 2 and all(parts) and parts[0][0].isupper():
            found.append(name)
    return found


def _entities(event: Event, names: list[str], patient: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    if patient:
        found.append(_entity("1", "1", what={"reference": f"Patient/{patient}"}))
    found += [_entity("2", "4", what={"reference": name}) for name in names]
    if event.kind == "search":
        query = b64encode(event.what.encode()).decode()
        found.append(_entity("2", "24", description=event.what, query=query))
    elif event.what and not names:
        found.append(_entity("2", "4", description=event.what))
    if event.request:
        found.append(
            {
                "what": {"identifier": {"system": AUDIT_REQUEST, "value": event.request}},
                "type": {"system": _REQUEST_TYPE, "code": "XrequestId"},
            }
        )
    return found


def _entity(type: str, role: str, **fields: Any) -> dict[str, Any]:
    coded = {"type": {"system": _ENTITY_TYPE, "code": type}, "role": {"system": _ENTITY_ROLE, "code": role}}
    return {
        **({"what": fields.pop("what")} if "what" in fields else {}),
        **coded,
        **{k: v for k, v in fields.items() if v},
    }
