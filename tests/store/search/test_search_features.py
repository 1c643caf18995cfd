"""What the random world does not reach: visibility, includes, compartments, exact hits first, hostile text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest

from hoso.core import Refused
from hoso.fhir.search import parse
from hoso.store.contract import Draft, Origin
from hoso.store.record_store import RecordStore
from hoso.store.search import everything
from hoso.store.visible import EVERYTHING, Visible

ORIGIN = Origin("user/test", "TREAT")


def put(store: RecordStore, *resources: dict[str, Any]) -> None:
    store.save([Draft("PUT", r["resourceType"], r["id"], orjson.dumps(r), r) for r in resources], ORIGIN)


def ref(name: str) -> dict[str, str]:
    return {"reference": name}


@pytest.fixture
def hospital(store: RecordStore) -> RecordStore:
    put(
        store,
        {"resourceType": "Organization", "id": "ministry", "name": "Bộ Y tế"},
        {"resourceType": "Organization", "id": "h", "name": "Bệnh viện", "partOf": ref("Organization/ministry")},
        {"resourceType": "Practitioner", "id": "d", "name": [{"family": "Lê"}]},
        {"resourceType": "Patient", "id": "a", "name": [{"family": "Hoà"}],
         "managingOrganization": ref("Organization/h")},
        {"resourceType": "Patient", "id": "b", "name": [{"family": "Hoa"}]},
        {"resourceType": "Encounter", "id": "e", "subject": ref("Patient/a"), "serviceProvider": ref("Organization/h"),
         "participant": [{"individual": ref("Practitioner/d")}]},
        {"resourceType": "Observation", "id": "o", "subject": ref("Patient/a"), "encounter": ref("Encounter/e"),
         "effectiveDateTime": "2024-05-01"},
        {"resourceType": "Observation", "id": "seen", "performer": [ref("Patient/a")], "subject": ref("Patient/b")},
        {"resourceType": "List", "id": "l", "entry": [{"item": ref("Patient/b")}]},
    )  # fmt: skip
    return store


def ids(store: RecordStore, search: str, visible: Visible = EVERYTHING, **options: Any) -> list[str]:
    return [v.id for v in store.search(query(search, **options), visible).matches]


def query(search: str, **options: Any) -> Any:
    type, _, text = search.partition("?")
    pairs = [tuple(p.split("=", 1)) for p in text.split("&") if p]
    return parse(type or None, pairs, **options)  # type: ignore[arg-type]


def brought(store: RecordStore, search: str, visible: Visible = EVERYTHING) -> set[str]:
    return {f"{v.type}/{v.id}" for v in store.search(query(search), visible).included}


def test_includes_follow_references_out_and_in(hospital: RecordStore) -> None:
    assert brought(hospital, "Encounter?_include=Encounter:subject") == {"Patient/a"}
    assert brought(hospital, "Encounter?_include=Encounter:subject:Group") == set()
    assert brought(hospital, "Patient?_id=a&_revinclude=Observation:subject") == {"Observation/o"}
    assert brought(hospital, "Encounter?_include=*") == {"Patient/a", "Organization/h", "Practitioner/d"}
    assert brought(hospital, "Encounter?_include=Encounter:*") == brought(hospital, "Encounter?_include=*")
    assert brought(hospital, "Encounter?_revinclude=*") == {"Observation/o"}


def test_iterate_goes_on_until_nothing_new_comes(hospital: RecordStore) -> None:
    once = "Encounter?_include=Encounter:service-provider"
    assert brought(hospital, once) == {"Organization/h"}
    assert brought(hospital, once + "&_include:iterate=Organization:partof") == {
        "Organization/h",
        "Organization/ministry",
    }


def test_an_included_record_that_is_a_match_comes_once(hospital: RecordStore) -> None:
    assert brought(hospital, "Organization?_include=Organization:partof") == set()


BLIND = Visible(frozenset({"Encounter", "Observation", "List", "Patient"}))


def test_what_the_caller_may_not_see_is_nowhere(hospital: RecordStore) -> None:
    no_patients = Visible(frozenset({"Encounter", "Observation", "Organization", "List"}))
    assert ids(hospital, "Patient?", no_patients) == []
    assert hospital.search(query("Patient?_total=accurate"), no_patients).total == 0
    assert ids(hospital, "Observation?subject:Patient.name=hoa", no_patients) == []
    assert ids(hospital, "Observation?patient:Patient.name:missing=false", no_patients) == []
    assert brought(hospital, "Encounter?_include=*", no_patients) == {"Organization/h"}
    assert ids(hospital, "?_type=Patient,Encounter", no_patients) == ["e"]
    assert ids(hospital, "Patient?_has:Encounter:subject:service-provider.name=b", BLIND) == []
    assert ids(hospital, "Patient?_list=l", Visible(frozenset({"Patient"}))) == []
    assert ids(hospital, "Patient?_list=l") == ["b"]
    assert ids(hospital, "Organization?_has:Patient:organization:name=hoa", no_patients) == []


class Only(Visible):
    """Sees one record number of Patient, and all of the other types."""

    def rule(self, type: str) -> tuple[None, bool]:
        return None, type == "Patient"

    def predicate(self, alias: str, type: str) -> tuple[str, list[object]]:
        return (f"{alias}.rid = ?", [self.rid]) if type == "Patient" else ("1=1", [])  # type: ignore[attr-defined]


def test_a_rule_about_records_holds_on_every_table_a_search_touches(hospital: RecordStore) -> None:
    class OnlyB(Visible):
        rid = hospital.read("Patient", "b").rid  # type: ignore[union-attr]

        rule, predicate = Only.rule, Only.predicate

    only = OnlyB(None)
    assert ids(hospital, "Patient?name=hoa", only) == ["b"]
    assert ids(hospital, "Patient?name=hoa&_sort=-name", only) == ["b"]
    assert hospital.search(query("Patient?name=hoa&_summary=count"), only).total == 1
    assert ids(hospital, "Observation?subject:Patient.name=hoa", only) == ["seen"]
    assert ids(hospital, "Observation?encounter.patient:Patient.name=hoa", only) == []
    assert brought(hospital, "Observation?_include=Observation:subject", only) == {"Patient/b"}
    assert set(ids(hospital, "?_type=Patient,Encounter", only)) == {"b", "e"}
    assert "a" not in {v.id for v in hospital.scan(query("?"), only)}


def test_a_compartment_is_what_refers_to_its_patient(hospital: RecordStore) -> None:
    assert ids(hospital, "Observation?", compartment=("Patient", "a")) == ["o", "seen"]
    assert set(ids(hospital, "?", compartment=("Patient", "a"))) == {"a", "e", "o", "seen"}
    assert ids(hospital, "Observation?", compartment=("Encounter", "e")) == ["o"]
    assert ids(hospital, "Observation?", compartment=("Patient", "nobody")) == []
    with pytest.raises(Refused):
        ids(hospital, "Organization?", compartment=("Patient", "a"))


def test_everything_is_the_compartment_and_what_it_refers_to_each_once(hospital: RecordStore) -> None:
    def all_of(patient: str, visible: Visible = EVERYTHING, **options: Any) -> list[str]:
        reader, keys = hospital.engine.reader(), hospital.facts.keys
        return [f"{v.type}/{v.id}" for v in everything(reader, keys, reader.dialect, patient, visible, **options)]

    found = all_of("a")
    assert len(found) == len(set(found))
    assert set(found) == {
        "Patient/a", "Encounter/e", "Observation/o", "Observation/seen", "Organization/h", "Organization/ministry",
        "Practitioner/d",
    }  # fmt: skip
    assert set(all_of("a", types=["Observation"])) == {"Observation/o", "Observation/seen"}
    assert set(all_of("a", types=["Organization"])) == {"Organization/h", "Organization/ministry"}
    assert all_of("a", since=1 << 50) == []
    assert all_of("nobody") == []
    assert set(all_of("a", Visible(frozenset({"Patient", "Practitioner"})))) == {"Patient/a"}


def test_exact_accents_come_first_when_asked(hospital: RecordStore) -> None:
    for typed, order in (("Hoa", ["b", "a"]), ("Hoà", ["a", "b"])):
        asked = replace(query(f"Patient?name={typed}&_count=1"), rank_exact=True)
        first = hospital.search(asked, EVERYTHING)
        second = hospital.search(asked, EVERYTHING, first.cursor)
        assert [v.id for v in (*first.matches, *second.matches)] == order


def test_a_reference_is_found_in_every_form(hospital: RecordStore) -> None:
    base = "https://h.vn/fhir"
    for form in ("a", "Patient/a", f"{base}/Patient/a", "Patient/a/_history/7"):
        assert ids(hospital, f"Observation?subject={form}", base=base) == ["o"]
    assert ids(hospital, "Observation?subject:Patient=a") == ["o"]
    assert ids(hospital, "Observation?subject=https://other.vn/fhir/Patient/a", base=base) == []


@pytest.mark.parametrize("text", ["%", "_", "' OR 1=1 --", '"', "\\\\", "*", "\u202e", "ﷺ" * 50, "x" * 5_000, "\n"])
def test_hostile_text_finds_nothing_and_breaks_nothing(hospital: RecordStore, text: str) -> None:
    for search in ("Patient?name={}", "Patient?name:contains={}", "Patient?name:exact={}", "Patient?identifier={}",
                   "Patient?_id={}", "Observation?patient.name={}", "Patient?_profile={}"):  # fmt: skip
        try:
            assert ids(hospital, search.format(text.replace("&", ""))) == []
        except Refused as refused:
            assert refused.status == 400


def test_a_thousand_values_are_one_search(hospital: RecordStore) -> None:
    many = ",".join(f"id{n}" for n in range(998))
    assert ids(hospital, f"Patient?_id={many},a,b&_sort=_id") == ["a", "b"]
    assert ids(hospital, f"Patient?identifier={many}") == []
    assert ids(hospital, f"Observation?subject={many},a") == ["o"]


@pytest.fixture
def forms(store: RecordStore) -> RecordStore:
    """Two versions of one questionnaire, one with a long address, and answers to them."""
    long = "http://forms.vn/" + "x" * 300
    put(
        store,
        {"resourceType": "Questionnaire", "id": "q1", "url": "http://forms.vn/q", "version": "1"},
        {"resourceType": "Questionnaire", "id": "q2", "url": "http://forms.vn/q", "version": "2"},
        {"resourceType": "Questionnaire", "id": "far", "url": long + "/a"},
        {"resourceType": "Questionnaire", "id": "farther", "url": long + "/b"},
        *(
            {"resourceType": "QuestionnaireResponse", "id": id, "questionnaire": canonical}
            for id, canonical in {
                "any": "http://forms.vn/q", "one": "http://forms.vn/q|1", "none": "http://forms.vn/q|3",
                "place": "http://forms.vn/q|2#part", "long": long + "/a",
            }.items()
        ),
    )  # fmt: skip
    return store


@pytest.mark.parametrize(
    ("answer", "questionnaires"),
    [("any", {"q1", "q2"}), ("one", {"q1"}), ("none", set()), ("place", {"q2"}), ("long", {"far"})],
)
def test_an_include_follows_a_canonical_to_the_version_it_names(
    forms: RecordStore, answer: str, questionnaires: set[str]
) -> None:
    asked = f"QuestionnaireResponse?_id={answer}&_include="
    expected = {f"Questionnaire/{id}" for id in questionnaires}
    for edge in ("QuestionnaireResponse:questionnaire", "QuestionnaireResponse:questionnaire:Questionnaire", "*"):
        assert brought(forms, asked + edge) == expected
    assert brought(forms, asked + "*", Visible(frozenset({"QuestionnaireResponse"}))) == set()
    assert brought(forms, asked + "QuestionnaireResponse:questionnaire:Measure") == set()


def test_a_revinclude_finds_the_canonicals_that_mean_a_record(forms: RecordStore) -> None:
    def answers(id: str, edge: str = "QuestionnaireResponse:questionnaire") -> set[str]:
        return {n.partition("/")[2] for n in brought(forms, f"Questionnaire?_id={id}&_revinclude={edge}")}

    assert answers("q1") == answers("q1", "*") == {"any", "one"}
    assert answers("far") == {"long"}
    assert answers("farther") == set()
