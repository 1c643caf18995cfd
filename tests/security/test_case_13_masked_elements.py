"""Cases 13 and 14: an element that a role is not shown is neither found nor sorted by, at no depth and in no form."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from tests.security.apps import Answer, Person
from tests.security.scene import Scene, bearer, observation, patient, visit

from hoso import compose
from hoso.web.accounts import registry

PHONE, STREET = "0912345013", "Ngo Muoi Ba"
TELLING = {"telecom": [{"system": "phone", "value": PHONE}], "address": [{"text": STREET, "city": STREET}]}
ID = "s-mask"


@pytest.fixture
def laboratory(scene: Scene, person: Callable[[str], Person]) -> Scene:
    """Somebody of the laboratory, who sees names and no ways to reach a person."""
    config = compose.load(scene.site.folder)
    if "case13" not in {one.username for one in registry.everyone(config)}:
        compose.hire(config, "case13", "laboratory", "35001", "Gieng-nuoc-trong-2026")
    told = f'<div xmlns="http://www.w3.org/1999/xhtml">{PHONE} {STREET}</div>'
    inner = patient("inner", "Trong", "001180004013", **TELLING)
    del inner["identifier"]
    scene.put(
        patient(ID, "Che", "001180004014", **TELLING, text={"status": "generated", "div": told}),
        visit("s-visit-mask", ID, "35001"),
        observation("s-mask-1", ID, 1, contained=[inner], focus=[{"reference": "#inner"}],
                    text={"status": "generated", "div": told}),
    )  # fmt: skip
    return Scene(scene.site, bearer(scene.site, person("case13")))


PATHS = [
    f"Patient/{ID}", f"Patient/{ID}/_history", f"Patient/{ID}/_history/1", f"Patient?_id={ID}", "Patient/_history",
    f"Patient/{ID}/$everything", f"Patient/{ID}?_elements=telecom", f"Patient/{ID}?_summary=text",
    f"Patient?_id={ID}&_elements=telecom,address,text", f"Patient?_id={ID}&_summary=text",
    f"Observation?patient={ID}&_include=Observation:patient", "Observation/s-mask-1", "Observation/s-mask-1/_history",
    f"Observation?patient={ID}&_elements=contained", f"Patient?_id={ID}&_revinclude=Observation:patient",
    "Observation/s-mask-1?_elements=contained", "Observation/s-mask-1?_summary=text",
]  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_case_13_what_is_masked_is_shown_nowhere(laboratory: Scene, path: str) -> None:
    answer = laboratory.get(path)
    assert answer.status == 200, answer.body
    assert PHONE.encode() not in answer.body and STREET.encode() not in answer.body, path
    assert b"case13" not in answer.body


def test_case_13_an_operator_sees_it_so_there_is_something_to_mask(laboratory: Scene) -> None:
    for path in (f"Patient/{ID}", "Observation/s-mask-1", f"Patient/{ID}/$everything"):
        assert PHONE.encode() in laboratory.get(path, laboratory.site.token).body


ASKED = [
    f"phone={PHONE}", f"telecom={PHONE}", f"address={quote(STREET)}", f"address-city={quote(STREET)}",
    "phone:missing=false", "telecom:missing=true", "address:contains=Muoi", "_sort=phone", "_sort=-address-city",
    f"_has:Patient:link:phone={PHONE}", f"_text={PHONE}", f"_content={PHONE}", f"_filter=phone%20eq%20{PHONE}",
    f"phone:not={PHONE}", f"email={PHONE}",
]  # fmt: skip


@pytest.mark.parametrize("query", ASKED)
def test_case_13_nor_is_it_asked_for(laboratory: Scene, query: str) -> None:
    """Every way is refused as an unknown parameter is; a right guess and a wrong one look alike."""
    for guess in (query, query.replace(PHONE, "0900000000").replace("Muoi", "Khong")):
        answer = laboratory.get(f"Patient?{guess}")
        assert answer.status == 400 and "entry" not in answer.json, (guess, answer.body)
        body = f"{guess}".encode()
        kind = "application/x-www-form-urlencoded"
        assert laboratory.ask("POST", "Patient/_search", body, Content_Type=kind).status == 400


CHAINS = [
    f"patient.phone={PHONE}", f"subject:Patient.address={quote(STREET)}", "patient.phone:missing=false",
    f"patient._has:Patient:link:phone={PHONE}",
]  # fmt: skip


@pytest.mark.parametrize("query", CHAINS)
def test_case_13_nor_by_a_chain(laboratory: Scene, query: str) -> None:
    assert laboratory.get(f"Observation?{query}").status == 400


def test_case_14_it_is_not_written_back_without_what_was_taken_out(laboratory: Scene) -> None:
    """A record that was shown in part and sent back would lose the rest; the patch would tell what it holds."""
    kept = laboratory.get(f"Patient/{ID}", laboratory.site.token).body
    shown = laboratory.get(f"Patient/{ID}").json
    assert laboratory.ask("PUT", f"Patient/{ID}", shown).status == 403
    inside = laboratory.get("Observation/s-mask-1").json
    inside.pop("meta", None)
    assert laboratory.ask("PUT", "Observation/s-mask-1", inside).status in (403, 422)
    answers: list[Answer] = []
    for guess in (PHONE, "0900000000"):
        patch: list[dict[str, Any]] = [{"op": "test", "path": "/telecom/0/value", "value": guess}]
        kind = "application/json-patch+json"
        answers.append(laboratory.ask("PATCH", f"Patient/{ID}", patch, Content_Type=kind))
        inner = [{"op": "test", "path": "/contained/0/telecom/0/value", "value": guess}]
        answers.append(laboratory.ask("PATCH", "Observation/s-mask-1", inner, Content_Type=kind))
        data = b64encode(json.dumps(patch).encode()).decode()
        binary = {"resourceType": "Binary", "contentType": kind, "data": data}
        entry = {"resource": binary, "request": {"method": "PATCH", "url": f"Patient/{ID}"}}
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
        answers.append(laboratory.ask("POST", "", bundle))
    assert all(answer.status >= 400 and PHONE.encode() not in answer.body for answer in answers)
    right, wrong = answers[:3], answers[3:]
    assert [(one.status, one.body) for one in right] == [(one.status, one.body) for one in wrong]
    unmarked = [{"op": "remove", "path": "/meta/security"}]
    assert laboratory.ask("PATCH", "Observation/s-mask-1", unmarked, Content_Type=kind).status == 403
    assert laboratory.get(f"Patient/{ID}", laboratory.site.token).body == kept
    assert PHONE.encode() in laboratory.get("Observation/s-mask-1", laboratory.site.token).body


def test_case_14_a_name_written_in_escapes_is_masked_as_well(laboratory: Scene) -> None:
    escaped = {"resourceType": "Patient", "id": "s-escaped", **TELLING}
    body = json.dumps(escaped).replace('"Patient"', '"P\\u0061tient"').replace('"telecom"', '"t\\u0065lecom"').encode()
    kind = "application/fhir+json"
    assert laboratory.ask("PUT", "Patient/s-escaped", body, laboratory.site.token, Content_Type=kind).status in (
        200,
        201,
    )
    laboratory.put(visit("s-visit-escaped", "s-escaped", "35001"))
    inside = observation("s-escaped-1", "s-escaped", 1, contained=[{"resourceType": "Patient", "id": "c", **TELLING}])
    body = json.dumps(inside | {"focus": [{"reference": "#c"}]}).replace('"Patient"', '"P\\u0061tient"').encode()
    path = "Observation/s-escaped-1"
    assert laboratory.ask("PUT", path, body, laboratory.site.token, Content_Type=kind).status in (200, 201)
    for path in ("Patient/s-escaped", "Observation/s-escaped-1", "Patient/s-escaped/$everything"):
        answer = laboratory.get(path)
        assert answer.status == 200 and PHONE.encode() not in answer.body, path
