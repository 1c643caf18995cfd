"""Patient/[id]/$health-book over HTTP, on both engines: the four groups, over facilities, by the caller's rights."""

from __future__ import annotations

from typing import Any

from tests.api.caller import Caller
from tests.api.test_summary_document import record, seen_at_two_places

from hoso.fhir.validate import validate


def group(answer: dict[str, Any], name: str) -> list[dict[str, Any]]:
    return [one for one in answer["parameter"] if one["name"] == name]


def said(parts: dict[str, Any], name: str) -> list[str]:
    values = [one for one in parts.get("part", ()) if one["name"] == name]
    return [next((str(one[key]) for key in one if key.startswith("value")), "") for one in values]


def names(parts: dict[str, Any], name: str) -> list[str]:
    return [said(one, "name")[0] for one in parts.get("part", ()) if one["name"] == name]


def visit(id: str, day: str) -> dict[str, Any]:
    return {
        "resourceType": "Encounter", "id": id, "status": "finished", "subject": {"reference": "Patient/a"},
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
        "period": {"start": f"{day}T08:00:00+07:00", "end": f"{day}T09:00:00+07:00"},
        "reasonCode": [{"text": "Ho"}],
    }  # fmt: skip


def test_the_four_groups_are_told_over_all_facilities_and_by_the_callers_rights(persons: Caller) -> None:
    person = seen_at_two_places(persons)
    for id, day in (("old", "2025-01-02"), ("new", "2026-01-02")):
        assert persons("PUT", f"Encounter/{id}", visit(id, day)).status == 201
    found = record("Condition", "d", "Viêm phế quản", "subject", "a")
    found["encounter"] = {"reference": "Encounter/new"}
    assert persons("PUT", "Condition/d", found).status == 201
    other = record("Condition", "stranger", "Của người khác", "subject", "z")
    assert persons("PUT", "Patient/z", {"resourceType": "Patient", "id": "z", "name": [{"text": "Lạ"}]}).status == 201
    assert persons("PUT", "Condition/stranger", {**other, "asserter": {"reference": "Patient/a"}}).status == 201

    answers = [persons("GET", f"Patient/{id}/$health-book") for id in (person, "a", "b")]
    assert [one.status for one in answers] == [200] * 3
    assert answers[0].body == answers[1].body == answers[2].body
    told = answers[0].json
    assert not [one for one in validate(told) if one.severity in ("error", "fatal")]
    [who], [history], [summary] = (group(told, name) for name in ("administrative", "history", "summary"))
    assert said(who, "personal-number") and said(who, "name")
    assert (said(history, "allergies"), said(history, "vaccines")) == (["listed"], ["unrecorded"])
    assert "Hen phế quản" in names(history, "problem")
    assert [said(one, "start")[0][:10] for one in group(told, "visit")] == ["2026-01-02", "2025-01-02"]
    assert said(group(told, "visit")[0], "diagnosis") == said(summary, "diagnosis") == ["Viêm phế quản"]
    assert "Của người khác" not in answers[0].body.decode()

    one = persons("GET", "Patient/a/$health-book?visits=1").json
    assert (len(group(one, "visit")), group(one, "older-visits")[0]["valueInteger"]) == (1, 1)
    assert persons("GET", "Patient/a/$health-book?visits=501").keys == ["health-book.visits"]
    assert persons("GET", "Patient/none/$health-book").status == 404
    assert persons("GET", "OperationDefinition/hoso-patient-health-book").json["code"] == "health-book"

    some = persons.holding("system/Patient.rs system/Encounter.rs")("GET", "Patient/a/$health-book")
    [history] = group(some.json, "history")
    assert (said(history, "allergies"), said(history, "problems")) == (["refused"], ["refused"])
    assert "phế quản" not in some.body.decode()
    assert persons.holding("system/Encounter.rs")("GET", "Patient/a/$health-book").status == 403
