"""Who belongs to whom by the records of a real store, on both engines: rosters, visits, referrals, persons, files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.sync.pair import Star
from tests.sync.test_kept_ledger import WHO, Kept, draft, meet

from hoso.fhir.systems import FACILITY_CODE, GROUP_KIND
from hoso.store.contract import Draft
from hoso.store.people import Person
from hoso.store.record_store import RecordStore, RecordTransaction
from hoso.sync import Peer


class Scoped(Kept):
    """A hub whose station is of the facility with the code `station`."""

    @property
    def peer(self) -> Peer:
        return replace(super().peer, tree=Star(("station",)))

    def save(self, *records: Draft) -> None:
        for one in records:
            self.store.save([one], WHO)


@pytest.fixture
def hub(engine: str, make_store: Callable[..., RecordStore]) -> Scoped:
    found = Scoped("centre", make_store(engine))
    found.save(facility("here", "station"), facility("there", "elsewhere"))
    return found


@pytest.fixture
def station(make_store: Callable[..., RecordStore]) -> Kept:
    return Kept("station", make_store("sqlite"))


def facility(id: str, code: str) -> Draft:
    return draft("Organization", id, "", identifier=[{"system": FACILITY_CODE, "value": code}])


def of(patient: str, type: str, id: str, **more: Any) -> Draft:
    return draft(type, id, id, subject={"reference": f"Patient/{patient}"}, **more)


def at(organization: str) -> dict[str, str]:
    return {"reference": f"Organization/{organization}"}


def has(station: Kept) -> set[str]:
    found = station.ledger.feed(0, 1_000)
    return {f"{one.version.header.type}/{one.version.header.id}" for one in found}


def test_a_station_has_whoever_its_facility_looks_after_and_nobody_else(station: Kept, hub: Scoped) -> None:
    hub.save(
        draft("Patient", "managed", "", managingOrganization=at("here")),
        draft("Patient", "visitor", ""),
        of("visitor", "Encounter", "visit", status="in-progress", serviceProvider=at("here")),
        draft("Patient", "referred", ""),
        of("referred", "Observation", "old"),
        draft("Patient", "stranger", "", managingOrganization=at("there")),
        of("stranger", "Observation", "secret"),
        draft("Binary", "loose", ""),
    )
    outcome = meet(station, hub)
    assert outcome.equal and outcome.repaired == 0
    both = {"Organization/here", "Organization/there"}
    assert has(station) == both | {"Patient/managed", "Patient/visitor", "Encounter/visit"}

    to = {"identifier": {"system": FACILITY_CODE, "value": "station"}}
    hub.save(of("referred", "ServiceRequest", "letter", status="active", authoredOn="2026-11-01", performer=[to]))
    outcome = meet(station, hub)
    assert outcome.equal and outcome.repaired == 0
    assert has(station) >= {"Patient/referred", "Observation/old", "ServiceRequest/letter"}
    assert station.store.read("Observation", "old") is not None
    assert "Observation/secret" not in has(station) and "Binary/loose" not in has(station)

    station.store.save([of("stranger", "Observation", "ours")], WHO)
    outcome = meet(station, hub)
    assert outcome.equal and outcome.repaired == 0
    assert has(station) >= {"Patient/stranger", "Observation/secret", "Observation/ours"}


def test_the_roster_of_a_station_and_a_facility_known_late_bring_their_people(station: Kept, hub: Scoped) -> None:
    coding = {"system": GROUP_KIND, "code": "roster"}
    members = [{"entity": {"reference": f"Patient/{id}"}} for id in ("one", "two")]
    hub.save(draft("Patient", "one", ""), draft("Patient", "two", ""), draft("Patient", "three", ""))
    meet(station, hub)
    assert "Patient/two" not in has(station)
    hub.save(
        draft("Group", "people", "", actual=True, code={"coding": [coding]}, member=members,
              managingEntity=at("here")),
        of("three", "Encounter", "early", status="in-progress", serviceProvider=at("late")),
    )  # fmt: skip
    assert meet(station, hub).equal
    assert has(station) >= {"Patient/one", "Patient/two"} and "Patient/three" not in has(station)
    hub.save(facility("late", "station"))
    assert meet(station, hub).equal
    assert has(station) >= {"Patient/three", "Encounter/early"}


def test_the_records_of_one_person_come_together_and_a_file_with_what_leads_to_it(station: Kept, hub: Scoped) -> None:
    hub.save(
        draft("Patient", "here", "", managingOrganization=at("here")),
        draft("Patient", "also", ""),
        of("also", "Observation", "theirs"),
        draft("Patient", "person", ""),
    )
    assert meet(station, hub).equal and "Observation/theirs" not in has(station)

    def join(transaction: RecordTransaction) -> None:
        rids = transaction.people.rids(["here", "also", "person"])
        transaction.people.fill(
            [Person(rids["person"], "code", None)], [(rids["here"], rids["person"]), (rids["also"], rids["person"])]
        )

    hub.store.write(join, WHO)
    content = [{"attachment": {"url": "Binary/scan"}}]
    hub.save(
        draft("Binary", "scan", ""), draft("Binary", "other", ""),
        of("also", "DocumentReference", "paper", content=content),
    )  # fmt: skip
    outcome = meet(station, hub)
    assert outcome.equal and outcome.repaired == 0
    assert has(station) >= {
        "Patient/also", "Observation/theirs", "Patient/person", "DocumentReference/paper", "Binary/scan"
    }  # fmt: skip
    assert "Binary/other" not in has(station)


def test_what_was_written_of_the_wrong_patient_is_put_right_wherever_it_was_read(station: Kept, hub: Scoped) -> None:
    hub.save(
        draft("Patient", "right", ""), draft("Patient", "wrong", "", managingOrganization=at("here")),
        of("wrong", "Observation", "mixed"),
    )  # fmt: skip
    assert meet(station, hub).equal and "Observation/mixed" in has(station)
    hub.save(of("right", "Observation", "mixed"))
    assert meet(station, hub).equal
    found = station.store.read("Observation", "mixed")
    assert found is not None and b"Patient/right" in found.body
