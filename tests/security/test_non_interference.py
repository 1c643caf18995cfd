"""Two databases that differ only in what a doctor may not see answer every request of hers alike, byte for byte.

The clock stands still. What is random in any case (ids of Bundles and of new records) and the sealed cursors of pages
are left out of the comparison; that a page goes on, and what the next one holds, is not. Nobody writes a record that
refers to a closed one by its id: it inherits the label and so tells of it (docs/explanation/security.md).
"""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from tests.api.caller import Answer, Caller
from tests.security.ward import FOREIGN, NOW, SHOWN, observation, patient, staff, visit, ward

from hoso.fhir.labels import system
from hoso.store.record_store import RecordStore

REQUESTS = int(os.environ.get("HOSO_INTERFERENCE", "400"))
"""Requests per engine and role; the whole run of the issue is 10000."""

IDS = ("o0", "o5", "x0", "x3", "nothing", "p1", "p2", "e1", "e2", "f1", "f2", "d1")
OF_OBSERVATION = (
    "patient=p1", "patient=p2", "patient=p1,p2", "code=c0", "code=c1,c2", "code:not=c0", "value-quantity=gt3",
    "value-quantity=lt9", "date=ge2026-11-05", "date=lt2026-11-08", "patient.name=Binh", "patient.name=An",
    "patient.identifier=001180000002", "patient:missing=true", "patient:Patient.gender=female", "_id=o1,x1",
    "patient._has:Observation:patient:value-quantity=gt7", "patient.organization.name=f2", "subject.name:contains=inh",
    "patient.organization:missing=false", "has-member.value-quantity=gt3", "_has:Observation:has-member:code=c1",
    "_sort=code", "_sort=-date", "_sort=-value-quantity", "_sort=patient", "_count=2", "_count=0", "_total=accurate",
    "_summary=count", "_include=Observation:patient", "_include=*", "_include:iterate=Patient:organization",
    "status=final", "_lastUpdated=ge2020", "_elements=code", "_sort=_lastUpdated", "_sort=-_id",
)  # fmt: skip
OF_PATIENT = (
    "_has:Observation:patient:code=c2", "_has:Observation:patient:value-quantity=gt7", "name=An", "name=Binh",
    "_has:Encounter:patient:service-provider=f2", "_revinclude=Observation:patient", "_revinclude=*", "gender=female",
    "_id=p1,p2", "_total=accurate", "_summary=count", "identifier=001180000002", "phone=001180000002", "_sort=name",
    "_has:Observation:patient:_has:Observation:has-member:code=c2", "_has:Encounter:patient:status=finished",
    "_revinclude:iterate=Observation:has-member", "_include=Patient:organization", "name:missing=true", "name:not=An",
    "organization=f2", "organization.name=f2", "birthdate=1980-02-03", "_count=1", "identifier=001180000001",
)  # fmt: skip
OF_FACILITY = (
    "_has:Encounter:service-provider:patient=p2", "_has:Patient:organization:name=Binh", "name=f", "_total=accurate",
    "_revinclude=Encounter:service-provider", "_revinclude=Patient:organization", "_revinclude=*", "_sort=name",
)  # fmt: skip
WRONG = (
    "unknown=x", "code:above=c1", "date=abc", "value-quantity=gtx", "_count=-1", "_sort=nothing", "patient.nothing=x",
    "_include=Observation:nothing", "_page=AAAA", "_filter=code zz c1", "_has:Observation:nothing:code=c1",
    "_text=Binh",
)  # fmt: skip
CRITERIA = ("_id=o1", "_id=x1", "_id=o1,x1", "patient=p2&code=c1", "patient.name=Binh", "code=c1", "_id=nothing")
PEOPLE = (
    "Patient/p1", "Patient/p2", "Patient/nobody", "Patient?name=Binh", "Patient?organization=Organization/f2",
    "Patient?identifier=001180000001", "Patient?identifier=001180000002",
)  # fmt: skip
BESIDE = ("$everything", "$everything?_count=2", "Observation", "*", "Encounter?_total=accurate")
_RANDOM = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-z]{26}\b")


def request(dice: random.Random, number: int) -> tuple[str, str, Any, dict[str, str]]:
    id, type = dice.choice(IDS), dice.choice(("Observation", "Patient", "Encounter", "Organization", "Practitioner"))
    match dice.randrange(21):
        case 0 | 1:
            return dice.choice(("GET", "HEAD")), f"{type}/{id}", None, {}
        case 2:
            return "GET", f"{type}/{id}", None, {"If_None_Match": 'W/"1"'}
        case 3:
            return "GET", f"{type}/{id}/_history{dice.choice(('', '/1', '/2', '?_count=1'))}", None, {}
        case 4:
            return "GET", dice.choice(("Observation/_history", "_history?_count=3", "Patient/_history")), None, {}
        case 5:
            return "GET", f"Patient/{id}/{dice.choice(BESIDE)}", None, {}
        case 6 | 7:
            return "GET", f"Patient?{'&'.join(dice.sample(OF_PATIENT, dice.randint(1, 3)))}", None, {}
        case 8:
            return "GET", f"Organization?{'&'.join(dice.sample(OF_FACILITY, dice.randint(1, 2)))}", None, {}
        case 9:
            entries = [{"request": {"method": "GET", "url": f"{type}/{dice.choice(IDS)}"}} for _ in range(4)]
            return "POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entries}, {}
        case 10:
            changed = observation(id, dice.choice(("p1", "p2", "nobody")), dice.randrange(9))
            kind = dice.choice(("batch", "transaction"))
            entry = {"resource": changed, "request": {"method": "PUT", "url": f"Observation/{id}"}}
            whole = {"resourceType": "Bundle", "type": kind, "entry": [entry]}
            return dice.choice((("PUT", f"Observation/{id}", changed, {}), ("POST", "", whole, {})))
        case 11:
            patch = [{"op": "test", "path": "/status", "value": "final"}]
            return "PATCH", f"{type}/{id}", patch, {"Content_Type": "application/json-patch+json"}
        case 12:
            new = observation("", dice.choice(("p1", "p2")), number)
            del new["id"]
            found = dice.choice(("patient=p2&code=c1", "patient=p1&code=c1", "_id=x1", "_id=o1"))
            return "POST", "Observation", new, {"If_None_Exist": found}
        case 13:
            return dice.choice(("DELETE", "GET")), f"{type}?_id={id}", None, {}
        case 14:
            changed = observation(id, dice.choice(("p1", "p2")), number % 9)
            criteria = dice.choice(CRITERIA)
            patch = [{"op": "replace", "path": "/status", "value": "amended"}]
            kind = {"Content_Type": "application/json-patch+json"}
            put, patched = (
                ("PUT", f"Observation?{criteria}", changed, {}),
                ("PATCH", f"Observation?{criteria}", patch, kind),
            )
            return dice.choice((put, patched, ("DELETE", f"Observation?{criteria}", None, {})))
        case 15:
            new = observation("", "p1", number)
            del new["id"]
            new["subject"] = {"reference": dice.choice(PEOPLE)}
            new["hasMember"] = [{"reference": dice.choice(("Observation/o1", "Observation?code=c2"))}]
            asked = {"method": "POST", "url": "Observation"}
            if dice.random() < 0.5:
                asked["ifNoneExist"] = dice.choice(CRITERIA)
            entries = [{"resource": new, "request": asked}, {"request": {"method": "GET", "url": f"{type}/{id}"}}]
            return "POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries}, {}
        case 16:
            place, kinds = dice.choice(
                (("Observation", OF_OBSERVATION), ("Patient", OF_PATIENT), ("Organization", OF_FACILITY))
            )
            body = "&".join(dice.sample(kinds, dice.randint(1, 3))).encode()
            return "POST", f"{place}/_search", body, {"Content_Type": "application/x-www-form-urlencoded"}
        case 17:
            return "GET", f"{type}?{'&'.join(dice.sample(WRONG, dice.randint(1, 2)))}", None, {}
        case 18:
            tag = {"If_Match": dice.choice(('W/"1"', 'W/"2"', 'W/"9"'))}
            return dice.choice((("PUT", f"Observation/{id}", observation(id, "p1", number % 9), tag),
                                ("DELETE", f"Observation/{id}", None, tag)))  # fmt: skip
        case 19:
            place = dice.choice(
                (f"{type}/{id}/$validate", f"{type}/{id}/$nothing", f"Patient/{id}/Nothing", f"{type}/{id}/_x")
            )
            return "GET", place, None, {}
        case _:
            return "GET", f"Observation?{'&'.join(dice.sample(OF_OBSERVATION, dice.randint(1, 4)))}", None, {}


def plain(answer: Answer) -> tuple[int, list[tuple[str, str]], bytes]:
    body = re.sub(rb"_page=[^\"&]+", b"_page=", _RANDOM.sub(b"", answer.body))
    headers = [(name, _RANDOM.sub(b"", value.encode()).decode()) for name, value in sorted(answer.headers.items())]
    return answer.status, [pair for pair in headers if pair[0] != "Content-Length"], body


@pytest.mark.parametrize("role", ["doctor", "laboratory", "receptionist"])
def test_what_staff_may_not_see_changes_no_answer(
    engine: str, make_store: Callable[..., RecordStore], role: str
) -> None:
    someone = staff("u", role, practitioner="d1")
    early, late = FOREIGN[:4], FOREIGN[4:]
    third = patient("p3", "Chi", "001180000003", "f2")
    ended = visit("e9", "p3", "f1", "finished", start="2026-01-02", end="2026-01-03")
    one = ward(make_store(engine, clock=lambda: NOW), SHOWN, someone)
    other = ward(make_store(engine, clock=lambda: NOW), [*SHOWN[:2], third, ended, *early, *SHOWN[2:], *late], someone)
    dice = random.Random(role)
    for number in range(REQUESTS):
        asked = request(dice, number)
        alike(one, other, *asked)
    assert one("GET", "Patient/p1").status == 200 and one("GET", "Patient/p2").status == 404


def labelled(id: str, value: float, *labels: str) -> dict[str, Any]:
    security = [{"system": system(), "code": label} for label in labels]
    return observation(id, "p1", value, meta={"security": security})


REPORT = {
    "resourceType": "DiagnosticReport", "id": "r1", "status": "final", "subject": {"reference": "Patient/p1"},
    "code": {"text": "blood"}, "result": [{"reference": "Observation/x0"}],
}  # fmt: skip
DENIAL = {
    "resourceType": "Consent", "id": "c1", "status": "active", "patient": {"reference": "Patient/p1"},
    "scope": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}]},
    "category": [{"text": "hidden"}],
    "policyRule": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN"}]},
    "provision": {"data": [{"meaning": "instance", "reference": {"reference": "Observation/x5"}}]},
}  # fmt: skip


@pytest.mark.parametrize("role", ["doctor", "nurse", "pharmacist"])
def test_what_a_label_or_a_denial_closes_changes_no_answer(
    engine: str, make_store: Callable[..., RecordStore], role: str
) -> None:
    """The denial stands in both, so that only what it hides differs."""
    someone = staff("u", role)
    label = "PRIVATE_NOTE" if role == "doctor" else "HIV"
    hidden = [labelled(f"x{n}", n * 2.5, label) for n in range(4)]
    fixed = [*SHOWN, DENIAL]
    one = ward(make_store(engine, clock=lambda: NOW), fixed, someone)
    other = ward(
        make_store(engine, clock=lambda: NOW),
        [*SHOWN[:5], *hidden[:2], REPORT, observation("x5", "p1", 4), *SHOWN[5:], *hidden[2:], DENIAL],
        someone,
    )
    dice = random.Random(role)
    for number in range(REQUESTS):
        alike(one, other, *request(dice, number))
    assert one("GET", "Encounter/e1").status == 200 and other("GET", "Observation/x0").status == 404


def alike(one: Caller, other: Caller, method: str, path: str, body: Any, headers: dict[str, str]) -> None:
    """Both answer alike, page after page."""
    first, second = one(method, path, body, **dict(headers)), other(method, path, body, **dict(headers))
    assert plain(first) == plain(second), (method, path, body, headers)
    assert first.status < 500
    following, then = _next(first), _next(second)
    while following is not None and then is not None:
        first, second = one("GET", following), other("GET", then)
        assert plain(first) == plain(second), (method, path, following)
        following, then = _next(first), _next(second)
    assert following is then is None


def _next(answer: Answer) -> str | None:
    if answer.status != 200 or b'"link"' not in answer.body:
        return None
    return answer.link("next") if answer.json.get("resourceType") == "Bundle" and "link" in answer.json else None
