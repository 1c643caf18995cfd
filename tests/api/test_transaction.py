from __future__ import annotations

import json
from typing import Any

import pytest
from tests.api.caller import Answer, Caller

MOTHER = "urn:uuid:0a1b2c3d-0000-4000-8000-000000000001"
BABY = "urn:uuid:0a1b2c3d-0000-4000-8000-000000000002"


def entry(method: str, url: str, resource: dict[str, Any] | None = None, full: str = "", **more: str) -> dict[str, Any]:
    found: dict[str, Any] = {"request": {"method": method, "url": url, **more}}
    if full:
        found["fullUrl"] = full
    if resource is not None:
        found["resource"] = resource
    return found


def send(call: Caller, *entries: dict[str, Any], kind: str = "transaction", **headers: str) -> Answer:
    return call("POST", "", {"resourceType": "Bundle", "type": kind, "entry": list(entries)}, **headers)


def patient(**members: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **members}


def observation(subject: str, **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": subject},
        **members,
    }


def statuses(answer: Answer) -> list[str]:
    return [one["response"]["status"][:3] for one in answer.json["entry"]]


def test_links_between_entries_become_references_to_what_was_stored(call: Caller) -> None:
    answer = send(call, entry("POST", "Observation", observation(MOTHER)), entry("POST", "Patient", patient(), MOTHER))
    assert statuses(answer) == ["201", "201"]
    where = [one["response"]["location"].split("/_history")[0] for one in answer.json["entry"]]
    assert call("GET", where[0]).json["subject"]["reference"] == where[1]


def test_rewriting_leaves_every_other_byte(call: Caller) -> None:
    text = (
        '{"resourceType":"Observation",  "status":"final","code":{"text":"\\u00e9"},'
        f'"subject" : {{"reference":\t"{MOTHER}"}}, "valueQuantity":{{"value":1.10}},'
        f'"note":[{{"text":"\\"{MOTHER}"}}]}}'
    )
    mother = json.dumps(entry("POST", "Patient", patient(), MOTHER))
    bundle = (
        f'{{"resourceType":"Bundle","type":"transaction","entry":[{mother},'
        f'{{"resource":{text},"request":{{"method":"POST","url":"Observation"}}}}]}}'
    )
    answer = call("POST", "", bundle.encode())
    ids = [one["response"]["location"].split("/_history")[0] for one in answer.json["entry"]]
    expected = text.replace(f'"reference":\t"{MOTHER}"', f'"reference":\t"{ids[0]}"')
    assert call("GET", ids[1]).body.endswith(expected.removeprefix("{").encode())


def test_uris_and_the_narrative_are_rewritten_and_strings_and_canonicals_are_not(call: Caller) -> None:
    div = f'<div xmlns="http://www.w3.org/1999/xhtml"><a href="{BABY}">b</a></div>'
    resource = {
        "resourceType": "DocumentReference",
        "status": "current",
        "description": BABY,
        "text": {"status": "generated", "div": div},
        "content": [{"attachment": {"url": BABY, "title": "1.10"}}],
        "extension": [{"url": "http://x/y", "valueUri": BABY}, {"url": "http://x/z", "valueCanonical": BABY}],
    }
    answer = send(
        call,
        entry("POST", "DocumentReference", resource),
        entry("POST", "Binary", {"resourceType": "Binary", "contentType": "text/plain", "data": "YQ=="}, BABY),
    )
    ids = [one["response"]["location"].split("/_history")[0] for one in answer.json["entry"]]
    stored = call("GET", ids[0]).json
    assert stored["content"][0]["attachment"]["url"] == ids[1]
    assert f'href="{ids[1]}"' in stored["text"]["div"]
    assert stored["description"] == BABY
    assert [e.get("valueUri", e.get("valueCanonical")) for e in stored["extension"]] == [ids[1], BABY]


def test_relative_references_mean_the_entry_under_the_same_root(call: Caller) -> None:
    answer = send(
        call,
        entry("POST", "Patient", patient(id="1"), "http://there.example/fhir/Patient/1"),
        entry("POST", "Observation", observation("Patient/1"), "http://there.example/fhir/Observation/2"),
        entry("POST", "Observation", observation("http://there.example/fhir/Patient/1")),
    )
    ids = [one["response"]["location"].split("/_history")[0] for one in answer.json["entry"]]
    assert [call("GET", id).json["subject"]["reference"] for id in ids[1:]] == [ids[0], ids[0]]


def test_a_reference_to_an_entry_that_is_missing_is_refused_with_its_place(call: Caller) -> None:
    answer = send(call, entry("POST", "Patient", patient()), entry("POST", "Observation", observation(BABY)))
    assert (answer.status, answer.keys) == (400, ["bundle.dangling"])
    assert answer.json["issue"][0]["expression"] == ["Bundle.entry[1]"]
    assert call("GET", "Patient?_total=accurate").json["total"] == 0


def test_all_or_nothing(call: Caller) -> None:
    answer = send(
        call,
        entry("PUT", "Patient/a", patient(id="a")),
        entry("PUT", "Patient/b", patient(id="b", gender="?")),
    )
    assert answer.status == 422
    assert answer.json["issue"][0]["expression"] == ["Bundle.entry[1].resource.gender"]
    assert call("GET", "Patient/a").status == 404


def test_conditional_references_are_looked_up(call: Caller) -> None:
    call("PUT", "Patient/a", patient(id="a", identifier=[{"system": "urn:s", "value": "1"}]))
    found = send(call, entry("POST", "Observation", observation("Patient?identifier=urn:s|1")))
    where = found.json["entry"][0]["response"]["location"].split("/_history")[0]
    assert call("GET", where).json["subject"]["reference"] == "Patient/a"
    none = send(call, entry("POST", "Observation", observation("Patient?identifier=urn:s|2")))
    assert (none.status, none.keys) == (412, ["bundle.unresolved"])
    call("PUT", "Patient/b", patient(id="b", identifier=[{"system": "urn:s", "value": "1"}]))
    several = send(call, entry("POST", "Observation", observation("Patient?identifier=urn:s|1")))
    assert several.status == 412


def named(value: str, **members: Any) -> dict[str, Any]:
    return patient(identifier=[{"system": "urn:x", "value": value}], **members)


def test_a_conditional_reference_finds_what_the_bundle_itself_stores(call: Caller) -> None:
    kept = send(call, entry("PUT", "Patient/kept", named("1", id="kept")))
    assert kept.status == 200
    answer = send(
        call,
        entry("PUT", "Observation/o", observation("Patient?identifier=urn:x|2", id="o")),
        entry("PUT", "Observation/p", observation("Patient?identifier=urn:x|3", id="p")),
        entry("PUT", "Observation/q", observation("Patient?identifier=urn:x|4", id="q")),
        entry("POST", "Patient", named("2")),
        entry("PUT", "Patient?identifier=urn:x|3", named("3")),
        entry("PUT", "Patient/kept", named("4", id="kept")),
    )
    assert answer.status == 200, answer.body
    for observed, place in (("o", 3), ("p", 4), ("q", 5)):
        where = answer.json["entry"][place]["response"]["location"].split("/_history")[0]
        assert call("GET", f"Observation/{observed}").json["subject"]["reference"] == where


def test_a_conditional_reference_finds_nothing_that_the_bundle_takes_away(call: Caller) -> None:
    assert send(call, entry("PUT", "Patient/a", named("1", id="a"))).status == 200
    refers = entry("POST", "Observation", observation("Patient?identifier=urn:x|1"))
    for change in (entry("DELETE", "Patient/a"), entry("PUT", "Patient/a", named("2", id="a"))):
        answer = send(call, refers, change)
        assert (answer.status, answer.keys) == (412, ["bundle.unresolved"])
    twice = send(call, refers, entry("POST", "Patient", named("1")))
    assert (twice.status, twice.keys) == (412, ["bundle.unresolved"])


def test_a_record_to_come_that_is_not_valid_is_refused_in_its_own_place(call: Caller) -> None:
    wrong = named("1", birthDate="long ago")
    refers = entry("POST", "Observation", observation("Patient?identifier=urn:x|1"))
    answer = send(call, refers, entry("POST", "Patient", wrong))
    assert answer.status == 422
    assert answer.json["issue"][0]["expression"] == ["Bundle.entry[1].resource.birthDate"]


def test_what_is_deleted_first_is_not_found_by_a_conditional_create_in_the_same_bundle(call: Caller) -> None:
    assert send(call, entry("PUT", "Patient/a", named("1", id="a"))).status == 200
    for deletion in ("Patient/a", "Patient?identifier=urn:x|1"):
        create = entry("POST", "Patient", named("1"), MOTHER, ifNoneExist="identifier=urn:x|1")
        answer = send(call, create, entry("POST", "Observation", observation(MOTHER)), entry("DELETE", deletion))
        assert statuses(answer) == ["201", "201", "204"]
        found = call("GET", "Patient?identifier=urn:x|1").resources
        made = answer.json["entry"][0]["response"]["location"]
        assert [one["id"] for one in found] == [made.split("/")[1]]


def test_a_condition_that_says_nothing_is_refused(call: Caller) -> None:
    answer = send(call, entry("POST", "Patient", patient(), ifNoneExist=""))
    assert (answer.status, answer.keys) == (412, ["rest.no-criteria"])


def test_a_conditional_create_in_a_transaction_lends_its_match_to_the_others(call: Caller) -> None:
    person = patient(identifier=[{"system": "urn:s", "value": "1"}])
    for expected in ("201", "200"):
        answer = send(
            call,
            entry("POST", "Patient", person, MOTHER, ifNoneExist="identifier=urn:s|1"),
            entry("POST", "Observation", observation(MOTHER)),
        )
        assert statuses(answer) == [expected, "201"]
    assert call("GET", "Patient?_total=accurate").json["total"] == 1
    assert call("GET", "Observation?patient.identifier=urn:s|1&_total=accurate").json["total"] == 2


def test_deletions_come_first_and_reads_last(call: Caller) -> None:
    call("PUT", "Patient/a", patient(id="a", identifier=[{"system": "urn:s", "value": "1"}]))
    answer = send(
        call,
        entry("GET", "Patient?identifier=urn:s|1"),
        entry("POST", "Patient", patient(identifier=[{"system": "urn:s", "value": "1"}])),
        entry("DELETE", "Patient/a"),
    )
    assert statuses(answer) == ["200", "201", "204"]
    found = answer.json["entry"][0]["resource"]
    assert [one["resource"]["id"] for one in found["entry"]] != ["a"]
    assert found["total"] == 1


@pytest.mark.parametrize(
    "entries",
    [
        [entry("PUT", "Patient/a", patient(id="a")), entry("DELETE", "Patient/a")],
        [entry("POST", "Patient", patient(), MOTHER), entry("POST", "Patient", patient(), MOTHER)],
    ],
)
def test_the_same_target_twice_is_refused(call: Caller, entries: list[dict[str, Any]]) -> None:
    answer = send(call, *entries)
    assert (answer.status, answer.keys) == (400, ["bundle.twice"])


def test_a_patch_and_a_condition_inside_a_transaction(call: Caller) -> None:
    call("PUT", "Patient/a", patient(id="a"))
    patch = {
        "resourceType": "Binary",
        "contentType": "application/json-patch+json",
        "data": "W3sib3AiOiJhZGQiLCJwYXRoIjoiL2FjdGl2ZSIsInZhbHVlIjp0cnVlfV0=",
    }
    stale = send(call, entry("PATCH", "Patient/a", patch, ifMatch='W/"7"'))
    assert stale.status == 412
    assert statuses(send(call, entry("PATCH", "Patient/a", patch, ifMatch='W/"1"'))) == ["200"]
    assert call("GET", "Patient/a").json["active"] is True


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("http://elsewhere.example/Patient/1", "bundle.foreign-url"),
        ("Pony/1", "bundle.bad-url"),
        ("", "bundle.bad-url"),
    ],
)
def test_an_entry_may_only_name_places_here(call: Caller, url: str, key: str) -> None:
    assert send(call, entry("PUT", url, patient(id="1"))).keys == [key]


def test_an_absolute_url_of_this_server_is_taken(call: Caller) -> None:
    answer = send(call, entry("PUT", "http://hoso.test/fhir/Patient/a", patient(id="a")))
    assert statuses(answer) == ["201"]


def test_entries_of_a_batch_stand_alone(call: Caller) -> None:
    answer = send(
        call,
        entry("PUT", "Patient/a", patient(id="a")),
        entry("PUT", "Patient/b", patient(id="b", gender="?")),
        entry("GET", "Patient/none"),
        entry("GET", "Patient/a"),
        entry("DELETE", "Patient/a"),
        entry("GET", "http://elsewhere.example/"),
        kind="batch",
    )
    assert statuses(answer) == ["201", "422", "404", "200", "204", "400"]
    assert answer.json["entry"][1]["response"]["outcome"]["resourceType"] == "OperationOutcome"
    assert answer.json["entry"][3]["resource"]["id"] == "a"


def test_scopes_hold_for_every_entry(call: Caller) -> None:
    reader = call.holding("system/Patient.rs")
    assert send(reader, entry("PUT", "Patient/a", patient(id="a"))).status == 403
    mixed = send(reader, entry("GET", "Patient"), entry("GET", "Observation"), kind="batch")
    assert statuses(mixed) == ["200", "403"]


@pytest.mark.parametrize("body", [{"resourceType": "Bundle", "type": "searchset"}, {"resourceType": "Patient"}])
def test_only_batches_and_transactions_are_taken_at_the_base(call: Caller, body: dict[str, str]) -> None:
    assert call("POST", "", body).keys == ["bundle.not-one"]


def test_return_representation_gives_the_stored_resources(call: Caller) -> None:
    answer = send(call, entry("PUT", "Patient/a", patient(id="a")), Prefer="return=representation")
    assert answer.json["entry"][0]["resource"]["meta"]["versionId"] == "1"
    assert "resource" not in send(call, entry("PUT", "Patient/a", patient(id="a"))).json["entry"][0]


def test_two_entries_that_would_create_the_same_person_are_refused(call: Caller) -> None:
    person = patient(identifier=[{"system": "urn:x", "value": "1"}])
    criteria = "identifier=urn:x|1"
    for pair in (
        (
            entry("POST", "Patient", person, ifNoneExist=criteria),
            entry("POST", "Patient", person, ifNoneExist=criteria),
        ),
        (entry("PUT", f"Patient?{criteria}", person), entry("POST", "Patient", person, ifNoneExist=criteria)),
        (entry("PUT", f"Patient?{criteria}", person), entry("PUT", f"Patient?{criteria}", person)),
    ):
        answer = send(call, *pair)
        assert (answer.status, answer.keys) == (400, ["bundle.twice"])
        assert answer.json["issue"][0]["expression"][0] in ("Bundle.entry[0]", "Bundle.entry[1]")
    assert call("GET", "Patient?_total=accurate").json["total"] == 0


def test_a_stale_version_tells_which_entry_named_it(call: Caller) -> None:
    for _ in range(2):
        call("PUT", "Patient/a", patient(id="a"))
    for stale in (
        entry("PUT", "Patient/a", patient(id="a"), ifMatch='W/"1"'),
        entry("DELETE", "Patient/a", ifMatch='W/"1"'),
    ):
        answer = send(call, entry("POST", "Patient", patient()), stale)
        assert (answer.status, answer.json["issue"][0]["expression"]) == (412, ["Bundle.entry[1]"])
    answer = send(call, entry("PUT", "Patient?identifier=urn:x|9", patient(), ifMatch='W/"1"'))
    assert (answer.status, answer.keys) == (412, ["rest.no-match"])


def test_a_read_that_can_mean_nothing_tells_its_place_and_fails_all(call: Caller) -> None:
    for url in ("../Patient", "Pony/1", "Patient/1/_history/1/2", "Patient?pony=1"):
        answer = send(call, entry("PUT", "Patient/a", patient(id="a")), entry("GET", url))
        assert answer.status in (400, 404), url
        assert answer.json["issue"][0]["expression"][0].startswith("Bundle.entry[1]")
    assert call("GET", "Patient/a").status == 404


def test_what_a_bundle_may_not_hold_is_refused(call: Caller) -> None:
    good = entry("PUT", "Patient/a", patient(id="a"))
    for broken, place in (
        ({**good, "pony": 1}, "Bundle.entry[0].pony"),
        ({**good, "request": {**good["request"], "pony": 1}}, "Bundle.entry[0].request.pony"),
    ):
        answer = send(call, broken)
        assert (answer.status, answer.keys) == (400, ["bundle.unknown-element"])
        assert answer.json["issue"][0]["expression"] == [place]
        assert statuses(send(call, broken, kind="batch")) == ["400"]
    answer = call("POST", "", {"resourceType": "Bundle", "type": "batch", "pony": 1})
    assert (answer.status, answer.json["issue"][0]["expression"]) == (400, ["Bundle.pony"])


def test_in_a_batch_too_the_outcome_asked_for_stands_in_the_response(call: Caller) -> None:
    for kind in ("batch", "transaction"):
        answer = send(call, entry("POST", "Patient", patient()), kind=kind, Prefer="return=OperationOutcome")
        one = answer.json["entry"][0]
        assert "resource" not in one and one["response"]["outcome"]["resourceType"] == "OperationOutcome"


def test_a_closing_slash_is_forgiven_in_an_entry_as_it_is_outside(call: Caller) -> None:
    call("PUT", "Patient/a", patient(id="a"))
    assert statuses(send(call, entry("GET", "Patient/a/"), entry("GET", "Patient/"))) == ["200", "200"]


def test_a_batch_cannot_be_made_to_answer_without_bound(call: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hoso.api.bundles.ANSWER_MB", 1)
    answer = send(call, *[entry("GET", "metadata")] * 10, kind="batch")
    assert statuses(answer)[0] == "200" and statuses(answer)[-1] == "413"
    assert len(answer.body) < 3_000_000
    assert answer.json["entry"][-1]["response"]["outcome"]["issue"][0]["diagnostics"] == "bundle.answer-too-large"
