"""A node that asks for profiles: what does not hold them is refused at every door, with places; what is there stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.api.caller import Caller

from hoso.access.demands import Demands, parse
from hoso.store.record_store import RecordStore

URL = "http://example.vn/StructureDefinition/named"
OTHER = "http://example.vn/StructureDefinition/numbered"
NAMED: dict[str, Any] = {
    "resourceType": "StructureDefinition", "url": URL, "type": "Patient", "kind": "resource",
    "derivation": "constraint", "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "differential": {"element": [{"id": "Patient.name.text", "path": "Patient.name.text", "min": 1},
                                 {"id": "Patient.name", "path": "Patient.name", "min": 1}]},
}  # fmt: skip
NUMBERED = {
    **NAMED, "url": OTHER, "differential": {"element": [{"path": "Patient.identifier", "min": 2},
                                                        {"path": "Patient.gender", "min": 1},
                                                        {"path": "Patient.birthDate", "min": 1}]},
}  # fmt: skip
NAMELESS = {"resourceType": "Patient", "active": True}
FIT = {**NAMELESS, "name": [{"text": "An"}]}
REFUSED = ["profile.demanded", "profile.count"]


@pytest.fixture
def asking(call: Caller) -> Iterator[Caller]:
    """Patients must have a name here, or be well known otherwise; one that has neither was there before."""
    call("PUT", "Patient/old", {**NAMELESS, "id": "old"})
    call.guides.load([("x", NAMED), ("x", NUMBERED)])
    call.records.demands = Demands(parse({"require": {"Patient": [URL, OTHER]}}), call.guides)
    yield call


def entry(method: str, url: str, resource: dict[str, Any]) -> dict[str, Any]:
    return {"resource": resource, "request": {"method": method, "url": url}}


def test_a_write_that_holds_none_of_the_profiles_is_refused_with_the_place(asking: Caller) -> None:
    made = asking("POST", "Patient", FIT)
    id = made.json["id"]
    assert made.status == 201
    unnamed = [{"op": "remove", "path": "/name"}]
    conditional = asking("PUT", "Patient?identifier=http://x|1", NAMELESS)
    for answer in (
        asking("POST", "Patient", NAMELESS),
        asking("PUT", "Patient/new", {**NAMELESS, "id": "new"}),
        asking("PATCH", f"Patient/{id}", unnamed, Content_Type="application/json-patch+json"),
        asking("POST", "Patient", NAMELESS, If_None_Exist="identifier=http://x|1"),
        conditional,
    ):
        assert (answer.status, answer.keys) == (422, REFUSED), answer.body
        assert [issue["expression"] for issue in answer.json["issue"]] == [["Patient"], ["Patient.name"]]
        assert URL in answer.json["issue"][0]["details"]["text"]
    assert asking("GET", "Patient/new").status == 404
    assert asking("GET", f"Patient/{id}").json["meta"]["versionId"] == made.json["meta"]["versionId"]
    known = {**NAMELESS, "identifier": [{"value": "1"}, {"value": "2"}], "gender": "male", "birthDate": "1980"}
    assert asking("POST", "Patient", known).status == 201  # one of the profiles suffices
    assert asking.make("Organization", name="Trạm")  # of other types nothing is asked


def test_entries_of_bundles_are_refused_at_their_place(asking: Caller) -> None:
    entries = [entry("POST", "Patient", FIT), entry("POST", "Patient", NAMELESS)]
    for criteria in ("", "Patient?identifier=http://x|7"):
        third = entry("PUT", criteria or "Patient/third", {**FIT, **({} if criteria else {"id": "third"})})
        whole = {"resourceType": "Bundle", "type": "transaction", "entry": [*entries, third]}
        answer = asking("POST", "", whole)
        assert (answer.status, answer.keys) == (422, REFUSED)
        assert answer.json["issue"][1]["expression"] == ["Bundle.entry[1].resource.name"]
    assert asking("GET", "Patient?name=An&_summary=count").json["total"] == 0
    answer = asking("POST", "", {"resourceType": "Bundle", "type": "batch", "entry": entries})
    assert [one["response"]["status"][:3] for one in answer.json["entry"]] == ["201", "422"]


def test_what_was_there_before_stays_and_is_counted(asking: Caller, store: RecordStore) -> None:
    assert asking("GET", "Patient/old").status == 200
    asking.make("Patient", **{k: v for k, v in FIT.items() if k != "resourceType"})
    demands = asking.records.demands
    assert demands is not None
    assert [tuple(row) for row in demands.standing(store)] == [("Patient", 2, 1, "Patient/old")]


def test_the_statement_names_what_is_asked_for_and_what_is_known(asking: Caller) -> None:
    def patient() -> dict[str, Any]:
        found = asking("GET", "metadata").json["rest"][0]["resource"]
        return next(one for one in found if one["type"] == "Patient")

    assert patient()["supportedProfile"][:2] == [URL, OTHER]
    assert "profile" not in patient()  # R4 has room for one that every record holds
    asking.records.demands = Demands({"Patient": (OTHER,)}, asking.guides)
    assert (patient()["profile"], patient()["supportedProfile"][0]) == (OTHER, OTHER)


def test_a_profile_that_is_not_here_is_named_and_lets_nothing_pass(asking: Caller) -> None:
    asking.records.demands = demands = Demands({"Patient": ("http://x/none",), "Group": (URL,)}, asking.guides)
    assert demands.unknown() == ["Patient = http://x/none", f"Group = {URL}"]
    assert asking("POST", "Patient", FIT).keys == ["profile.demanded", "profile.unknown"]


@pytest.mark.parametrize(
    "table",
    [{"requires": {}}, {"require": []}, {"require": {"Patent": [URL]}}, {"require": {"Patient": URL}},
     {"require": {"Patient": []}}, {"require": {"Patient": [1]}}],
)  # fmt: skip
def test_settings_that_mean_nothing_are_refused(table: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"\[profiles\]"):
        parse(table)
