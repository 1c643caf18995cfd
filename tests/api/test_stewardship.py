"""$merge, $unmerge and $split at the systems' door, the definitions of our operations, and the feed of link events."""

from __future__ import annotations

from typing import Any

import pytest
from tests.api.caller import Answer, Caller
from tests.api.people import HOSPITAL, NATIONAL, NUMBER, PHONE, counted, groups, parameters, patient, persons_of, put
from tests.store.checks import settled

from hoso.core import citizen_code
from hoso.fhir.systems import CITIZEN_CODE

WHY = "compared the papers"


def ref(id: str) -> dict[str, str]:
    return {"reference": f"Patient/{id}"}


def merge(call: Caller, one: str, other: str, **more: Any) -> Answer:
    body = parameters(source_patient=ref(one), target_patient=ref(other), **({"reason": WHY} | more))
    return call("POST", "Patient/$merge", body)


def part(answer: Answer, name: str) -> Any:
    found = next(p for p in answer.json["parameter"] if p["name"] == name)
    return found.get("resource") or found.get("valueReference")


def told(answer: Answer) -> str:
    key: str = part(answer, "outcome")["issue"][0]["diagnostics"]
    return key


def two(call: Caller) -> None:
    put(call, "a", patient(local=(HOSPITAL, "H1")))
    put(call, "b", patient(local=(HOSPITAL, "H2")))
    assert groups(call) == [["a"], ["b"]]


def observe(call: Caller, id: str, subject: str) -> None:
    body = {"resourceType": "Observation", "id": id, "status": "final", "code": {"text": "x"}, "subject": ref(subject)}
    assert call("PUT", f"Observation/{id}", body).status == 201


def settle(call: Caller) -> None:
    settled(call.records._store)  # type: ignore[arg-type]


def test_two_persons_become_one_and_are_parted_again(persons: Caller) -> None:
    two(persons)
    merged = merge(persons, "b", "a")
    assert merged.status == 200 and told(merged) == "identity.merged", merged.body
    assert groups(persons) == [["a", "b"]]
    survivor = part(merged, "result")
    assert survivor["active"] and survivor["id"] == persons_of(persons)[0]["id"]
    assert persons("POST", "Parameters/$validate", merged.body).keys == ["outcome.all-well"]
    other = next(link["other"]["reference"] for link in survivor["link"] if link["type"] == "replaces")
    parted = persons("POST", f"{other}/$unmerge", parameters(reason=WHY))
    assert parted.status == 200 and told(parted) == "identity.unmerged", parted.body
    assert groups(persons) == [["a"], ["b"]]
    assert part(parted, "restored")["id"] == other.removeprefix("Patient/")
    assert part(parted, "record") == ref("b")
    assert persons("POST", "Parameters/$validate", parted.body).keys == ["outcome.all-well"]
    assert merge(persons, "a", "b").keys == ["identity.apart"]


def test_a_preview_changes_nothing_and_needs_no_reason(persons: Caller) -> None:
    two(persons)
    before = counted(persons)
    body = parameters(source_patient=ref("a"), target_patient=ref("b"), preview=True)
    answer = persons("POST", "Patient/$merge", body)
    assert answer.status == 200 and told(answer) == "identity.would-merge"
    assert len([one for one in part(answer, "result")["link"] if one["type"] == "seealso"]) == 2
    assert counted(persons) == before and groups(persons) == [["a"], ["b"]]


def test_with_clinical_data_on_both_sides_a_second_caller_must_agree(persons: Caller) -> None:
    two(persons)
    observe(persons, "o1", "a")
    observe(persons, "o2", "b")
    waiting = merge(persons, "a", "b")
    assert waiting.status == 202 and part(waiting, "task")["resourceType"] == "Task"
    assert merge(persons, "a", "b").status == 202 and groups(persons) == [["a"], ["b"]]
    second = persons.holding("system/*.cruds", "second")
    assert merge(second, "a", "b").status == 200
    assert groups(persons) == [["a", "b"]]


def test_records_are_split_from_a_person(persons: Caller) -> None:
    for id in ("a", "b"):
        put(persons, id, patient(number=NUMBER))
    (person,) = persons_of(persons)
    answer = persons("POST", f"Patient/{person['id']}/$split", parameters(record=[ref("b")], reason=WHY))
    assert answer.status == 200 and told(answer) == "identity.split", answer.body
    assert groups(persons) == [["a"], ["b"]]
    assert part(answer, "survivor")["id"] == person["id"]
    refused = persons("POST", f"Patient/{person['id']}/$split", parameters(record=[ref("b")], reason=WHY))
    assert refused.status == 422 and refused.keys == ["identity.not-a-record"]


def test_persons_are_named_by_numbers_too(persons: Caller) -> None:
    two(persons)
    source, target = ({"system": HOSPITAL, "value": n} for n in ("H2", "H1"))
    body = parameters(source_patient_identifier=[source], target_patient_identifier=[target], reason=WHY)
    both = parameters(
        source_patient=ref("a"), source_patient_identifier=[source], target_patient=ref("b"), reason=WHY
    )  # fmt: skip
    assert persons("POST", "Patient/$merge", both).keys == ["identity.not-one"]
    nobody = parameters(
        source_patient_identifier=[source, {"system": NATIONAL, "value": "x"}], target_patient=ref("a"), reason=WHY
    )
    assert persons("POST", "Patient/$merge", nobody).keys == ["identity.not-one"]
    assert persons("POST", "Patient/$merge", body).status == 200
    assert groups(persons) == [["a", "b"]]


A, B = {"source_patient": ref("a")}, {"target_patient": ref("b")}
WRONG: list[tuple[str, Any, int]] = [
    ("$merge", b"", 400), ("$merge", b"{}", 400), ("$merge", patient(), 400), ("$merge", parameters(**A), 400),
    ("$merge", parameters(**A, **B), 422), ("$merge", parameters(**A, **B, reason=" "), 422),
    ("$merge", parameters(**A, target_patient=ref("nobody"), reason=WHY), 404),
    ("$merge", parameters(**A, target_patient=ref("a"), reason=WHY), 409),
    ("$merge", parameters(**A, target_patient={"reference": "Observation/b"}, reason=WHY), 400),
    ("$merge", parameters(**A, target_patient={"reference": "http://other.example/fhir/Patient/b"}, reason=WHY), 400),
    ("$merge", parameters(**A, **B, reason="x" * 5_000), 400), ("$merge", parameters(**A, **B, reason=7), 400),
    ("$merge", parameters(**A, **B, reason=WHY, result_patient=patient()), 422),
    ("$merge", parameters(**A, **B, reason=WHY, force=True), 400), ("$merge", b"x" * 3_000_000, 413),
    ("$merge", parameters(**A, reason=WHY, target_patient_identifier=[
        {"system": CITIZEN_CODE, "value": citizen_code.make(3)[:-1]}]), 422),
    ("a/$unmerge", parameters(reason=WHY), 409), ("nobody/$unmerge", parameters(reason=WHY), 404),
    ("a/$unmerge", parameters(), 422), ("nobody/$split", parameters(record=[ref("a")], reason=WHY), 404),
    ("a/$split", parameters(reason=WHY), 400), ("a/$split", parameters(record=[ref("a")], reason=WHY), 422),
    ("a/$split", parameters(record=[ref("b")], reason=WHY), 422), ("a/$split", parameters(record=["a"]), 400),
    ("a/$split", parameters(record=[ref("' OR 1=1")], reason=WHY), 422),
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(WRONG)))
def test_a_wrong_request_is_refused_and_changes_nothing(persons: Caller, place: int) -> None:
    path, body, status = WRONG[place]
    two(persons)
    before = counted(persons)
    answer = persons("POST", f"Patient/{path}", body)
    assert answer.status == status, answer.body[:500]
    assert answer.json["resourceType"] == "OperationOutcome" and answer.json["issue"][0]["details"]["text"]
    assert counted(persons) == before and groups(persons) == [["a"], ["b"]]


def test_only_who_may_update_patients_and_create_linkages_decides(persons: Caller) -> None:
    two(persons)
    for scope in ("system/*.rs", "system/Patient.cruds", "system/Linkage.cruds system/Patient.rs"):
        other = persons.holding(scope, scope)
        assert merge(other, "a", "b").status == 403
        assert other("POST", "Patient/a/$unmerge", parameters(reason=WHY)).status == 403
    allowed = persons.holding("system/Patient.u system/Linkage.c system/Task.u", "writer")
    answer = merge(allowed, "a", "b")
    assert answer.status in (200, 403)
    if answer.status == 200:
        assert "reference" in part(answer, "result")  # who may not read is not shown the record


def test_operations_cannot_hide_in_a_transaction(persons: Caller) -> None:
    two(persons)
    entry = {"resource": parameters(**A, **B, reason=WHY), "request": {"method": "POST", "url": "Patient/$merge"}}
    answer = persons("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]})
    assert answer.status >= 400 and groups(persons) == [["a"], ["b"]]


# Definitions


def test_our_operations_are_published_and_nobodys_to_change(persons: Caller) -> None:
    resources = persons("GET", "metadata").json["rest"][0]["resource"]
    named = next(one for one in resources if one["type"] == "Patient")["operation"]
    ours = {one["name"]: one["definition"] for one in named if "hoso.vn" in one["definition"]}
    assert set(ours) == {"merge", "unmerge", "split", "link-events", "acknowledge", "immds-forecast", "health-book"}
    for code, address in ours.items():
        id = address.rpartition("/")[2]
        found = persons("GET", f"OperationDefinition/{id}")
        assert found.status == 200 and (found.json["url"], found.json["code"]) == (address, code)
        assert persons("POST", "OperationDefinition/$validate", found.body).keys == ["outcome.all-well"]
        assert persons("PUT", f"OperationDefinition/{id}", found.json).status == 405
        entry = {"resource": found.json, "request": {"method": "PUT", "url": f"OperationDefinition/{id}"}}
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
        assert persons("POST", "", bundle).keys == ["identity.reserved"]


# Events


def messages(call: Caller, query: str = "") -> list[dict[str, Any]]:
    answer = call("GET", f"Patient/$link-events?{query}".removesuffix("?"))
    assert answer.status == 200, answer.body
    return answer.resources


def kinds(found: list[dict[str, Any]]) -> list[str]:
    return [one["entry"][0]["resource"]["reason"]["coding"][0]["code"] for one in found]


def parted(call: Caller) -> str:
    """Merges and parts two persons; the id of the Linkage that parts them."""
    two(call)
    other = next(
        one["other"]["reference"] for one in part(merge(call, "a", "b"), "result")["link"] if one["type"] == "replaces"
    )
    call("POST", f"{other}/$unmerge", parameters(reason=WHY))
    settle(call)
    found = messages(call)
    return str(found[kinds(found).index("unmerge")]["id"])


def test_every_event_is_a_message_with_its_number(persons: Caller) -> None:
    parted(persons)
    found = messages(persons)
    assert kinds(found) == ["link", "link", "merge", "unmerge", "different"]
    numbers = [int(one["identifier"]["value"]) for one in found]
    assert numbers == sorted(set(numbers))
    header, history = (entry["resource"] for entry in found[2]["entry"])
    assert header["eventUri"] == "urn:ihe:iti:pmir:2019:patient-feed" and header["sender"]["display"] == "client/test"
    assert header["focus"] == [{"reference": f"Bundle/{history['id']}"}] and history["type"] == "history"
    assert {entry["resource"]["resourceType"] for entry in history["entry"]} == {"Patient"}
    whole = persons("GET", "Patient/$link-events")
    assert persons("POST", "Bundle/$validate", whole.body).keys == ["outcome.all-well"]


def test_the_feed_is_paged_by_number_and_goes_on_where_it_was_left(persons: Caller) -> None:
    parted(persons)
    seen: list[dict[str, Any]] = []
    where: str | None = "Patient/$link-events?_count=2"
    while where:
        answer = persons("GET", where)
        assert len(answer.resources) <= 2
        seen += answer.resources
        where = answer.link("next")
    assert seen == messages(persons)
    last = seen[-1]["identifier"]["value"]
    assert messages(persons, f"_since={last}") == []
    put(persons, "c", patient("Lê Văn Tám", "1950-02-03", "male"))
    settle(persons)
    assert kinds(messages(persons, f"_since={last}")) == ["link"]


def test_what_was_parted_waits_until_each_system_has_acknowledged_it(persons: Caller) -> None:
    id = parted(persons)
    other = persons.holding("system/Linkage.rs system/Patient.rs system/MessageHeader.cr", "lab")
    for call in (persons, other):
        assert [one["id"] for one in messages(call, "unacknowledged=true")] == [id]
    body = parameters(event=[{"reference": f"Linkage/{id}"}])
    assert other("POST", "Patient/$acknowledge", body).status == 200
    assert other("POST", "Patient/$acknowledge", body).status == 200
    assert messages(other, "unacknowledged=true") == []
    assert [one["id"] for one in messages(persons, "unacknowledged=true")] == [id]
    (kept,) = persons("GET", "MessageHeader").resources
    assert kept["response"] == {"identifier": id, "code": "ok"} and kept["sender"]["display"] == "client/lab"
    assert persons("POST", "MessageHeader/$validate", kept).keys == ["outcome.all-well"]
    assert persons("PUT", f"MessageHeader/{kept['id']}", kept).keys == ["identity.reserved"]


@pytest.mark.parametrize(
    ("reference", "status"), [("Linkage/nobody", 404), ("Patient/a", 400), ("x", 422), ("Linkage/", 422), ("link", 422)]
)
def test_what_cannot_be_acknowledged_is_refused(persons: Caller, reference: str, status: int) -> None:
    parted(persons)
    assert persons("POST", "Patient/$acknowledge", parameters(event=[{"reference": reference}])).status == status
    assert persons("POST", "Patient/$acknowledge", {"resourceType": "Parameters"}).status == 400
    linked = messages(persons)[0]["id"]
    answer = persons("POST", "Patient/$acknowledge", parameters(event=[{"reference": f"Linkage/{linked}"}]))
    assert answer.keys == ["identity.nothing-to-acknowledge"]
    assert persons("GET", "MessageHeader?_summary=count").json["total"] == 0


@pytest.mark.parametrize("query", ["_since=x", "_since=-1", "_count=0", "_count=1001", "unacknowledged=maybe", "x=1",
                                   "_since=1&unacknowledged=true", "_since=99999999999"])  # fmt: skip
def test_a_wrong_question_to_the_feed_is_refused(persons: Caller, query: str) -> None:
    assert persons("GET", f"Patient/$link-events?{query}").status == 400


def test_who_may_not_see_linkages_or_patients_gets_no_events(persons: Caller) -> None:
    parted(persons)
    for scope in ("system/Patient.rs", "system/Linkage.rs", "system/Observation.rs"):
        assert persons.holding(scope, scope)("GET", "Patient/$link-events").status == 403


def test_the_ledger_is_searched_like_any_record(persons: Caller) -> None:
    put(persons, "a", patient(phone=PHONE))
    tag = "https://hoso.vn/CodeSystem/record-kind|link-event"
    (first,) = persons("GET", f"Linkage?_tag={tag}&_sort=_lastUpdated").resources
    put(persons, "b", patient("Lê Văn Tám", "1950-02-03", "male"))
    since = first["meta"]["lastUpdated"]
    found = persons("GET", f"Linkage?_tag={tag}&_sort=_lastUpdated&_lastUpdated=gt{since}").resources
    assert [one["item"][1]["resource"] for one in found] == [ref("b")]
    assert persons("GET", f"Linkage?item=Patient/a&_tag={tag}").resources == [first]
