"""Case 10: a condition is met by visible records only, so it tells neither that there is one, nor its id."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from tests.security.apps import Answer
from tests.security.scene import Scene, by_number, observation, patient, seen, visit

from hoso.fhir.systems import PERSONAL_NUMBER

HIDDEN, NOBODYS = "001180004010", "001180004011"
_RANDOM = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\d{4}-\d\d-\d\dT[\d:.]+Z")
_RANDOM_HEADERS = ("location", "content-location", "last-modified")
Ask = Callable[[str], Answer]


@pytest.fixture
def hidden(scene: Scene) -> Scene:
    scene.put(patient("s-ten", "Muoi", HIDDEN), visit("s-visit-ten", "s-ten", "35002"))
    return scene


def alike(ask: Ask) -> Answer:
    """The answer about somebody hidden, which is that about nobody."""
    one, other = ask(HIDDEN), ask(NOBODYS)
    assert one.status == other.status, (one.body, other.body)
    assert plain(one) == plain(other)
    return one


def plain(answer: Answer) -> tuple[dict[str, str], str]:
    headers = {name: value for name, value in seen(answer).items() if name not in _RANDOM_HEADERS}
    return headers, _RANDOM.sub("", answer.body.decode().replace(HIDDEN, NOBODYS))


def new(**more: Any) -> dict[str, Any]:
    made = patient("", "Moi", "x", **more)
    return {name: value for name, value in made.items() if name not in ("id", "identifier")}


def test_case_10_create_unless_there_is_one(hidden: Scene) -> None:
    made = alike(lambda number: hidden.ask("POST", "Patient", new(), If_None_Exist=by_number(number)))
    assert made.status == 201
    stored = hidden.get(f"Patient?{by_number(HIDDEN)}", hidden.site.token).json
    assert {one["resource"]["id"] for one in stored["entry"]} == {"s-ten"}


def test_case_10_update_patch_and_delete_where(hidden: Scene) -> None:
    kept = hidden.get("Patient/s-ten", hidden.site.token).body
    patch = [{"op": "replace", "path": "/gender", "value": "male"}]
    kind = "application/json-patch+json"
    alike(lambda number: hidden.ask("PUT", f"Patient?{by_number(number)}", new()))
    alike(lambda number: hidden.ask("PATCH", f"Patient?{by_number(number)}", patch, Content_Type=kind))
    alike(lambda number: hidden.ask("DELETE", f"Patient?{by_number(number)}"))
    alike(lambda number: hidden.ask("DELETE", f"Encounter?patient.{by_number(number)}"))
    assert hidden.get("Patient/s-ten", hidden.site.token).body == kept
    assert hidden.get("Encounter/s-visit-ten", hidden.site.token).status == 200


@pytest.mark.parametrize("type", ["transaction", "batch"])
def test_case_10_conditions_within_a_bundle(hidden: Scene, type: str) -> None:
    def bundle(*entries: dict[str, Any]) -> dict[str, Any]:
        return {"resourceType": "Bundle", "type": type, "entry": list(entries)}

    def about(number: str) -> dict[str, Any]:
        made = observation("", "x", 1)
        made["subject"] = {"reference": f"Patient?identifier={quote(f'{PERSONAL_NUMBER}|{number}', safe='')}"}
        del made["id"]
        return {"resource": made, "request": {"method": "POST", "url": "Observation"}}

    def unless(number: str) -> dict[str, Any]:
        request = {"method": "POST", "url": "Patient", "ifNoneExist": by_number(number)}
        return {"resource": new(), "request": request}

    def where(number: str) -> dict[str, Any]:
        return {"resource": new(), "request": {"method": "PUT", "url": f"Patient?{by_number(number)}"}}

    for entry in (about, unless, where):
        answer = alike(lambda number, entry=entry: hidden.ask("POST", "", bundle(entry(number))))
        assert b"s-ten" not in answer.body and answer.status < 500


def test_case_10_one_visible_and_one_hidden_match_are_one_match(hidden: Scene) -> None:
    sent = observation("", "s-own", 1)
    del sent["id"]
    both = "_id=s-own-1,s-far-1"
    found = hidden.ask("POST", "Observation", sent, If_None_Exist=both)
    assert found.status == 200 and "/Observation/s-own-1/" in found.headers["location"]
    assert hidden.ask("POST", "Observation", sent, hidden.site.token, If_None_Exist=both).status == 412


@pytest.mark.parametrize("header", [{"If_Match": 'W/"1"'}, {"If_None_Match": "*"}, {"If_Match": 'W/"9"'}])
def test_case_10_a_version_that_is_named_tells_nothing(hidden: Scene, header: dict[str, str]) -> None:
    def put(id: str) -> Answer:
        return hidden.ask("PUT", f"Observation/{id}", observation(id, "s-own", 1), **header)

    one, other = put("s-far-1"), put("s-zzz-1")
    assert one.status == other.status, (one.body, other.body)
    assert one.body.replace(b"s-far-1", b"s-zzz-1") == other.body


def test_case_10_nobody_is_made_under_the_id_of_somebody_hidden(hidden: Scene) -> None:
    """Nor under a free one: a role chooses no ids, or it would learn which are taken."""
    statuses = {hidden.ask("PUT", f"Patient/{id}", patient(id, "Moi", HIDDEN)).status for id in ("s-ten", "s-free")}
    assert statuses == {404}
    assert json.loads(hidden.get("Patient/s-ten", hidden.site.token).body)["name"] == [{"family": "Muoi"}]
