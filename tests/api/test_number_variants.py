"""One number under several addresses: kept as it came, found and matched as one."""

from __future__ import annotations

from tests.api.caller import Caller
from tests.api.people import NATIONAL, NUMBER, PHONE, STATION, patient, persons_of
from tests.api.test_pix import loc, numbers, pix

VARIANT = "http://moh.gov.vn/fhir/core/sid/citizen_id"
SECURE = "https://fhir.ehealth.gov.vn/core/sid/national-id"


def test_a_search_by_either_address_finds_the_record_as_it_came(call: Caller) -> None:
    made = call.make("Patient", identifier=[loc(VARIANT, NUMBER)])
    assert call("GET", f"Patient/{made['id']}").json["identifier"] == [loc(VARIANT, NUMBER)]
    canonical = call.make("Patient", identifier=[loc(NATIONAL, NUMBER)])
    observation = {"status": "final", "code": {"text": "x"}, "subject": {"identifier": loc(SECURE, NUMBER)}}
    call.make("Observation", **observation)
    for system in (NATIONAL, VARIANT, SECURE):
        found = call("GET", f"Patient?identifier={system}|{NUMBER}")
        assert {one["id"] for one in found.resources} == {made["id"], canonical["id"]}, system
        assert len(call("GET", f"Observation?subject:identifier={system}|{NUMBER}").resources) == 1
    assert len(call("GET", f"Patient?identifier={SECURE}|").resources) == 2
    assert call("GET", f"Patient?identifier=urn:other|{NUMBER}").resources == []
    again = call("POST", "Patient", {"resourceType": "Patient"}, If_None_Exist=f"identifier={VARIANT}|{NUMBER}")
    assert again.status == 412  # both are meant


def test_the_addresses_of_a_number_can_be_read_and_not_overwritten(call: Caller) -> None:
    found = call("GET", "NamingSystem/hoso-national-id")
    assert found.json["uniqueId"][0] == {"type": "uri", "value": NATIONAL, "preferred": True}
    assert call("PUT", "NamingSystem/hoso-national-id", found.json).status == 405
    assert call("GET", "NamingSystem/hoso-nothing").status == 404


def test_records_that_name_a_number_by_different_addresses_are_of_one_person(persons: Caller) -> None:
    for system, local in ((NATIONAL, ("urn:hospital", "H1")), (VARIANT, (STATION, "S1"))):
        body = patient(local=local, identifier=[loc(*local), loc(system, NUMBER)], phone=PHONE)
        assert persons("POST", "Patient", body).status == 201
    assert len(persons_of(persons)) == 1
    found = numbers(pix(persons, SECURE, NUMBER))
    assert {("urn:hospital", "H1"), (STATION, "S1")} <= found
    assert not {system for system, _ in found} & {NATIONAL, VARIANT}  # the number that was asked by
    assert (VARIANT, NUMBER) in numbers(pix(persons, STATION, "S1", NATIONAL))
