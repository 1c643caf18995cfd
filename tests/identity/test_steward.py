"""What stewards decide: merge and its undoing, split and statements, with four eyes where clinical data is at stake."""

from __future__ import annotations

import pytest
from tests.identity.people import HANH, LAN, MAI, TAM, WHY, Office, observation, two
from tests.identity.test_arrive import patient

from hoso.access import Errand
from hoso.access.audit.event import read
from hoso.core import Refused
from hoso.fhir.validate import validate
from hoso.store.record_store import RecordStore


@pytest.fixture
def office(store: RecordStore) -> Office:
    return Office(store)


def test_a_merge_makes_one_person_of_two_and_the_older_keeps_its_code(office: Office) -> None:
    elder, younger = two(office)
    codes = office.code(elder), office.code(younger)
    merged = office.merge("b", "a")
    assert (merged.survivor, merged.other, merged.waiting) == (elder, younger, "")
    assert office.groups() == [["a", "a2", "b"]]
    gone = office.read("Patient", younger)
    assert not gone["active"] and gone["link"] == [{"other": {"reference": f"Patient/{elder}"}, "type": "replaced-by"}]
    assert office.codes.resolve(codes[1]) == codes[0]


def test_a_preview_shows_the_person_that_a_merge_would_make_and_writes_nothing(office: Office) -> None:
    two(office)
    before = office.persons(), office.all("Linkage")
    preview = office.steward.preview(Errand(LAN, "HOPERAT"), "a", "b")
    assert (office.persons(), office.all("Linkage")) == before
    office.merge("a", "b")
    made = office.read("Patient", preview.survivor)
    assert {**made, "meta": {"tag": made["meta"]["tag"]}} == preview.preview


def test_a_newcomer_with_the_code_of_a_person_merged_away_comes_to_the_survivor(office: Office) -> None:
    _, younger = two(office)
    office.put(patient("c", name="Trần Thị Bé", born="1961-01-09"))
    code = office.code(younger)
    office.merge("b", "c")
    office.merge("a", "b")
    office.put(
        patient("d", **TAM | {"number": ""}, identifier=[{"system": "https://hoso.vn/sid/citizen-code", "value": code}])
    )
    assert office.groups() == [["a", "a2", "b", "c", "d"]]


def test_two_persons_with_clinical_data_need_four_eyes(office: Office) -> None:
    elder, _ = two(office)
    for id in ("a", "b"):
        office.write(observation(f"o-{id}", id))
    waiting = office.merge("a", "b").waiting
    assert waiting and office.groups() == [["a", "a2"], ["b"]]
    task = office.read("Task", waiting)
    assert task["requester"] == {"display": LAN.id} and task["note"][0]["text"] == WHY
    assert office.merge("b", "a").waiting == waiting, "the same eyes again"
    assert office.merge("b", "a", MAI).waiting == ""
    assert office.groups() == [["a", "a2", "b"]]
    done = office.read("Task", waiting)
    assert done["status"] == "completed" and done["note"][-1]["authorString"] == MAI.id
    assert [len(validate(office.read("Task", waiting)))] == [0]
    assert {o["id"] for o in office.all(f"Observation?patient={elder}")} == {"o-a", "o-b"}


def test_an_unmerge_gives_everything_back(office: Office) -> None:
    elder, younger = two(office)
    codes = office.code(elder), office.code(younger)
    before = office.persons()
    office.merge("a", "b")
    office.put(patient("a3", **HANH))
    parted = office.unmerge(younger)
    assert (parted.restored, parted.survivor, parted.records) == (younger, elder, ["b"])
    assert office.groups() == [["a", "a2", "a3"], ["b"]]
    assert [office.codes.resolve(code) for code in codes] == list(codes)
    (now,) = (p for p in office.persons() if p["id"] == younger)
    assert {**now, "meta": 0} == {**next(p for p in before if p["id"] == younger), "meta": 0}
    with pytest.raises(Refused) as refused:
        office.merge("a", "b")
    event = refused.value.issues[0].values["event"]
    assert office.all(f"Linkage?_id={event}"), "the refusal names the event"


def test_merges_are_undone_one_by_one_in_any_order(office: Office) -> None:
    two(office)
    office.put(patient("c", name="Trần Thị Bé", born="1961-01-09"))
    b, c = office.person("b"), office.person("c")
    office.merge("b", "c")
    office.merge("a", "b")
    assert office.groups() == [["a", "a2", "b", "c"]]
    assert office.unmerge("a").restored == b, "the last merge of the person that all of them are now"
    assert office.groups() == [["a", "a2"], ["b", "c"]]
    assert office.unmerge(c).survivor == b
    assert office.groups() == [["a", "a2"], ["b"], ["c"]]
    for one, other in (("a", "b"), ("b", "c"), ("a", "c")):
        office.steward.same(Errand(LAN, "HOPERAT"), one, other, WHY)
    office.merge("c", "b")
    office.merge("b", "a")
    assert office.unmerge(c).restored == c, "the inner one first"
    assert office.groups() == [["a", "a2", "b"], ["c"]]
    assert office.unmerge(b).records == ["b"]
    assert office.groups() == [["a", "a2"], ["b"], ["c"]]
    with pytest.raises(Refused):
        office.unmerge("a")


def test_a_split_makes_a_person_of_the_records_chosen(office: Office) -> None:
    elder, _ = two(office)
    parted = office.split("a", "a2")
    assert parted.survivor == elder and parted.records == ["a2"]
    assert office.groups() == [["a"], ["a2"], ["b"]]
    assert office.code(parted.restored) != office.code(elder)
    with pytest.raises(Refused):
        office.merge("a", "a2")


def test_a_split_of_what_came_by_a_merge_brings_the_earlier_code_back(office: Office) -> None:
    _, younger = two(office)
    code = office.code(younger)
    office.merge("a", "b")
    parted = office.split("a", "b")
    assert parted.restored == younger and office.code(younger) == code == office.codes.resolve(code)
    assert office.groups() == [["a", "a2"], ["b"]]


@pytest.mark.parametrize(("records", "status"), [((), 422), (("a", "a2"), 422), (("b",), 422), (("nobody",), 422)])
def test_a_split_must_choose_some_of_the_persons_own_records(
    office: Office, records: tuple[str, ...], status: int
) -> None:
    two(office)
    with pytest.raises(Refused) as refused:
        office.split("a", *records)
    assert refused.value.status == status and office.groups() == [["a", "a2"], ["b"]]


def test_what_cannot_be_is_refused(office: Office) -> None:
    two(office)
    for work, status in (
        (lambda: office.merge("a", "a2"), 409),
        (lambda: office.merge("a", "nobody"), 404),
        (lambda: office.unmerge("a"), 409),
        (lambda: office.unmerge("nobody"), 404),
        (lambda: office.steward.merge(Errand(LAN, "HOPERAT"), "a", "b", " "), 422),
    ):
        with pytest.raises(Refused) as refused:
            work()
        assert refused.value.status == status


def test_different_holds_for_whoever_the_two_become(office: Office) -> None:
    two(office)
    office.put(patient("c", name="Trần Thị Bé", born="1961-01-09"))
    office.steward.different(Errand(LAN, "HOPERAT"), "b", "c", WHY)
    office.merge("a", "b")
    with pytest.raises(Refused) as refused:
        office.merge("c", "a")
    assert refused.value.status == 409
    office.steward.same(Errand(LAN, "HOPERAT"), "c", "a", WHY)
    office.merge("c", "a")
    assert office.groups() == [["a", "a2", "b", "c"]]


def test_the_history_of_a_person_tells_who_decided_what(office: Office) -> None:
    _, younger = two(office)
    office.merge("a", "b")
    office.unmerge(younger)
    told = [(known.event.kind, known.event.actor) for known in office.steward.history(Errand(LAN, "HOPERAT"), younger)]
    assert told == [("different", LAN.id), ("unmerge", LAN.id), ("merge", LAN.id), ("link", "client/his")]


def test_a_look_is_in_the_log_of_those_who_were_looked_at(office: Office) -> None:
    two(office)
    people = office.store.people
    persons = {people.rids([office.person(id)])[office.person(id)] for id in ("a", "b")}
    looked = Errand(LAN, "HOPERAT", request="look")
    assert office.steward.preview(looked, "a", "b").survivor == office.person("a")
    assert office.steward.history(looked, "b") and office.steward.contradictions(looked, "a") == []
    everybody = {*persons, *(record for _, record in people.members(persons))}
    mine = [event for text in office.store.told(everybody) if (event := read(text)).request == "look"]
    assert {event.what for event in mine} >= {"Patient/a Patient/b", "Patient/b"}
    of_preview = {event.patient for event in mine if event.what == "Patient/a Patient/b"}
    assert of_preview == {people.rids([id])[id] for id in ("a", "a2", "b")}
