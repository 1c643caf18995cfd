from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from tests.api.caller import Caller

PERSON = {"resourceType": "Patient", "identifier": [{"system": "urn:hoso:test", "value": "1"}]}
CRITERIA = "identifier=urn:hoso:test|1"


def test_a_conditional_create_makes_one_and_then_finds_it(call: Caller) -> None:
    first = call("POST", "Patient", PERSON, If_None_Exist=CRITERIA)
    second = call("POST", "Patient", PERSON, If_None_Exist=CRITERIA)
    assert (first.status, second.status) == (201, 200)
    assert first.headers["Location"] == second.headers["Location"]


def test_a_conditional_create_with_several_matches_is_412(call: Caller) -> None:
    for _ in range(2):
        call("POST", "Patient", PERSON)
    answer = call("POST", "Patient", PERSON, If_None_Exist=CRITERIA)
    assert (answer.status, answer.keys) == (412, ["rest.several"])


def test_a_condition_that_is_there_but_says_nothing_stops_the_write(call: Caller) -> None:
    """So arrives a header that is not ASCII: without its condition the write would be another one."""
    create = call("POST", "Patient", PERSON, If_None_Exist="")
    assert (create.status, create.keys) == (412, ["rest.no-criteria"])
    body = {**PERSON, "id": "a"}
    for header in ("If_Match", "If_None_Match"):
        update = call("PUT", "Patient/a", body, **{header: ""})
        assert (update.status, update.keys) == (400, ["rest.bad-condition"])
    assert call("GET", "Patient?_summary=count").json["total"] == 0


def test_the_same_person_created_by_32_clients_at_once_is_one(call: Caller) -> None:
    with ThreadPoolExecutor(32) as clients:
        answers = list(clients.map(lambda _: call("POST", "Patient", PERSON, If_None_Exist=CRITERIA), range(32)))
    assert sorted(answer.status for answer in answers) == [200] * 31 + [201]
    assert call("GET", f"Patient?{CRITERIA}&_total=accurate").json["total"] == 1


def test_a_conditional_update_creates_updates_or_refuses(call: Caller) -> None:
    first = call("PUT", f"Patient?{CRITERIA}", PERSON)
    second = call("PUT", f"Patient?{CRITERIA}", {**PERSON, "active": True})
    assert (first.status, second.status) == (201, 200)
    assert second.json["id"] == first.json["id"]
    assert call("PUT", f"Patient?{CRITERIA}", {**PERSON, "id": "another"}).status == 400
    call("POST", "Patient", PERSON)
    assert call("PUT", f"Patient?{CRITERIA}", PERSON).status == 412
    assert call("PUT", "Patient", PERSON).status == 412


def test_a_conditional_update_that_finds_nothing_uses_the_id_it_brings(call: Caller) -> None:
    assert call("PUT", f"Patient?{CRITERIA}", {**PERSON, "id": "brought"}).status == 201
    assert call("GET", "Patient/brought").status == 200


def test_a_conditional_delete_takes_the_one_that_matches(call: Caller) -> None:
    id = call("POST", "Patient", PERSON).json["id"]
    assert call("DELETE", f"Patient?{CRITERIA}").status == 204
    assert call("GET", f"Patient/{id}").status == 410
    assert call("DELETE", f"Patient?{CRITERIA}").status == 204
    for _ in range(2):
        call("POST", "Patient", PERSON)
    assert call("DELETE", f"Patient?{CRITERIA}").status == 412
    assert call("DELETE", "Patient").status == 412


def test_a_conditional_patch_changes_the_one_that_matches(call: Caller) -> None:
    patch = [{"op": "add", "path": "/active", "value": True}]
    assert call("PATCH", f"Patient?{CRITERIA}", patch, Content_Type="application/json-patch+json").status == 404
    call("POST", "Patient", PERSON)
    answer = call("PATCH", f"Patient?{CRITERIA}", patch, Content_Type="application/json-patch+json")
    assert (answer.status, answer.json["active"]) == (200, True)


def test_criteria_nobody_understands_are_refused_not_ignored(call: Caller) -> None:
    assert call("POST", "Patient", PERSON, If_None_Exist="pony=1").status == 400
    assert call("DELETE", "Patient?pony=1").status == 400


def test_an_update_that_names_a_version_creates_nothing_when_nothing_matches(call: Caller) -> None:
    answer = call("PUT", f"Patient?{CRITERIA}", PERSON, If_Match='W/"1"')
    assert (answer.status, answer.keys) == (412, ["rest.no-match"])
    assert call("GET", "Patient?_total=accurate").json["total"] == 0


def test_a_date_beyond_all_calendars_is_ignored_as_any_date_that_cannot_be_read(call: Caller) -> None:
    id = call.make("Patient")["id"]
    for date in ("Sat, 29 Oct 99999999999999 19:43:31 GMT", "Sat, 01 Jan 0001 00:00:00 +2359", "soon"):
        assert call("GET", f"Patient/{id}", If_Modified_Since=date).status == 200


def test_a_reference_written_as_a_search_is_refused_outside_a_transaction(call: Caller) -> None:
    """Stored as it stands it would lead nowhere, and nobody would know."""
    call("POST", "Patient", PERSON)
    visit = {
        "resourceType": "Encounter", "id": "v", "status": "finished", "class": {"code": "AMB"},
        "subject": {"reference": f"Patient?{CRITERIA}"},
    }  # fmt: skip
    entries = [{"resource": visit, "request": {"method": "PUT", "url": "Encounter/v"}}]
    for answer in (call("POST", "Encounter", visit), call("PUT", "Encounter/v", visit)):
        assert (answer.status, answer.keys) == (422, ["rest.search-reference"])
    batch = call("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entries})
    assert batch.json["entry"][0]["response"]["status"].startswith("422")
    whole = call("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert whole.status == 200
    assert call("GET", "Encounter/v").json["subject"]["reference"].startswith("Patient/")
