"""The queue of reviews, what is laid side by side, and what follows from each answer."""

from __future__ import annotations

import time
from typing import Any

import orjson
import pytest
from tests.identity.people import HANH, LAN, MAI, TAM, Office, observation, two
from tests.identity.test_arrive import CLIENT, patient

from hoso.access import Actor, Errand, Scopes
from hoso.core import Refused
from hoso.fhir.validate import validate
from hoso.identity.desk import Desk
from hoso.identity.review import Cause, task
from hoso.store.contract import Origin
from hoso.store.record_store import RecordStore

SEES = Scopes.parse("system/Patient.rs")


@pytest.fixture
def office(store: RecordStore) -> Office:
    return Office(store, population=1_000_000)


def filed(office: Office, cause: Cause, focus: str, *others: str, record: str = "") -> str:
    made = task(cause, focus, others, "2026-11-02T03:04:05.006Z", {"bits": 20.5}, record)

    def work(transaction: Any) -> None:
        desk = Desk(transaction, "node/test", office.records.clock)
        desk.add(made)
        desk.done()

    office.store.write(work, Origin("node/test", "SYSADMIN"))
    return str(made["id"])


def answer(office: Office, task: str, said: Any, other: str | None = None, actor: Any = LAN) -> Any:
    return office.steward.answer(Errand(actor, "HOPERAT"), task, said, other, "compared")


def status(office: Office, task: str) -> str:
    found = office.read("Task", task)
    assert validate(found) == []
    return str(found["status"])


def test_the_queue_gives_the_most_urgent_first_then_the_oldest_then_what_somebody_is_unsure_of(office: Office) -> None:
    a, b = two(office)
    causes: tuple[Cause, ...] = ("look-alike", "turned", "contradiction", "look-alike", "between-two")
    ids = [filed(office, cause, a, b) for cause in causes]
    answer(office, ids[1], "unsure")
    wanted = [ids[2], ids[4], ids[0], ids[3], ids[1]]
    whole = office.steward.queue(Errand(LAN, "HOPERAT"))
    assert [one.id for one in whole.reviews] == wanted and whole.cursor is None
    paged, cursor = [], None
    while True:
        page = office.steward.queue(Errand(LAN, "HOPERAT"), count=2, cursor=cursor)
        paged += [one.id for one in page.reviews]
        cursor = page.cursor
        if cursor is None:
            break
    assert paged == wanted
    assert {one.id for one in office.steward.queue(Errand(LAN, "HOPERAT"), "look-alike").reviews} == {ids[0], ids[3]}
    assert office.read("Task", ids[1])["note"][0]["text"] == "unsure: compared"
    with pytest.raises(Refused):
        office.steward.queue(Errand(LAN, "HOPERAT"), cursor="9.")


def test_a_review_lays_persons_their_records_and_contradictions_side_by_side(office: Office) -> None:
    a, b = two(office)
    blood = {"coding": [{"system": "http://loinc.org", "code": "883-9"}]}
    office.write(observation("o1", "a2", code=blood, valueCodeableConcept={"text": "Nhóm A"}))
    office.write(observation("o2", "b", code=blood, valueCodeableConcept={"text": "Nhóm O"}))
    review = office.steward.review(Errand(LAN, "HOPERAT"), filed(office, "look-alike", b, a, record="b"))
    assert review.focus is not None and review.focus.person == b and review.focus.code == office.code(b)
    assert [[r["id"] for r in side.records] for side in review.others] == [["a2", "a"]]
    assert review.record == "b" and review.evidence == {"bits": 20.5} and review.unseen == []
    told = {one.kind: one for one in review.contradictions}
    assert set(told) == {"blood-group", "sex", "birth"}
    assert told["blood-group"].values == ("A", "O")
    assert told["blood-group"].sources == ("Observation/o1", "Observation/o2")


def test_what_the_reviewer_may_not_read_is_said_to_be_unseen(office: Office) -> None:
    a, b = two(office)
    clerk = Actor("user/clerk", Scopes.parse("user/Patient.rs user/Task.rs"))
    review = office.steward.review(Errand(clerk, "HOPERAT"), filed(office, "look-alike", b, a))
    assert review.unseen == ["Observation", "Encounter"] and review.focus is not None
    with pytest.raises(Refused) as refused:
        answer(office, review.id, "different", actor=clerk)
    assert refused.value.status == 403


def test_the_same_merges_the_persons_and_closes_the_review(office: Office) -> None:
    a, b = two(office)
    id = filed(office, "look-alike", b, a)
    done = answer(office, id, "same")
    assert done.done and done.merged.survivor == a and office.groups() == [["a", "a2", "b"]]
    assert status(office, id) == "completed"
    assert office.codes.resolve(office.code(b)) == office.code(a)
    with pytest.raises(Refused) as refused:
        answer(office, id, "same")
    assert refused.value.status == 409


def test_the_same_of_two_with_clinical_data_waits_for_a_second_person(office: Office) -> None:
    a, b = two(office)
    for id in ("a", "b"):
        office.write(observation(f"o-{id}", id))
    waiting = answer(office, filed(office, "look-alike", b, a), "same").merged.waiting
    (review,) = office.steward.queue(Errand(MAI, "HOPERAT")).reviews
    assert review.id == waiting and review.cause == "two-persons" and review.proposer == LAN.id
    with pytest.raises(Refused) as refused:
        answer(office, waiting, "same")
    assert refused.value.issues[0].key == "identity.second-person"
    assert answer(office, waiting, "same", actor=MAI).merged.waiting == ""
    assert office.groups() == [["a", "a2", "b"]] and status(office, waiting) == "completed"


def test_a_second_person_may_also_find_that_they_are_different(office: Office) -> None:
    a, b = two(office)
    for id in ("a", "b"):
        office.write(observation(f"o-{id}", id))
    waiting = office.merge(a, b).waiting
    assert answer(office, waiting, "different", actor=MAI).done
    with pytest.raises(Refused):
        office.merge(a, b)


def test_one_of_several_must_be_named_and_the_others_can_be_ruled_out_one_by_one(office: Office) -> None:
    a, b = two(office)
    office.put(patient("c", name="Trần Thị Bé", born="1961-01-09"))
    c = office.person("c")
    id = filed(office, "between-two", c, a, b)
    for other in (None, c):
        with pytest.raises(Refused) as refused:
            answer(office, id, "same", other)
        assert refused.value.status == 422
    assert not answer(office, id, "different", a).done and status(office, id) == "requested"
    assert answer(office, id, "same", b).done
    assert office.groups() == [["a", "a2"], ["b", "c"]]
    assert office.steward.review(Errand(LAN, "HOPERAT"), id).answers == [("different", a), ("same", b)]


def test_a_newcomer_who_looks_like_two_that_are_different_is_a_review_and_never_a_bridge(office: Office) -> None:
    phone = "0912345678"
    office.put(patient("a", **HANH, phone=phone))
    office.put(patient("b", **HANH | {"number": "001184009999"}, phone=phone))
    a, b = office.person("a"), office.person("b")
    assert a != b
    office.steward.different(Errand(LAN, "HOPERAT"), a, b, "twins")
    office.put(patient("a2", **HANH))
    office.put(patient("c", **HANH | {"number": ""}, phone=phone))
    assert office.groups() == [["a", "a2"], ["b"], ["c"]]
    (review,) = [one for one in office.steward.queue(Errand(LAN, "HOPERAT")).reviews if one.record == "c"]
    assert {side.person for side in review.others} == {a, b}
    office.merge("c", "a")
    with pytest.raises(Refused):
        office.merge("c", "b")


def test_after_an_unmerge_documents_and_readers_are_for_humans_to_look_at(office: Office) -> None:
    _, b = two(office)
    office.write({**letter("before", "b")})
    office.merge("a", "b")
    for id, subject in (("letter", "a"), ("letter-2", "b")):
        office.write(letter(id, subject))
    office.write(observation("o", "a"))
    parted = office.unmerge(b)
    reviews = {one.id: one for one in office.steward.queue(Errand(LAN, "HOPERAT")).reviews}
    assert set(parted.tasks) == set(reviews)
    documents = {one.document for one in reviews.values() if one.cause == "mixed-document"}
    assert documents == {"DocumentReference/letter", "DocumentReference/letter-2"}
    (record,) = [one for one in reviews.values() if one.cause == "mixed-record"]
    (writer,) = [one for one in record.evidence["writers"] if one["actor"] == CLIENT.id]
    assert writer["changes"] == 3
    for id in reviews:
        assert validate(office.read("Task", id)) == []
        assert answer(office, id, "same").done
    assert office.steward.queue(Errand(LAN, "HOPERAT")).reviews == []


def letter(id: str, subject: str) -> dict[str, Any]:
    return {
        "resourceType": "DocumentReference", "id": id, "status": "current",
        "subject": {"reference": f"Patient/{subject}"},
        "content": [{"attachment": {"contentType": "text/plain", "data": "aGk="}}],
    }  # fmt: skip


def test_who_read_a_mixed_record_is_listed(office: Office) -> None:
    """Of either record and by any call, while they were one; what was refused, and others' records, are not read."""
    doctor, nurse, late = (Errand(Actor(f"user/{n}", SEES), "TREAT") for n in ("doctor", "nurse", "late"))
    _, b = two(office)
    office.records.read(late, "Patient", "a")
    time.sleep(0.01)
    office.merge("a", "b")
    office.put(patient("z", "Lê Thị Chín", "1999-01-01"))
    office.records.read(doctor, "Patient", "b")
    list(office.records.everything(nurse, office.person("a")))
    office.records.read(late, "Patient", "z")
    with pytest.raises(Refused):
        office.records.read(late, "Observation", "o")
    office.unmerge(b)
    (record,) = [one for one in office.steward.queue(Errand(LAN, "HOPERAT")).reviews if one.cause == "mixed-record"]
    assert [one for one in record.evidence["readers"] if one.startswith("user/d") or one.startswith("user/n")] == [
        "user/doctor", "user/nurse",
    ]  # fmt: skip
    assert "user/late" not in record.evidence["readers"]


def test_what_came_to_a_wrong_merge_is_proposed_to_the_restored_and_moved_by_a_human(office: Office) -> None:
    two(office)
    b = office.person("b")
    office.merge("a", "b")
    office.put(patient("b2", **TAM))
    office.put(patient("a3", **HANH))
    assert office.groups() == [["a", "a2", "a3", "b", "b2"]]
    office.unmerge(b)
    assert office.groups() == [["a", "a2", "a3", "b2"], ["b"]], "nothing is moved by itself"
    (stray,) = [one for one in office.steward.queue(Errand(LAN, "HOPERAT")).reviews if one.cause == "stray"]
    assert stray.record == "b2" and [side.person for side in stray.others] == [b]
    assert answer(office, stray.id, "same").done
    assert office.groups() == [["a", "a2", "a3"], ["b", "b2"]]


def test_the_neighbours_of_a_split_are_looked_at_again(office: Office) -> None:
    office.put(patient("a", **HANH))
    office.put(patient("x", **TAM))
    office.put(patient("x2", **TAM | {"number": ""}, phone="0987654321"))
    office.merge("a", "x")
    office.merge("a", "x2")
    split = office.split("a", "x")
    assert office.groups() == [["a", "x2"], ["x"]]
    strays = [one for one in office.steward.queue(Errand(LAN, "HOPERAT")).reviews if one.cause == "stray"]
    assert [one.record for one in strays] == ["x2"] and strays[0].id in split.tasks


def test_a_blind_sample_of_automatic_links_measures_how_often_they_are_wrong(office: Office) -> None:
    for n, name in enumerate(("Lê Văn Tám", "Trần Văn Chín", "Hồ Văn Mười")):
        for visit in range(3):
            office.put(patient(f"p{n}v{visit}", name, f"195{n}-07-02", "male", f"00105{n}00999{n}"))
    links = [event for event in office.all("Linkage") if "certain" in orjson.dumps(event).decode()]
    drawn = office.steward.sample(Errand(LAN, "HOPERAT"), 4, "2026-01-01T00:00:00Z", 7)
    assert len(drawn) == 4 and len(links) == 6
    assert set(office.steward.sample(Errand(LAN, "HOPERAT"), 100, "2026-01-01T00:00:00Z", 7)).isdisjoint(drawn)
    review = office.steward.review(Errand(LAN, "HOPERAT"), drawn[0])
    assert (
        review.evidence == {}
        and review.focus is not None
        and [r["id"] for r in review.focus.records] == [review.record]
    )
    assert review.record not in {r["id"] for r in review.others[0].records}
    for id in drawn[:2]:
        answer(office, id, "same")
    wrong = answer(office, drawn[2], "different")
    assert wrong.parted.records == [office.steward.review(Errand(LAN, "HOPERAT"), drawn[2]).record]
    answer(office, drawn[3], "unsure")
    rate = office.steward.error_rate(Errand(LAN, "HOPERAT"), "2026-01-01")
    assert (rate.looked, rate.wrong) == (3, 1) and 0.06 < rate.low < 1 / 3 < rate.high < 0.8
    assert sum(week.looked for week in rate.weeks) == 3


def test_the_watch_files_each_contradiction_once(office: Office) -> None:
    a, _ = two(office)
    office.merge("a", "b")
    filed = office.steward.watch(Errand(LAN, "HOPERAT"))
    reviews = [one for one in office.steward.queue(Errand(LAN, "HOPERAT")).reviews if one.cause == "contradiction"]
    assert {one.id for one in reviews} == set(filed) and all(one.focus.person == a for one in reviews if one.focus)
    assert {one.evidence["kind"] for one in reviews} == {"sex", "birth"}
    assert {one.kind for one in office.steward.contradictions(Errand(LAN, "HOPERAT"), "b")} == {"sex", "birth"}
    assert office.steward.watch(Errand(LAN, "HOPERAT")) == []
    answer(office, reviews[0].id, "same")
    assert office.steward.watch(Errand(LAN, "HOPERAT")) == []
