"""On every route of every type, a record of somebody foreign is answered as one that is not there, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.api.caller import Answer, Caller
from tests.security.ward import DOCTOR, FOREIGN, NOW, SHOWN, asked_by, staff, ward

from hoso.access.policy.matrix import OPEN_KINDS, kinds
from hoso.fhir.model import Element, load
from hoso.store.record_store import RecordStore

HIDDEN, ABSENT = "hidden-one", "absent-one"
PLAIN: dict[str, Any] = {
    "boolean": True, "integer": 1, "positiveInt": 1, "unsignedInt": 1, "decimal": 1.5, "date": "2026-11-01",
    "dateTime": "2026-11-01", "instant": "2026-11-01T00:00:00Z", "time": "10:30:00", "base64Binary": "aGk=",
}  # fmt: skip
TYPES = [type for kind, types in kinds().items() if kind not in OPEN_KINDS for type in types if type != "Patient"]
CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
MORE: dict[str, dict[str, Any]] = {
    "Appointment": {
        "status": "proposed",
        "participant": [{"actor": {"reference": "Patient/p2"}, "status": "accepted"}],
    },
    "AllergyIntolerance": {"clinicalStatus": {"coding": [{"system": CLINICAL, "code": "active"}]}},
    "DocumentReference": {"content": [{"attachment": {"title": "x"}}]},
    "Encounter": {"class": {"code": "AMB"}, "status": "finished"},
}
"""What an invariant asks for beyond the least."""
PATCH = [{"op": "test", "path": "/status", "value": "x"}]
TAGGED = {"resourceType": "Parameters", "parameter": [{"name": "meta", "valueMeta": {"tag": [{"code": "x"}]}}]}
ROUTES: list[tuple[str, str, Any]] = [
    *(("GET", f"{{type}}/{{id}}{below}", None) for below in (
        "", "/_history", "/_history/1", "/_history/7", "/$validate", "/$everything", "/nothing", "?_summary=true",
        "?_elements=id", "?nothing=x", "/$meta", "/$document",
    )),
    ("POST", "{type}/{id}/$meta-add", TAGGED),
    ("HEAD", "{type}/{id}", None), ("DELETE", "{type}/{id}", None), ("PATCH", "{type}/{id}", PATCH),
    ("GET", "{type}?_id={id}", None), ("GET", "{type}?_id={id}&_total=accurate", None),
    ("GET", "{type}?_id={id}&_summary=count", None), ("GET", "{type}?_id={id}&_include=*&_revinclude=*", None),
    ("DELETE", "{type}?_id={id}", None), ("PATCH", "{type}?_id={id}", PATCH),
    ("GET", "Provenance?target={type}/{id}", None), ("GET", "List?item={type}/{id}", None),
    ("GET", "AuditEvent?entity={type}/{id}", None), ("GET", "?_type={type}&_id={id}", None),
    ("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": [
        {"request": {"method": method, "url": f"{{type}}/{{id}}{below}"}}
        for method, below in (("GET", ""), ("GET", "/_history"), ("DELETE", ""))]}),
    ("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [
        {"request": {"method": "DELETE", "url": "{type}/{id}"}}]}),
]  # fmt: skip


def least(type: str) -> dict[str, Any]:
    """A resource about the foreign patient with as little in it as the type demands."""
    made = {"resourceType": type, "id": HIDDEN, **_least(type)}
    for name in ("subject", "patient", "for", "beneficiary", "individual"):
        element = load().types[type].by_name.get(name)
        if element is not None and any(ref.code == "Reference" for ref in element.types):
            reference = {"reference": "Patient/p2"}
            key = next(key for key, ref in element.spellings() if ref.code == "Reference")
            made[key] = reference if element.max == 1 else [reference]
    return made | MORE.get(type, {})


def _least(type: str) -> dict[str, Any]:
    return {key: one for element in load().types[type].elements if element.min for key, one in [_value(element)]}


def _value(element: Element) -> tuple[str, Any]:
    key, ref = element.spellings()[0]
    for name, other in element.spellings():
        if other.code in ("CodeableConcept", "Reference"):
            key, ref = name, other
    made: Any
    if element.codes:
        system, codes = next(iter(load().codes[element.codes].items()))
        made = {"coding": [{"system": system, "code": codes[0]}]} if ref.code == "CodeableConcept" else codes[0]
    elif ref.code == "Reference":
        made = {"reference": "Patient/p2" if "Patient" in ref.targets or not ref.targets else f"{ref.targets[0]}/x"}
    elif ref.code == "CodeableConcept":
        made = {"text": "x"}
    elif load().types[ref.code].kind == "primitive":
        made = PLAIN.get(ref.code, "x")
    else:
        made = _least(ref.code)
    return key, made if element.max == 1 else [made]


@pytest.fixture
def world(store: RecordStore) -> Callable[[Any], Caller]:
    doctor = ward(store, [*SHOWN, *FOREIGN])
    return lambda actor: asked_by(doctor, store, actor, NOW)


def said(answer: Answer, id: str) -> tuple[int, list[tuple[str, str]], str]:
    """Without what is new with each answer; ids of the same length, so that lengths can be compared."""
    text = answer.body.decode()
    if '"resourceType":"Bundle"' in text:
        text = text[text.index('"type"') :]
    headers = sorted(pair for pair in answer.headers.items() if pair[0] != "Date")
    return answer.status, headers, text.replace(id, ABSENT)


def test_on_every_route_of_every_type_a_hidden_record_is_as_none(
    store: RecordStore, world: Callable[[Any], Caller]
) -> None:
    operator = Caller(store)
    answers = {type: operator("PUT", f"{type}/{HIDDEN}", least(type)) for type in TYPES}
    print(
        {
            t: [(i.get("diagnostics"), i.get("expression")) for i in a.json["issue"]]
            for t, a in answers.items()
            if a.status != 201
        }
    )
    stored = [type for type, answer in answers.items() if answer.status == 201]
    assert len(stored) > 47, sorted(set(TYPES) - set(stored))
    for actor in (DOCTOR, staff("r", "receptionist"), staff("l", "laboratory")):
        caller = world(actor)
        for type in stored:
            for method, path, body in ROUTES:
                hidden, absent = (told(caller, method, path, body, type, id) for id in (HIDDEN, ABSENT))
                assert hidden == absent, (actor.role, type, method, path)
    for type in stored:
        assert operator("GET", f"{type}/{HIDDEN}").status == 200, type


def told(caller: Caller, method: str, path: str, body: Any, type: str, id: str) -> tuple[int, Any, str]:
    kind = {"Content_Type": "application/json-patch+json"} if method == "PATCH" else {}
    return said(caller(method, path.format(type=type, id=id), _filled(body, type, id), **kind), id)


def _filled(body: Any, type: str, id: str) -> Any:
    if isinstance(body, dict):
        return {name: _filled(value, type, id) for name, value in body.items()}
    if isinstance(body, list):
        return [_filled(value, type, id) for value in body]
    return body.format(type=type, id=id) if isinstance(body, str) else body
