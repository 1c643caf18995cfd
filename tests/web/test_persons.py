"""A person's pages show the union over its records, before and after every link event, and no clinical row changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from tests.identity.test_arrive import CLIENT, Node, patient
from tests.web import people

from hoso.access import Errand
from hoso.care import EmergencyCard, emergency_card
from hoso.core import citizen_code, system_clock
from hoso.fhir.search import parse
from hoso.identity.desk import Desk
from hoso.store.record_store import RecordStore
from hoso.web import door
from hoso.web.box import Asked
from hoso.web.persons import Person
from hoso.web.roles import actor

Resource = dict[str, Any]
SNOMED, LOINC = "http://snomed.info/sct", "http://loinc.org"
ACTIVE = {"coding": [{"system": people.ALLERGY_CLINICAL, "code": "active"}]}


@pytest.fixture
def node(store: RecordStore) -> Node:
    return Node(store, population=1_000_000)


def reach(node: Node, role: str = "doctor") -> door.Door:
    return door.Door(node.records, Errand(actor("mai", role, people.STATION_CODE, assurance="single"), "TREAT"))


def person(node: Node, id: str) -> Person:
    found = reach(node).persons.find(reach(node).persons.homes([id])[id])
    assert isinstance(found, Person)
    return found


def card(node: Node, id: str) -> EmergencyCard:
    here, of = reach(node), person(node, id)
    sources = here.persons.sources(of)
    resources, refused = here.card(of, sources)
    return emergency_card(
        of.patient, resources, here.today, refused, sources=sources.patients, young=sources.young
    )  # fmt: skip


def put(node: Node, *resources: Resource) -> None:
    for one in resources:
        node.records.update(Errand(CLIENT, "TREAT"), one["resourceType"], one["id"], orjson.dumps(one))
        if one["resourceType"] == "Patient":
            cared = people.roster([one["id"]], f"roster-{one['id']}")
            node.records.update(Errand(CLIENT, "TREAT"), "Group", cared["id"], orjson.dumps(cared))


def clinical(of: str) -> list[Resource]:
    """What two facilities know of one of their patients, told apart by the patient's id."""
    subject = {"reference": f"Patient/{of}"}
    device = {"resourceType": "Device", "id": f"device-{of}", "patient": subject, "type": {"text": f"Máy {of}"}}
    return [
        {"resourceType": "AllergyIntolerance", "id": f"allergy-{of}", "patient": subject,
         "clinicalStatus": ACTIVE, "code": {"text": f"Thuốc {of}"}, "recordedDate": "2026-01-01"},
        {"resourceType": "Condition", "id": f"condition-{of}", "subject": subject, "code": {"text": f"Bệnh {of}"}},
        {"resourceType": "Observation", "id": f"blood-{of}", "subject": subject, "status": "final",
         "code": {"coding": [{"system": LOINC, "code": "882-1"}]}, "valueString": "A Rh+" if of == "a" else "O Rh+"},
        {"resourceType": "Encounter", "id": f"encounter-{of}", "subject": subject, "status": "finished",
         "class": {"code": "AMB"}, "period": {"start": "2026-02-03"}, "serviceProvider": {"display": f"Cơ sở {of}"}},
        {"resourceType": "MedicationRequest", "id": f"medicine-{of}", "subject": subject, "status": "active",
         "intent": "order", "medicationCodeableConcept": {"text": f"Viên {of}"}, "authoredOn": "2026-10-01"},
        device,
    ]  # fmt: skip


CLINICAL = ("AllergyIntolerance", "Condition", "Observation", "Encounter", "MedicationRequest", "Device")


def rows(node: Node) -> set[tuple[str, str, bytes]]:
    """Every clinical record with its version and text."""
    found = set()
    for type in CLINICAL:
        for v in node.records.search(Errand(CLIENT, "TREAT"), parse(type, [("_count", "1000")])).matches:
            found.add((f"{type}/{v.id}", v.version, v.body))
    return found


def lines(card: EmergencyCard) -> set[str]:
    return {
        *(a.substance for a in card.allergies.items),
        *(p.name for p in card.problems.items),
        *(m.name for m in (*card.medicines.active, *card.medicines.possible)),
        *(v.facility for v in card.visits.items),
        *(m.value for m in card.blood_group.values),
    }


def of(node: Node, ids: Iterable[str]) -> None:
    """The card, every search and `$everything` of the person with these records say what its records say, together."""
    ids = sorted(ids)
    golden = person(node, ids[0]).id
    assert person(node, ids[0]).records == tuple(ids)
    alone = {
        line
        for id in ids
        for line in (f"Thuốc {id}", f"Bệnh {id}", f"Viên {id}", f"Cơ sở {id}", "A Rh+" if id == "a" else "O Rh+")
    }
    assert lines(card(node, ids[0])) == alone
    for type in CLINICAL:
        assert {r["id"] for r in node.all(f"{type}?patient={golden}")} == {
            r["id"] for id in ids for r in node.all(f"{type}?patient={id}")
        }
    whole = {f"{v.type}/{v.id}" for v in node.records.everything(Errand(CLIENT, "TREAT"), golden)}
    parts = {f"{v.type}/{v.id}" for id in ids for v in node.records.everything(Errand(CLIENT, "TREAT"), id)}
    assert {key for key in whole if not key.startswith(("Patient/", "Linkage/", "Task/"))} == {
        key for key in parts if not key.startswith(("Patient/", "Linkage/", "Task/"))
    }
    resources, _ = reach(node).timeline(person(node, ids[0]), None, None, 100)
    assert {r["id"] for r in resources} >= {f"encounter-{id}" for id in ids}


def decide(node: Node, work: Callable[[Desk], Any]) -> Any:
    def whole(transaction: Any) -> Any:
        desk = Desk(transaction, "user/steward", system_clock)
        result = work(desk)
        desk.done()
        return result

    return node.records.transact(Errand(CLIENT, "TREAT"), [("u", "Patient")], whole)


def test_what_a_person_shows_is_the_union_before_and_after_every_link_event(node: Node) -> None:
    put(node, patient("a", "Trần Thị Mai", "1951-02-03"), patient("b", "Lê Văn Sáu", "1963-05-06", "male"))
    put(node, patient("c", "Đỗ Thị Bé", "1972-08-09"), *clinical("a"), *clinical("b"), *clinical("c"))
    before = rows(node)
    for id in "abc":
        of(node, [id])
    rid = {id: node.records.people(Errand(CLIENT, "TREAT")).rids([id, person(node, id).id]) for id in "abc"}
    home = {id: rid[id][person(node, id).id] for id in "abc"}

    decide(node, lambda desk: desk.merge(home["a"], home["b"], "cùng người"))
    of(node, ["a", "b"])
    of(node, ["c"])
    decide(node, lambda desk: desk.link([rid["c"]["c"]], home["a"], {}, "cùng người"))
    of(node, ["a", "b", "c"])
    decide(node, lambda desk: desk.unlink([rid["c"]["c"]], "không phải"))
    of(node, ["a", "b"])
    decide(node, lambda desk: desk.link([rid["c"]["c"]], home["c"], {}, "về chỗ cũ"))
    of(node, ["c"])
    decide(node, lambda desk: desk.unmerge(home["b"], home["a"], [rid["b"]["b"]], "hai người"))
    of(node, ["a"])
    of(node, ["b"])
    decide(node, lambda desk: desk.link([rid["c"]["c"]], home["b"], {}, "cùng người"))
    code = citizen_code.make(99_999)
    decide(node, lambda desk: desk.split(home["b"], [rid["c"]["c"]], code, "hai người"))
    of(node, ["b"])
    of(node, ["c"])
    assert rows(node) == before


def test_a_record_and_a_merged_person_lead_to_the_person(node: Node) -> None:
    put(node, patient("a", "Trần Thị Mai", "1951-02-03"), patient("b", "Lê Văn Sáu", "1963-05-06", "male"))
    people = node.records.people(Errand(CLIENT, "TREAT"))
    first, second = person(node, "a"), person(node, "b")
    assert reach(node).persons.find("a") == first.id
    rids = people.rids([first.id, second.id])
    decide(node, lambda desk: desk.merge(rids[first.id], rids[second.id], "cùng người"))
    assert reach(node).persons.find(second.id) == first.id
    assert reach(node).persons.find("b") == first.id
    assert reach(node).persons.find("nobody") is None
    found = reach(node).find(Asked(numbers=(second.patient["identifier"][0]["value"],)))
    assert [hit.person["id"] for hit in found.people] == [first.id]


def test_the_box_shows_one_row_for_a_person_of_several_records(node: Node) -> None:
    number = "001151004711"
    put(node, patient("a", "Trần Thị Mai", "1951-02-03", number=number, phone="0912345678"))
    put(node, patient("b", "TRAN THI MAI", "1951-02-03", number=number, phone="0987654321"))
    for asked in (
        Asked(numbers=(number,)),
        Asked(phones=("0987654321",)),
        Asked(name="tran thi mai"),
        Asked(name="Trần Thị", born="1951"),
    ):
        (hit,) = reach(node).find(asked).people
        assert hit.person["id"] == person(node, "a").id and hit.records
    assert hit.person["name"][0]["text"] == "Trần Thị Mai"
    put(node, patient("c", "Trần Thị Mai", "1980-07-07"))
    assert len(reach(node).find(Asked(name="Trần Thị Mai")).people) == 2
    assert reach(node).namesakes(person(node, "a")) == 1


def test_lines_of_a_young_link_say_which_record_they_came_from(node: Node) -> None:
    number, facility = "001151004711", {"managingOrganization": {"display": "Trạm Y tế xã Gia Viễn"}}
    paper = [{"system": "https://hoso.vn/sid/facility/37001/patient", "value": "00417"}]
    put(node, patient("a", "Trần Thị Mai", "1951-02-03", number=number), *clinical("a"))
    second = patient("b", "Trần Thị Mai", "1951-02-03", number=number, **facility)
    put(node, second | {"identifier": [*second["identifier"], *paper]}, *clinical("b"))
    shown = {a.substance: a.source.origin for a in card(node, "a").allergies.items}
    assert shown["Thuốc a"] is None
    origin = shown["Thuốc b"]
    assert origin is not None and (origin.number, origin.facility) == ("00417", "Trạm Y tế xã Gia Viễn")
    assert origin.since > "2020"
    assert reach(node, "pharmacist").persons.sources(person(node, "a")).young == {"b": origin.since}


def test_what_sources_contradict_each_other_in_is_shown(node: Node) -> None:
    number = "001151004711"
    put(node, patient("a", "Trần Thị Mai", "1951-02-03", number=number), *clinical("a"))
    put(node, patient("b", "Trần Thị Mai", "1951-03-02", number=number, sex="male"))
    none = {"coding": [{"system": SNOMED, "code": "716186003"}]}
    put(node, {"resourceType": "AllergyIntolerance", "id": "none", "patient": {"reference": "Patient/b"},
               "clinicalStatus": ACTIVE, "code": none})  # fmt: skip
    blood = {"coding": [{"system": LOINC, "code": "883-9"}]}
    put(node, {"resourceType": "Observation", "id": "abo", "subject": {"reference": "Patient/b"}, "status": "final",
               "code": blood, "valueString": "O"})  # fmt: skip
    golden = person(node, "a").id
    if person(node, "b").id != golden:
        rids = node.records.people(Errand(CLIENT, "TREAT")).rids([golden, person(node, "b").id])
        decide(node, lambda desk: desk.merge(rids[golden], rids[person(node, "b").id], "cùng người"))
    shown = card(node, "a")
    assert {d.kind: {s.value for s in d.said} for d in shown.differences} == {
        "sex": {"male", "female"},
        "birth": {"1951-02-03", "1951-03-02"},
    }
    assert shown.blood_group.conflicting and {m.value for m in shown.blood_group.values} == {"A Rh+", "O"}
    assert len(shown.allergies.denied) == 1
    assert replace(shown, differences=()).allergies.items


def test_a_record_without_a_person_stands_for_itself(node: Node) -> None:
    node.records._arrivals = None
    put(node, patient("a", "Trần Thị Mai", "1951-02-03"), *clinical("a"))
    assert person(node, "a").id == "a"
    assert lines(card(node, "a")) >= {"Thuốc a", "Viên a"}
    assert [hit.person["id"] for hit in reach(node).find(Asked(name="Trần Thị Mai")).people] == ["a"]
