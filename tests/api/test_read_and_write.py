from __future__ import annotations

import re
from typing import Any

import pytest
from tests.api.caller import JSON, Caller

PATIENT = b'{"resourceType": "Patient",\n  "gender":"female",  "multipleBirthInteger": 2}'


def test_what_is_stored_comes_back_byte_for_byte_but_for_its_identity(call: Caller) -> None:
    body = b'{"resourceType":"Observation",  "status":"final",\n"code":{"text":"k\\u1ebft"},'
    body += b'"valueQuantity":{"value":1.10}}'
    made = call("POST", "Observation", body)
    read = call("GET", f"Observation/{made.json['id']}")
    assert made.status == 201
    assert read.body == made.body
    assert read.body.endswith(body.removeprefix(b"{"))
    assert b'"value":1.10' in read.body


def test_a_create_says_where_the_record_is(call: Caller) -> None:
    made = call("POST", "Patient", PATIENT)
    id = made.json["id"]
    assert made.headers["Location"] == f"http://hoso.test/fhir/Patient/{id}/_history/1"
    assert made.headers["ETag"] == 'W/"1"'
    assert re.match(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\Z", made.headers["Last-Modified"])
    assert made.json["meta"]["versionId"] == "1"


def test_a_create_gives_its_own_id_whatever_the_sender_wrote(call: Caller) -> None:
    assert call.make("Patient", id="mine")["id"] != "mine"


@pytest.mark.parametrize(
    ("wanted", "type"), [("minimal", None), ("representation", "Patient"), ("OperationOutcome", "OperationOutcome")]
)
def test_prefer_decides_what_a_write_returns(call: Caller, wanted: str, type: str | None) -> None:
    made = call("POST", "Patient", PATIENT, Prefer=f"return={wanted}")
    assert made.status == 201
    assert (made.json["resourceType"] if made.body else None) == type


def test_a_preference_nobody_knows_changes_nothing(call: Caller) -> None:
    made = call("POST", "Patient", PATIENT, Prefer="return=pony; handling=strict")
    assert made.status == 201 and made.json["resourceType"] == "Patient"


def test_a_read_takes_a_bare_version_for_the_one_that_is_held(call: Caller) -> None:
    id = call.make("Patient")["id"]
    assert [call("GET", f"Patient/{id}", If_None_Match=held).status for held in ("1", "2", 'W/"1"')] == [304, 200, 304]
    assert call("GET", f"Patient/{id}", If_None_Match="one").keys == ["rest.bad-condition"]


def test_an_update_creates_and_then_makes_versions(call: Caller) -> None:
    first = call("PUT", "Patient/p1", {"resourceType": "Patient", "id": "p1", "active": True})
    second = call("PUT", "Patient/p1", {"resourceType": "Patient", "id": "p1", "active": False})
    assert (first.status, second.status) == (201, 200)
    assert call("GET", "Patient/p1/_history/1").json["active"] is True
    assert call("GET", "Patient/p1").json["active"] is False
    assert call("GET", "Patient/p1/_history/9").status == 404


@pytest.mark.parametrize(
    ("body", "status", "key"),
    [
        ({"resourceType": "Patient", "id": "p2"}, 400, "rest.wrong-id"),
        ({"resourceType": "Patient"}, 400, "rest.wrong-id"),
        ({"resourceType": "Observation", "id": "p1"}, 400, "rest.wrong-type"),
    ],
)
def test_an_update_whose_body_disagrees_with_its_address_is_refused(
    call: Caller, body: dict[str, str], status: int, key: str
) -> None:
    answer = call("PUT", "Patient/p1", body)
    assert (answer.status, answer.keys) == (status, [key])
    assert call("GET", "Patient/p1").status == 404


def test_an_invalid_resource_is_refused_with_its_places_and_nothing_is_stored(call: Caller) -> None:
    answer = call("PUT", "Patient/p1", {"resourceType": "Patient", "id": "p1", "gender": "?", "pony": 1})
    assert answer.status == 422
    assert {issue["expression"][0] for issue in answer.json["issue"]} == {"Patient.gender", "Patient"}
    assert call("GET", "Patient/p1").status == 404


def test_if_match_lets_only_the_next_version_in(call: Caller) -> None:
    body = {"resourceType": "Patient", "id": "p1"}
    assert call("PUT", "Patient/p1", body, If_Match='W/"1"').status == 412
    assert call("PUT", "Patient/p1", body).status == 201
    assert call("PUT", "Patient/p1", body, If_Match='W/"1"').json["meta"]["versionId"] == "2"
    stale = call("PUT", "Patient/p1", body, If_Match='W/"1"')
    assert (stale.status, stale.keys) == (412, ["rest.version-differs"])
    assert call("PUT", "Patient/p1", body, If_Match="rubbish").status == 400


def test_if_none_match_star_creates_but_never_overwrites(call: Caller) -> None:
    body = {"resourceType": "Patient", "id": "p1"}
    assert call("PUT", "Patient/p1", body, If_None_Match="*").status == 201
    assert call("PUT", "Patient/p1", body, If_None_Match="*").status == 412


def test_a_caller_who_has_the_version_gets_304(call: Caller) -> None:
    made = call("PUT", "Patient/p1", {"resourceType": "Patient", "id": "p1"})
    same = call("GET", "Patient/p1", If_None_Match='W/"1"')
    assert (same.status, same.body) == (304, b"")
    assert call("GET", "Patient/p1", If_None_Match='W/"2"').status == 200
    assert call("GET", "Patient/p1", If_Modified_Since=made.headers["Last-Modified"]).status == 304
    assert call("GET", "Patient/p1", If_Modified_Since="Sun, 06 Nov 1994 08:49:37 GMT").status == 200
    assert call("GET", "Patient/p1", If_Modified_Since="yesterday").status == 200


def test_deleted_is_gone_and_absent_is_not_found(call: Caller) -> None:
    call("PUT", "Patient/p1", {"resourceType": "Patient", "id": "p1"})
    assert call("DELETE", "Patient/p1").status == 204
    assert (call("GET", "Patient/p1").status, call("GET", "Patient/p1").keys) == (410, ["rest.gone"])
    assert call("GET", "Patient/p1/_history/1").status == 200
    assert call("GET", "Patient/p1/_history/2").status == 410
    assert call("DELETE", "Patient/p1").status == 204
    assert call("DELETE", "Patient/never").status == 204
    assert call("GET", "Patient/never").status == 404
    assert call("PUT", "Patient/p1", {"resourceType": "Patient", "id": "p1"}).json["meta"]["versionId"] == "3"


def test_a_patch_changes_what_it_names_and_keeps_decimals(call: Caller) -> None:
    body = (
        b'{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.10}}'
    )
    call("PUT", "Observation/o", body)
    patch = [{"op": "replace", "path": "/status", "value": "amended"}]
    answer = call("PATCH", "Observation/o", patch, Content_Type="application/json-patch+json")
    assert (answer.status, answer.json["status"]) == (200, "amended")
    assert b'"value":1.10' in answer.body
    assert call("PATCH", "Observation/none", patch, Content_Type="application/json-patch+json").status == 404
    assert call("PATCH", "Observation/o", patch, Content_Type="text/plain").status == 415
    stale = call("PATCH", "Observation/o", patch, Content_Type="application/json-patch+json", If_Match='W/"1"')
    assert stale.status == 412


def test_a_fhirpath_patch_in_json_and_in_xml(call: Caller) -> None:
    call("PUT", "Patient/p1", {"resourceType": "Patient", "id": "p1", "name": [{"given": ["A", "B"]}]})
    patch = path_patch(("delete", "Patient.name.given[0]"))
    answer = call("PATCH", "Patient/p1", patch, If_Match='W/"1"')
    assert (answer.status, answer.json["name"]) == (200, [{"given": ["B"]}])
    parts = '<part><name value="type"/><valueCode value="delete"/></part>'
    parts += '<part><name value="path"/><valueString value="Patient.name"/></part>'
    body = (
        f'<Parameters xmlns="http://hl7.org/fhir"><parameter><name value="operation"/>{parts}</parameter></Parameters>'
    )
    answer = call(
        "PATCH", "Patient?_id=p1", body.encode(), Content_Type="application/fhir+xml", Accept="application/fhir+json"
    )
    assert (answer.status, "name" in answer.json) == (200, False)
    assert call("PATCH", "Patient/p1", patch, If_Match='W/"1"').status == 412
    assert call("PATCH", "Patient/none", patch).status == 404
    refused = call("PATCH", "Patient/p1", path_patch(("delete", "Patient.nome")), Accept_Language="vi")
    assert (refused.status, refused.keys) == (422, ["patch.path-fault"])
    assert "FHIRPath" in refused.json["issue"][0]["details"]["text"]
    assert call("GET", "metadata").json["patchFormat"][1:] == ["application/fhir+json", "application/fhir+xml"]


def test_a_fhirpath_patch_in_a_batch_and_a_transaction(call: Caller) -> None:
    call("PUT", "Patient/p1", {"resourceType": "Patient", "id": "p1", "birthDate": "2020", "active": True})
    for kind, path, version in (("batch", "Patient.birthDate", "2"), ("transaction", "Patient.active", "3")):
        request = {"method": "PATCH", "url": "Patient/p1"}
        entry = {"resource": path_patch(("delete", path)), "request": request}
        answer = call("POST", "", {"resourceType": "Bundle", "type": kind, "entry": [entry]})
        assert answer.json["entry"][0]["response"]["status"].startswith("200")
        assert call("GET", "Patient/p1").json["meta"]["versionId"] == version
    assert call("GET", "Patient/p1").json.keys() == {"resourceType", "id", "meta"}


def path_patch(*operations: tuple[str, str]) -> dict[str, Any]:
    parts = [[{"name": "type", "valueCode": type}, {"name": "path", "valueString": path}] for type, path in operations]
    return {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": part} for part in parts]}


def test_a_patch_that_leaves_an_invalid_resource_changes_nothing(call: Caller) -> None:
    call("PUT", "Patient/p1", {"resourceType": "Patient", "id": "p1", "gender": "male"})
    patch = [{"op": "replace", "path": "/gender", "value": "?"}]
    assert call("PATCH", "Patient/p1", patch, Content_Type="application/json-patch+json").status == 422
    assert call("GET", "Patient/p1").json["meta"]["versionId"] == "1"


@pytest.mark.parametrize("accept", ["text/html", "application/fhir+json;q=0", "application/fhir+xml;q=0", "image/png"])
def test_only_json_and_xml_can_be_had(call: Caller, accept: str) -> None:
    call("PUT", "Patient/p1", {"resourceType": "Patient", "id": "p1"})
    answer = call("GET", "Patient/p1", Accept=accept)
    assert (answer.status, answer.keys) == (406, ["rest.not-acceptable"])


@pytest.mark.parametrize("query", ["_format=ttl", "_format=text/turtle", "_format=text/html"])
def test_format_overrides_accept(call: Caller, query: str) -> None:
    call("PUT", "Patient/p1", {"resourceType": "Patient", "id": "p1"})
    assert call("GET", f"Patient/p1?{query}", Accept=JSON).status == 406
    assert call("GET", "Patient/p1?_format=json", Accept="application/fhir+xml").status == 200


def test_pretty_keeps_every_digit(call: Caller) -> None:
    body = b'{"resourceType":"Observation","id":"o","status":"final","code":{"text":"a\\"{b"},'
    body += b'"valueQuantity":{"value":1.10}}'
    call("PUT", "Observation/o", body)
    text = call("GET", "Observation/o?_pretty=true").body
    assert b'\n  "valueQuantity": {\n    "value": 1.10\n  }\n}' in text
    assert b'"text": "a\\"{b"' in text


@pytest.mark.parametrize(
    ("method", "path", "status", "key"),
    [
        ("GET", "Pony/1", 404, "rest.unknown-type"),
        ("GET", "Patient/a_b", 404, "rest.not-found"),
        ("GET", "Patient/1/Pony", 404, "rest.no-such-place"),
        ("GET", "Patient/$frobnicate", 404, "rest.unknown-operation"),
        ("GET", "Patient//1", 404, "rest.not-found"),
        ("POST", "Patient/1", 405, "rest.method"),
        ("DELETE", "metadata", 405, "rest.method"),
        ("TRACE", "Patient", 405, "rest.method"),
        ("GET", "Patient/1?pony=1", 404, "rest.not-found"),
    ],
)
def test_what_is_not_there_is_said_plainly(call: Caller, method: str, path: str, status: int, key: str) -> None:
    answer = call(method, path)
    assert (answer.status, answer.keys) == (status, [key])


def test_405_says_what_is_allowed(call: Caller) -> None:
    assert call("POST", "Patient/1").headers["Allow"] == "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"
    assert call("OPTIONS", "Patient/1").headers["Allow"] == "GET, PUT, PATCH, DELETE, HEAD, OPTIONS"


def test_errors_speak_the_callers_language(call: Caller) -> None:
    assert "Không có" in call("GET", "Patient/x", Accept_Language="vi").json["issue"][0]["details"]["text"]
    assert "There is no" in call("GET", "Patient/x", Accept_Language="fr, en;q=0.5").json["issue"][0]["details"]["text"]


def test_nothing_may_be_cached_or_sniffed(call: Caller) -> None:
    call("PUT", "Patient/p1", {"resourceType": "Patient", "id": "p1"})
    for path in ("Patient/p1", "Patient/none", "metadata", "Patient"):
        headers = call("GET", path).headers
        assert (headers["Cache-Control"], headers["X-Content-Type-Options"]) == ("no-store", "nosniff")


def test_an_update_to_what_cannot_be_an_id_is_a_bad_request(call: Caller) -> None:
    for id in ("a_b", "a" * 65):
        answer = call("PUT", f"Patient/{id}", {"resourceType": "Patient", "id": id})
        assert (answer.status, answer.keys) == (400, ["rest.bad-id"])
        assert call("GET", f"Patient/{id}").status == 404


@pytest.mark.parametrize("version", ["3.0", "5.0", "4.3"])
def test_another_version_of_fhir_is_refused_wherever_it_is_named(call: Caller, version: str) -> None:
    id = call.make("Patient")["id"]
    assert call("GET", f"Patient/{id}?_format=application/fhir%2Bjson;fhirVersion={version}").status == 406
    assert call("POST", "Patient", PATIENT, Content_Type=f"{JSON}; fhirVersion={version}").status == 415
    assert call("GET", f"Patient/{id}?_format=application/fhir%2Bjson;%20fhirVersion=4.0").status == 200
    assert call("POST", "Patient", PATIENT, Content_Type=f"{JSON}; fhirVersion=4.0").status == 201


def test_a_read_may_ask_for_a_part(call: Caller) -> None:
    id = call.make("Patient", gender="male", photo=[{"title": "x"}], birthDate="2000-01-01")["id"]
    for path in (f"Patient/{id}", f"Patient/{id}/_history/1"):
        summary, elements = call("GET", f"{path}?_summary=true"), call("GET", f"{path}?_elements=gender,id")
        assert "photo" not in summary.json and summary.json["gender"] == "male"
        assert "birthDate" not in elements.json and elements.json["gender"] == "male"
        for answer in (summary, elements):
            assert answer.json["meta"]["tag"][-1]["code"] == "SUBSETTED"
        assert call("GET", f"{path}?_summary=false").body == call("GET", path).body
        assert call("GET", f"{path}?_summary=count").status == 400
        assert call("GET", f"{path}?_summary=pony").status == 400
        assert call("GET", f"{path}?_elements=pony").status == 400
