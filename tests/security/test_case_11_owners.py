"""Case 11: whose a record is, whose tenant and how closed does not change by writing it; both states are checked."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from tests.security.apps import Answer
from tests.security.scene import LABEL, Scene, labelled, observation, patient, visit

from hoso.fhir.systems import FACILITY_CODE

OTHER = {"reference": "Patient/s-far"}
ELSEWHERE = {"identifier": {"system": FACILITY_CODE, "value": "35002"}}
CHANGES: dict[str, tuple[str, list[dict[str, Any]]]] = {
    "subject": ("Observation/s-eleven", [{"op": "replace", "path": "/subject", "value": OTHER}]),
    "nobody": ("Observation/s-eleven", [{"op": "remove", "path": "/subject"}]),
    "label": ("Observation/s-closed", [{"op": "remove", "path": "/meta/security"}]),
    "lower": ("Observation/s-closed", [{"op": "replace", "path": "/meta/security", "value": []}]),
    "tenant": ("Observation/s-eleven", [{"op": "add", "path": "/meta", "value": {"tag": [{"code": "35002"}]}}]),
    "facility": ("Encounter/s-visit-own", [{"op": "replace", "path": "/serviceProvider", "value": ELSEWHERE}]),
    "manager": ("Patient/s-own", [{"op": "add", "path": "/managingOrganization", "value": ELSEWHERE}]),
    "visitor": ("Encounter/s-visit-own", [{"op": "replace", "path": "/subject", "value": OTHER}]),
}


@pytest.fixture
def mine(scene: Scene) -> Scene:
    scene.put(observation("s-eleven", "s-own", 1), labelled("s-closed", "s-own", 1, "PSY"))
    return scene


def sent(scene: Scene, way: str, path: str, patch: list[dict[str, Any]], changed: dict[str, Any]) -> Answer:
    if way == "PATCH":
        return scene.ask("PATCH", path, patch, Content_Type="application/json-patch+json")
    if way == "PUT":
        return scene.ask("PUT", path, changed)
    if way == "conditional":
        type, _, id = path.partition("/")
        return scene.ask("PUT", f"{type}?_id={id}", changed)
    entry: dict[str, Any] = {"resource": changed, "request": {"method": "PUT", "url": path}}
    if way == "patch in a bundle":
        data = b64encode(json.dumps(patch).encode()).decode()
        binary = {"resourceType": "Binary", "contentType": "application/json-patch+json", "data": data}
        entry = {"resource": binary, "request": {"method": "PATCH", "url": path}}
    answer = scene.ask("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    return answer


@pytest.mark.parametrize("way", ["PUT", "PATCH", "conditional", "transaction", "patch in a bundle"])
@pytest.mark.parametrize("change", CHANGES)
def test_case_11_a_record_stays_whose_it_is_on_every_way(mine: Scene, change: str, way: str) -> None:
    path, patch = CHANGES[change]
    before = mine.get(path, mine.site.token)
    answer = sent(mine, way, path, patch, changed(before.json, patch))
    assert answer.status in (403, 404, 422), answer.body
    assert mine.get(path, mine.site.token).body == before.body


def changed(resource: dict[str, Any], patch: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(resource))
    for step in patch:
        *parents, last = step["path"].strip("/").split("/")
        place = found
        for name in parents:
            place = place.setdefault(name, {})
        if step["op"] == "remove":
            place.pop(last, None)
        else:
            place[last] = step["value"]
    if not found.get("meta", {"x": 1}).get("security", [1]):
        del found["meta"]["security"]  # JSON of FHIR has no empty lists
    return found


def test_case_11_what_the_server_owns_is_not_taken_from_a_body(mine: Scene) -> None:
    """A version, a time, a source, a label of the server's own: what was sent of them is not what is stored."""
    claimed = observation("s-eleven", "s-own", 1.5)
    claimed["meta"] = {"versionId": "77", "lastUpdated": "1999-01-01T00:00:00Z"}
    answer = mine.ask("PUT", "Observation/s-eleven", claimed)
    assert answer.status == 200, answer.body
    stored = mine.get("Observation/s-eleven").json["meta"]
    assert stored["versionId"] != "77" and not stored["lastUpdated"].startswith("1999")


def test_case_11_a_harmless_change_of_the_own_is_taken(mine: Scene) -> None:
    assert mine.ask("PUT", "Observation/s-eleven", observation("s-eleven", "s-own", 7)).status == 200
    more = patient("s-own", "S\u00e2n", "001180004001", gender="female")
    assert mine.ask("PUT", "Patient/s-own", more).status in (200, 403)
    assert mine.ask("PUT", "Encounter/s-visit-own", visit("s-visit-own", "s-own", "35001")).status == 200


def test_case_11_a_label_that_is_put_on_is_one_that_stays(mine: Scene) -> None:
    """Raised by an operator: the doctor's app is not cleared for it and does not even see what it could change."""
    mine.put(observation("s-raised", "s-own", 1))
    assert mine.get("Observation/s-raised").status == 200
    mine.put(observation("s-raised", "s-own", 1, meta={"security": [{"system": LABEL, "code": "HIV"}]}))
    for way in ("PUT", "conditional", "transaction"):
        answer = sent(mine, way, "Observation/s-raised", [], observation("s-raised", "s-own", 1))
        assert answer.status in (201, 404), answer.body
    mine.put(observation("s-raised", "s-own", 1))
    assert mine.get("Observation/s-raised").status == 404
