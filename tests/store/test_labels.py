"""Labels are the same in whatever order records come, and the doctor finds and mends those that are missing."""

from __future__ import annotations

import json
import random
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.store.checks import settled

from hoso.fhir.labels import names
from hoso.store import doctor, label_upkeep, repair
from hoso.store.contract import Draft, Origin
from hoso.store.record_store import RecordStore

ORIGIN = Origin("client/test", "SYSADMIN")
ICD, ATC = "http://hl7.org/fhir/sid/icd-10", "http://www.whocc.no/atc"
NAMES = [f"n{number}" for number in range(8)]


def draft(resource: dict[str, Any]) -> Draft:
    return Draft("PUT", resource["resourceType"], resource["id"], json.dumps(resource).encode(), resource)


def condition(id: str, code: str) -> dict[str, Any]:
    return {"resourceType": "Condition", "id": id, "subject": {"reference": "Patient/p"},
            "code": {"coding": [{"system": ICD, "code": code}]}}  # fmt: skip


def versions(chance: random.Random) -> list[list[dict[str, Any]]]:
    """Of each record its versions: lists of each other and of conditions, rings among them."""
    made: list[list[dict[str, Any]]] = []
    for id in NAMES:
        made.append([_version(chance, id) for _ in range(chance.choice((1, 1, 2, 3)))])
    for id in ("c0", "c1", "c2"):
        codes = chance.choices(("I10", "J20", "B20", "F20.1", "T74"), k=chance.choice((1, 2)))
        made.append([condition(id, code) for code in codes])
    return made


def _version(chance: random.Random, id: str) -> dict[str, Any]:
    targets = [f"List/{one}" for one in NAMES] + ["Condition/c0", "Condition/c1", "Condition/c2"]
    entries = [{"item": {"reference": one}} for one in chance.sample(targets, chance.choice((0, 1, 1, 2)))]
    return {"resourceType": "List", "id": id, "status": "current", "mode": "working",
            "subject": {"reference": "Patient/p"}} | ({"entry": entries} if entries else {})  # fmt: skip


def shuffled(chance: random.Random, made: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """Another order of all of them; only versions of one record stay in theirs."""
    turns = [place for place, ones in enumerate(made) for _ in ones]
    chance.shuffle(turns)
    waiting = [iter(ones) for ones in made]
    return [next(waiting[place]) for place in turns]


def labels(store: RecordStore) -> dict[str, frozenset[str]]:
    rows = store.engine.reader().rows("SELECT k.id, l.mask FROM label l JOIN key k ON k.rid = l.rid WHERE l.mask <> 0")
    return {id: names(mask) for id, mask in rows}


def wanted(made: list[list[dict[str, Any]]]) -> dict[str, frozenset[str]]:
    """By the plainest means: what a record reaches by any of its versions."""
    says = {"B20": "HIV", "F20.1": "PSY", "T74": "DV"}
    own: dict[str, set[str]] = {}
    reached: dict[str, set[str]] = {}
    for ones in made:
        for one in ones:
            code = one.get("code", {}).get("coding", [{}])[0].get("code")
            own.setdefault(one["id"], set()).update({says[code]} if code in says else ())
            items = {entry["item"]["reference"].split("/")[1] for entry in one.get("entry", ())}
            reached.setdefault(one["id"], set()).update(items)
    for _ in reached:
        for id, ones_reached in reached.items():
            own[id] |= set().union(*(own[other] for other in ones_reached))
    return {id: frozenset(found) for id, found in own.items() if found}


@pytest.mark.parametrize("seed", range(25))
def test_labels_do_not_depend_on_the_order_in_which_records_arrive(store: RecordStore, seed: int) -> None:
    chance = random.Random(seed)
    made = versions(chance)
    waiting = shuffled(chance, made)
    while waiting:  # some alone, some together
        number = chance.choice((1, 1, 2, 4))
        store.save([draft(one) for one in waiting[:number]], ORIGIN)
        del waiting[:number]
    assert labels(store) == wanted(made)


@pytest.mark.parametrize("seed", range(4))
def test_writers_at_once_lose_no_label(store: RecordStore, seed: int) -> None:
    chance = random.Random(seed)
    made = versions(chance)
    chance.shuffle(made)
    with ThreadPoolExecutor(6) as pool:  # each record by one writer, so that its versions keep their order
        list(pool.map(lambda ones: [store.save([draft(one)], ORIGIN) for one in ones], made))
    assert labels(store) == wanted(made)
    assert not label_upkeep.lacking(store, store.engine.reader(), lambda number: None).rows


def test_the_doctor_finds_and_mends_what_an_older_release_did_not_label(store: RecordStore) -> None:
    made = versions(random.Random(7))
    for one in shuffled(random.Random(7), made):
        store.save([draft(one)], ORIGIN)
    settled(store)
    right = labels(store)
    assert right and right == wanted(made)
    assert all(finding.ok for finding in doctor.examine(store))
    store.engine.transact(lambda connection: [connection.rows(f"DELETE FROM {one}") for one in ("label", "label_edge")])
    assert {finding.check for finding in doctor.examine(store) if not finding.ok} == {"labels"}
    assert repair.rebuild(store).added > 0
    assert labels(store) == right
    assert all(finding.ok for finding in doctor.examine(store))


def test_what_has_no_search_parameter_and_files_inherit_too(store: RecordStore) -> None:
    file = {"resourceType": "Binary", "id": "b", "contentType": "text/plain", "data": "aGl2"}
    drug = {"resourceType": "Medication", "id": "m", "code": {"coding": [{"system": ATC, "code": "J05AR13"}]}}
    subject = {"reference": "Patient/p"}
    order = {"resourceType": "MedicationRequest", "id": "mr", "status": "active", "intent": "order",
             "subject": subject, "medicationReference": {"reference": "Medication/m"}}  # fmt: skip
    reason = order | {"id": "mr2", "medicationReference": {"reference": "Medication/x"},
                      "reasonReference": [{"reference": "Condition/c"}]}  # fmt: skip
    document = {"resourceType": "DocumentReference", "id": "d", "status": "current", "subject": subject,
                "content": [{"attachment": {"url": "Binary/b"}}],
                "context": {"related": [{"reference": "Condition/c"}]}}  # fmt: skip
    for one in (file, order, reason, document, drug, condition("c", "B24")):
        store.save([draft(one)], ORIGIN)
    assert labels(store) == dict.fromkeys(("b", "m", "mr", "mr2", "d", "c"), frozenset({"HIV"}))
    escaped = json.dumps(condition("e", "I10")).replace("I10", "\\u004220").encode()
    store.save([Draft("PUT", "Condition", "e", escaped, json.loads(escaped))], ORIGIN)
    assert labels(store)["e"] == {"HIV"}
    hepatitis = drug | {"id": "t", "code": {"coding": [{"system": ATC, "code": "J05AF07"}]}}
    store.save([draft(hepatitis)], ORIGIN)
    assert "t" not in labels(store)


@pytest.mark.parametrize("first", ["clinic", "visits"])
def test_what_happens_at_a_department_labelled_by_hand_has_its_label(store: RecordStore, first: str) -> None:
    subject, clinic = {"reference": "Patient/p"}, {"reference": "Organization/clinic"}
    mark = {"security": [{"system": "https://hoso.vn/CodeSystem/label", "code": "HIV"}]}
    department = {"resourceType": "Organization", "id": "clinic", "name": "Phòng khám ngoại trú", "meta": mark}
    ward = {"resourceType": "Location", "id": "ward", "name": "Buồng 4", "meta": mark}
    visit = {"resourceType": "Encounter", "id": "e1", "status": "finished", "subject": subject,
             "class": {"code": "AMB"}, "serviceProvider": clinic}  # fmt: skip
    stay = visit | {"id": "e2", "serviceProvider": {"reference": "Organization/hospital"},
                    "location": [{"location": {"reference": "Location/ward"}}]}  # fmt: skip
    elsewhere = visit | {"id": "e3", "serviceProvider": {"reference": "Organization/hospital"}}
    result = {"resourceType": "Observation", "id": "o", "status": "final", "subject": subject,
              "code": {"text": "CD4"}, "performer": [clinic]}  # fmt: skip
    places, visits = [department, ward], [visit, stay, elsewhere, result]
    for one in [*places, *visits] if first == "clinic" else [*visits, *places]:
        store.save([draft(one)], ORIGIN)
    assert labels(store) == dict.fromkeys(("clinic", "ward", "e1", "e2", "o"), frozenset({"HIV"}))
    settled(store)
    assert all(finding.ok for finding in doctor.examine(store))
