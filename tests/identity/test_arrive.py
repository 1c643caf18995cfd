"""What becomes of Patients that arrive: one person each, however often, from wherever and in whatever order."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

import orjson
import pytest
from tests.store.checks import settled

from hoso.access import Actor, Draft, Errand, Records, Scopes
from hoso.core import Refused, citizen_code, system_clock
from hoso.fhir.search import parse
from hoso.fhir.validate import validate
from hoso.identity.arrive import Arrivals
from hoso.identity.ledger import read, replay
from hoso.identity.match.decide import Policy
from hoso.identity.match.weights import default_model
from hoso.identity.matching import Matching
from hoso.store.record_store import RecordStore

CLIENT = Actor("client/his", Scopes.parse("system/*.cruds"))
NATIONAL = "http://fhir.ehealth.gov.vn/core/sid/national_id"


def codes() -> Callable[[int], list[str]]:
    numbers = count(1)
    return lambda number: [citizen_code.make(next(numbers)) for _ in range(number)]


class Node:
    """Records with identity at the door, and what one asks about persons."""

    def __init__(self, store: RecordStore, population: int = 0) -> None:
        self.store = store
        self.matching = Matching(default_model(), Policy(), system_clock)
        if population:
            self.matching._counted = (1 << 60, population)
        self.records = Records(store, system_clock, Arrivals(self.matching, codes(), system_clock))

    def put(self, patient: dict[str, Any]) -> None:
        self.records.update(Errand(CLIENT, "TREAT"), "Patient", patient["id"], orjson.dumps(patient))

    def all(self, query: str) -> list[dict[str, Any]]:
        type, _, rest = query.partition("?")
        pairs = [(k, v) for k, _, v in (part.partition("=") for part in rest.split("&") if part)]
        found = self.records.search(Errand(CLIENT, "TREAT"), parse(type, [*pairs, ("_count", "1000")]))
        return [orjson.loads(version.body) for version in found.matches]

    def persons(self) -> list[dict[str, Any]]:
        return self.all("Patient?_tag=https://hoso.vn/CodeSystem/record-kind|person")

    def groups(self) -> list[list[str]]:
        """The records of each person."""
        groups = [[link["other"]["reference"].removeprefix("Patient/") for link in person.get("link", ())
                   if link["type"] == "seealso"] for person in self.persons() if person["active"]]  # fmt: skip
        return sorted(sorted(group) for group in groups if group)

    def reviews(self) -> list[str]:
        return [task["code"]["coding"][0]["code"] for task in self.all("Task?status=requested")]


@pytest.fixture
def node(store: RecordStore) -> Node:
    return Node(store)


def patient(id: str, name: str = "Nguyễn Thị Minh Hạnh", born: str | None = "1984-03-17", sex: str = "female",
            number: str = "", phone: str = "", **more: Any) -> dict[str, Any]:  # fmt: skip
    made: dict[str, Any] = {"resourceType": "Patient", "id": id, "name": [{"text": name}], "gender": sex, **more}
    if born:
        made["birthDate"] = born
    if number:
        made["identifier"] = [{"system": NATIONAL, "value": number}]
    if phone:
        made["telecom"] = [{"system": "phone", "value": phone}]
    return made


NUMBER, PHONE = "001184004711", "0912345678"


def test_a_newcomer_is_a_new_person_under_a_code(node: Node) -> None:
    node.put(patient("a", number=NUMBER))
    (person,) = node.persons()
    code = person["identifier"][0]
    assert citizen_code.is_valid(code["value"]) and code["system"] == citizen_code.SYSTEM
    assert person["link"] == [{"other": {"reference": "Patient/a"}, "type": "seealso"}]
    assert person["name"][0]["text"] == "Nguyễn Thị Minh Hạnh" and person["birthDate"] == "1984-03-17"
    assert [p["id"] for p in node.all(f"Patient?identifier={code['value']}")] == [person["id"]]
    assert [p["id"] for p in node.all("Patient?link=Patient/a")] == [person["id"]]


def test_everything_that_identity_writes_is_valid(node: Node) -> None:
    node.put(patient("a", number=NUMBER, phone=PHONE))
    node.put(patient("b", number=NUMBER))
    node.put(patient("c", name="Nguyễn Thị Minh Hạnh", phone=PHONE))
    for query in ("Patient?_tag=person", "Linkage", "Task"):
        for resource in node.all(query):
            assert validate(resource) == []


def test_a_facility_finds_its_own_record_and_no_person(node: Node) -> None:
    node.put(patient("a", number=NUMBER))
    assert [p["id"] for p in node.all(f"Patient?identifier={NUMBER}")] == ["a"]
    assert [p["id"] for p in node.all("Patient?name=nguyen")] == ["a"]
    assert [p["id"] for p in node.all("Patient")] == ["a"]


def test_the_same_number_and_name_at_two_facilities_are_one_person(node: Node) -> None:
    node.put(patient("a", number=NUMBER))
    node.put(patient("b", name="NGUYEN THI MINH HANH", number=NUMBER))
    assert node.groups() == [["a", "b"]]
    assert node.reviews() == []


def test_a_name_and_a_birth_date_alone_link_nobody(node: Node) -> None:
    node.put(patient("a"))
    node.put(patient("b"))
    assert node.groups() == [["a"], ["b"]]


def test_a_look_alike_stands_alone_and_waits_for_a_human(store: RecordStore) -> None:
    node = Node(store, population=1_000_000)
    node.put(patient("a", number=NUMBER))
    node.put(patient("b"))
    assert node.groups() == [["a"], ["b"]]
    (review,) = node.all("Task?status=requested")
    assert review["code"]["coding"][0]["code"] == "look-alike"
    evidence = orjson.loads(review["input"][-1]["valueString"])
    assert evidence["candidates"][0]["fields"]["given"] > 0 and evidence["model"] == node.matching.model.version


def test_fifty_counters_that_register_one_newcomer_make_one_person(node: Node) -> None:
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: node.put(patient(f"r{n}", number=NUMBER, phone=PHONE)), range(50)))
    assert node.groups() == [sorted(f"r{n}" for n in range(50))]


def crowd(seed: int) -> list[dict[str, Any]]:
    """Families whose members come several times, each time with other papers."""
    draw = random.Random(seed)
    found = []
    for home in range(8):
        phone = f"09{home:08d}"
        for sex, given, year in (("male", "Văn Hùng", 1975), ("female", "Thị Lan", 1978), ("male", "Đức Anh", 2004)):
            digit = {"male": 0, "female": 1}[sex] + (2 if year >= 2000 else 0)
            number = f"001{digit}{year % 100:02d}{home:03d}{draw.randrange(1000):03d}"
            name = f"{('Phạm', 'Trần', 'Lê', 'Đỗ', 'Bùi', 'Ngô', 'Lý', 'Hồ')[home]} {given}"
            for visit in range(3):
                some = {"number": number} if visit != 1 else {"phone": phone}
                if visit == 2:
                    some["phone"] = phone
                found.append(
                    patient(f"h{home}{sex[0]}{year}v{visit}", name, f"{year}-0{home + 1}-1{home}", sex, **some)
                )
    return found


def test_the_order_of_arrival_makes_no_difference(make_store: Callable[[str], RecordStore]) -> None:
    results = []
    for seed in range(3):
        node = Node(make_store("sqlite"), population=1_000_000)
        people = crowd(7)
        random.Random(seed).shuffle(people)
        for one in people:
            node.put(one)
        results.append(node.groups())
    assert results[0] == results[1] == results[2]
    assert all(len({id[:-2] for id in group}) == 1 for group in results[0])


def test_the_ledger_replayed_is_the_projection(node: Node) -> None:
    for one in crowd(3)[:12]:
        node.put(one)
    node.records.delete(Errand(CLIENT, "TREAT"), "Patient", "h0m1975v0")
    changes = [c.version for c in settled(node.store) if c.version.type == "Linkage"]
    state, _ = replay(event for v in changes if (event := read(orjson.loads(v.body))))
    persons = {person["id"] for person in node.persons()}
    groups = [[r for r, p in state.items() if p == person and r not in persons] for person in set(state.values())]
    assert sorted(map(sorted, groups)) == node.groups()


def test_a_record_that_becomes_somebody_else_leaves_its_person(node: Node) -> None:
    node.put(patient("a", number=NUMBER))
    node.put(patient("b", number=NUMBER))
    node.put(patient("b", "Lê Văn Tám", "1950-07-02", "male", "001050009999"))
    assert node.groups() == [["a"], ["b"]]
    assert "turned" in node.reviews()


def test_a_person_without_records_is_active_no_more(node: Node) -> None:
    node.put(patient("a", number=NUMBER))
    node.records.delete(Errand(CLIENT, "TREAT"), "Patient", "a")
    (person,) = node.persons()
    assert person["active"] is False and "link" not in person


def test_a_facility_that_sends_one_patient_for_everyone_makes_few_persons_and_no_false_link(node: Node) -> None:
    names = ["Lê Văn Tám", "Trần Thị Bé", "Hoàng Quốc Việt", "Đặng Thùy Trâm", "Võ Thị Sáu", "Phan Đình Giót"]
    for place, name in enumerate(names):
        node.put(patient(f"true{place}", name, f"19{50 + place}-02-03", "other", f"00100{50 + place}12345"[:12]))
        node.put(patient("everyone", name, f"19{50 + place}-02-03", "other"))
    assert ["everyone"] in node.groups()
    assert len(node.persons()) <= len(names) + 4


def test_a_person_record_is_nobodys_to_write(node: Node) -> None:
    node.put(patient("a"))
    (person,) = node.persons()
    for write in (
        lambda: node.put({name: value for name, value in person.items() if name != "meta"}),
        lambda: node.put({**person, "id": "mine"}),
        lambda: node.records.delete(Errand(CLIENT, "TREAT"), "Patient", person["id"]),
    ):
        with pytest.raises(Refused) as refused:
            write()
        assert refused.value.status == 405
    (event,) = node.all("Linkage")
    bare = {name: value for name, value in event.items() if name != "meta"}
    for draft in (
        Draft("PUT", "Linkage", event["id"], orjson.dumps(bare), bare),
        Draft("DELETE", "Linkage", event["id"], b"", None),
        Draft("PUT", "Linkage", "mine", orjson.dumps(event), event),
    ):
        with pytest.raises(Refused):
            node.records.save(Errand(CLIENT, "TREAT"), [], [draft])
    assert len(node.all("Linkage")) == 1


def test_a_deleted_record_is_no_longer_the_persons(node: Node) -> None:
    node.put(patient("a", number=NUMBER))
    node.put(patient("b", number=NUMBER))
    node.records.delete(Errand(CLIENT, "TREAT"), "Patient", "a")
    assert node.groups() == [["b"]]
    node.put(patient("c", number=NUMBER))
    assert node.groups() == [["b", "c"]]


def test_a_code_that_is_nobodys_yet_becomes_the_newcomers_and_then_leads_to_the_person(node: Node) -> None:
    code = {"system": citizen_code.SYSTEM, "value": citizen_code.make(77_777)}
    node.put(patient("a", identifier=[code]))
    (person,) = node.persons()
    assert person["identifier"][0]["value"] == code["value"]
    node.put(patient("b", name="Nguyễn Thị Minh Hạnh", identifier=[code]))
    node.put(patient("c", name="Trần Văn Tý", born="1931-01-09", sex="male", identifier=[code]))
    assert node.groups() == [["a", "b"], ["c"]]


def test_a_record_that_comes_twice_in_one_bundle_is_taken_in_turn(node: Node) -> None:
    node.put(patient("a", number=NUMBER))
    other = patient("b", "Lê Văn Tám", "1950-07-02", "male", "001050009999")
    bundle = [patient("b", number=NUMBER), patient("c", number=NUMBER, phone=PHONE), other]
    node.records.save(
        Errand(CLIENT, "TREAT"), [], [Draft("PUT", "Patient", p["id"], orjson.dumps(p), p) for p in bundle]
    )
    assert node.groups() == [["a", "c"], ["b"]]
    assert "turned" in node.reviews()
    assert next(p for p in node.persons() if p["name"][0]["text"] == "Lê Văn Tám")["birthDate"] == "1950-07-02"


NASTY = [
    {"name": []}, {"name": [{"text": " "}]}, {"name": [{"text": "Ng" * 2500}]}, {"birthDate": "1800-01-01"},
    {"birthDate": "2999-12-31"}, {"identifier": [{"system": NATIONAL, "value": "000000000000"}]},
    {"name": [{"text": "Nguyễn Ѵăn Аn"}]}, {"name": [{"family": "Nguyễn\u200b"}]}, {},
]  # fmt: skip


def test_bad_content_is_stored_and_links_nobody(node: Node) -> None:
    for round in range(2):
        for place, one in enumerate(NASTY):
            made = {"resourceType": "Patient", "id": f"n{round}-{place}", **{k: v for k, v in one.items() if v}}
            node.put(made)
    assert all(len(group) == 1 for group in node.groups())
    assert sum(map(len, node.groups())) == 2 * len(NASTY)


def test_a_station_without_codes_still_registers_and_links_later(store: RecordStore) -> None:
    def none_left(number: int) -> list[str]:
        raise Refused.because(409, "not-found", "code.none-left", left="0")

    node = Node(store)
    node.records = Records(store, system_clock, Arrivals(node.matching, none_left, system_clock))
    node.put(patient("a", number=NUMBER))
    node.put(patient("b", number=NUMBER))
    assert [p["id"] for p in node.all("Patient?_sort=_id")] == ["a", "b"] and node.persons() == []


@pytest.mark.parametrize("query", ["_id:not=x", "_tag:not=x", "_has:Observation:patient:_id=o", "gender=female"])
def test_who_does_not_ask_for_persons_finds_the_records_alone(node: Node, query: str) -> None:
    node.put({"resourceType": "Patient", "id": "a", "gender": "female", "name": [{"text": "Lê Thị Mai"}]})
    observed = {"resourceType": "Observation", "id": "o", "status": "final", "code": {"text": "x"}}
    observed["subject"] = {"reference": "Patient/a"}
    node.records.update(Errand(CLIENT, "TREAT"), "Observation", "o", orjson.dumps(observed))
    assert [found["id"] for found in node.all(f"Patient?{query}")] == ["a"]
