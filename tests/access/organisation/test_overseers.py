"""Whose officers answer for a facility: its own, else the next above that has any, else everybody's."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import orjson
import pytest
from tests.access.audit.logs import SIGNER
from tests.security.ward import NOW

from hoso.access.audit.event import legible
from hoso.access.audit.log import AuditLog
from hoso.access.organisation.overseers import OFFICER, Overseers
from hoso.access.organisation.posts import Posts
from hoso.access.watching.offices import Offices
from hoso.core.clock import Clock
from hoso.fhir.systems import FACILITY_CODE, ROLE
from hoso.store import audit
from hoso.store.contract import Draft, Origin
from hoso.store.record_store import RecordStore

Resource = dict[str, Any]


def save(store: RecordStore, *resources: Resource) -> None:
    drafts = [Draft("PUT", one["resourceType"], one["id"], orjson.dumps(one), one) for one in resources]
    store.save(drafts, Origin("node/test", "SYSADMIN"))


def place(id: str, under: str = "", **more: Any) -> Resource:
    made: Resource = {"resourceType": "Organization", "id": id, "active": True, "name": id, **more}
    made["identifier"] = [{"system": FACILITY_CODE, "value": id}]
    return made | ({"partOf": {"reference": f"Organization/{under}"}} if under else {})


def officer(id: str, at: str, role: str = OFFICER, **more: Any) -> list[Resource]:
    return [
        {"resourceType": "Practitioner", "id": id, "active": True},
        {
            "resourceType": "PractitionerRole", "id": f"r-{id}", "active": True,
            "practitioner": {"reference": f"Practitioner/{id}"}, "organization": {"reference": f"Organization/{at}"},
            "code": [{"coding": [{"system": ROLE, "code": role}]}], **more,
        },
    ]  # fmt: skip


def overseers(store: RecordStore, clock: Clock = lambda: NOW, shut: Collection[str] = ()) -> Overseers:
    """`shut`: whose accounts let nobody in."""
    return Overseers(store, Posts(store, clock), lambda who: who not in shut)


@pytest.fixture
def tree(store: RecordStore) -> RecordStore:
    save(store, place("37000"), place("37001", "37000"), place("37101", "37001"), place("01001"))
    return store


def answers(store: RecordStore, code: str) -> str:
    return overseers(store).answering()(code)


def test_the_nearest_officer_up_the_tree_answers(tree: RecordStore) -> None:
    save(tree, *officer("po", "37000"))
    assert [answers(tree, code) for code in ("37000", "37001", "37101")] == ["37000"] * 3
    save(tree, *officer("po1", "37001"))
    assert [answers(tree, code) for code in ("37000", "37001", "37101")] == ["37000", "37001", "37001"]


def test_an_officer_of_a_department_answers_for_its_facility(tree: RecordStore) -> None:
    ward: Resource = {"resourceType": "Organization", "id": "ward", "partOf": {"reference": "Organization/37101"}}
    save(tree, ward, *officer("po", "ward"))
    assert answers(tree, "37101") == "37101"


def test_where_none_is_above_everybody_answers(tree: RecordStore) -> None:
    save(tree, *officer("po", "37001"), *officer("nurse", "01001", "nurse"))
    assert answers(tree, "01001") == answers(tree, "37000") == answers(tree, "unknown") == answers(tree, "") == ""


def test_a_role_that_ended_or_whose_holder_left_answers_for_nothing(tree: RecordStore) -> None:
    over = officer("po", "37101", period={"end": "2020-01-01"})
    gone = officer("po2", "37101")
    gone[0]["active"] = False
    save(tree, *over, *gone, *officer("po3", "37001"))
    assert answers(tree, "37101") == "37001"


def test_a_ring_in_the_tree_ends(tree: RecordStore) -> None:
    save(tree, place("a", "b"), place("b", "a"))
    assert answers(tree, "a") == ""


def test_an_office_is_vacant_when_nobody_of_it_can_sign_in(tree: RecordStore) -> None:
    assert overseers(tree).vacant() == ("privacy-officer", "facility-administrator")
    save(tree, *officer("po", "37000"), *officer("ad", "37000", "administrator"))  # by its older name
    assert overseers(tree).vacant() == ()
    assert overseers(tree, shut=["po"]).vacant() == ("privacy-officer",)
    save(tree, *officer("po", "37000", period={"end": "2020-01-01"}))
    assert overseers(tree).vacant() == ("privacy-officer",)


def test_an_office_that_is_left_is_told_once_and_again_when_it_is_held(tree: RecordStore) -> None:
    shut: set[str] = set()
    log = AuditLog(tree, SIGNER, lambda: NOW)
    save(tree, *officer("po", "37000"), *officer("ad", "37000", "facility-administrator"))
    offices = Offices(overseers(tree, shut=shut), log, "test")

    def told() -> list[tuple[str, str]]:
        offices.step()
        log.sealer.settle()
        events = (legible(row.bytes) for row in audit.sealed(tree.engine.reader(), 0, 100))
        return [(one.kind, one.what) for one in events if one is not None and one.kind.startswith("office")]

    assert told() == []
    shut.add("po")
    assert told() == told() == [("office-vacant", OFFICER)]
    shut.clear()
    assert told() == [("office-vacant", OFFICER), ("office-filled", OFFICER)]
