"""Case 33: who acts for somebody sees what the kind of representation gives, for as long as it lasts."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from tests.security.citizens import Somebody
from tests.security.scene import Scene, bearer, labelled, observation, patient

from hoso import compose
from hoso.access import Actor, Errand
from hoso.access.grants import Given, Grants
from hoso.core.clock import system_clock
from hoso.core.ids import new_id
from hoso.fhir.systems import CITIZEN_CODE
from hoso.store.grants import GrantRow, GrantTable
from hoso.web import roles

CODE = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-RoleCode", "code": "MTH"}]}


def enrolled(scene: Scene, name: str) -> Somebody:
    mark = secrets.token_hex(4)
    one = Somebody(scene.site, f"{name} {mark}", f"r-{mark}", f"0{secrets.randbelow(10**11):011}")
    scene.put(patient(one.record, one.name, one.number))
    node = compose.open(scene.site.folder)
    people = node.store.people
    (golden,) = people.persons_of(people.rids([one.record]).values()).values()
    one.golden = people.ids([golden])[golden]
    node.close()
    found = scene.get(f"Patient/{one.golden}", scene.site.token).json
    (one.code,) = (code["value"] for code in found["identifier"] if code.get("system") == CITIZEN_CODE)
    return one


@pytest.mark.parametrize(
    ("years", "result", "problem", "private"),
    [(5, 200, 200, 200), (14, 200, 200, 404), (16, 404, 200, 404), (17, 404, 200, 404), (18, 404, 404, 404)],
)
def test_case_33_a_parent_sees_less_as_the_child_grows(
    scene: Scene, years: int, result: int, problem: int, private: int
) -> None:
    mother = enrolled(scene, "Me")
    kid, born = f"kid-{mother.record}", date.today() - timedelta(days=years * 366 + 30)  # noqa: DTZ011
    child = patient(kid, f"Con {kid}", f"0{secrets.randbelow(10**11):011}") | {"birthDate": born.isoformat()}
    related = {
        "resourceType": "RelatedPerson", "id": f"rel-{kid}", "active": True, "patient": {"reference": f"Patient/{kid}"},
        "relationship": [CODE], "identifier": [{"system": CITIZEN_CODE, "value": mother.code}],
    }  # fmt: skip
    condition = {"resourceType": "Condition", "id": f"con-{kid}", "subject": {"reference": f"Patient/{kid}"}}
    scene.put(child, related, condition, observation(f"obs-{kid}", kid), labelled(f"prv-{kid}", kid, 1, "PSY"))
    token = bearer(scene.site, mother.enrolled(), "user/*.rs", labels=["PSY"])
    paths = (f"Observation/obs-{kid}", f"Condition/con-{kid}", f"Observation/prv-{kid}")
    assert [scene.get(path, token).status for path in paths] == [result, problem, private]
    assert scene.get(f"Patient?_id={kid}&_revinclude=*", token).status == 200
    scene.put(related | {"active": False})
    assert [scene.get(path, token).status for path in paths] == [404, 404, 404]


GivenTo = Callable[[Given], tuple[str, Grants, Errand, GrantRow]]


@pytest.mark.parametrize(("kind", "result", "problem"), [("representative", 200, 200), ("summary", 404, 200)])
def test_case_33_whom_a_person_named_sees_as_much_until_it_is_taken_back(
    scene: Scene, kind: Given, result: int, problem: int
) -> None:
    """A spouse, say: what was given ends with the giver's word, in the same second and for tokens that live."""
    giver, spouse = enrolled(scene, "Vo"), enrolled(scene, "Chong")
    mark = giver.record
    condition: dict[str, Any] = {
        "resourceType": "Condition", "id": f"con-{mark}", "subject": {"reference": f"Patient/{mark}"},
    }  # fmt: skip
    scene.put(condition, observation(f"obs-{mark}", mark), labelled(f"prv-{mark}", mark, 1, "HIV"))
    token = bearer(scene.site, spouse.enrolled(), "user/*.rs", labels=["HIV"])
    paths = (f"Observation/obs-{mark}", f"Condition/con-{mark}", f"Observation/prv-{mark}")
    assert [scene.get(path, token).status for path in paths] == [404, 404, 404]
    node = compose.open(scene.site.folder)
    try:
        grants = Grants(node.store, GrantTable(node.store.engine), system_clock, new_id, lambda: secrets.token_hex(8))
        own, other = (Errand(citizen(one), "PATRQT") for one in (giver, spouse))
        offered = grants.offer(own, kind, timedelta(days=30))
        row = grants.redeem(other, offered.code)
        assert [scene.get(path, token).status for path in paths] == [result, problem, 404]
        assert scene.ask("PUT", f"Condition/con-{mark}", condition, token).status == 403
        assert not grants.take_back(other, row.id), "only the giver takes it back"
        assert grants.take_back(own, row.id)
        assert [scene.get(path, token).status for path in paths] == [404, 404, 404]
    finally:
        node.close()


def citizen(one: Somebody) -> Actor:
    return roles.actor(one.number, "citizen", person=one.golden, assurance="single")
