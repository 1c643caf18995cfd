"""The pages' way to records reads what one page shows: all of the person's own, nothing of somebody else's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from tests.web.people import STATION_CODE

from hoso import compose
from hoso.access import Errand
from hoso.access.actor import Actor
from hoso.access.scope import Scopes
from hoso.care import EmergencyCard, emergency_card
from hoso.care.card import Trust
from hoso.web import door
from hoso.web.persons import Person
from hoso.web.roles import actor

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def node(node_folder: Path) -> Iterator[compose.Node]:
    opened = compose.open(node_folder)
    yield opened
    opened.close()


def card(node: compose.Node, id: str) -> EmergencyCard:
    reach = door.Door(node.records, Errand(actor("mai", "doctor", STATION_CODE, assurance="single"), "TREAT"))
    person = reach.persons.find(reach.persons.homes([id])[id])
    assert isinstance(person, Person)
    sources = reach.persons.sources(person)
    resources, refused = reach.card(person, sources)
    return emergency_card(person.patient, resources, reach.today, refused, sources=sources.patients)


def test_a_record_too_long_for_one_range_gives_the_same_card(
    node: compose.Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = card(node, "full")
    monkeypatch.setattr(door, "_WHOLE", 5)
    nothing = Trust((), "", 0)
    assert replace(card(node, "full"), trust=nothing) == replace(whole, trust=nothing)
    assert whole.allergies.items and whole.alerts.items and whole.medicines.active


def test_what_a_mother_said_of_her_child_is_not_on_her_card(node: compose.Node) -> None:
    fever = {
        "resourceType": "Condition", "id": "of-the-child", "subject": {"reference": "Patient/plain"},
        "asserter": {"reference": "Patient/full"}, "code": {"text": "Co giật do sốt"},
    }  # fmt: skip
    importer = Actor("node/test", Scopes.parse("system/*.cruds"))
    node.records.update(Errand(importer, "SYSADMIN"), "Condition", "of-the-child", orjson.dumps(fever))
    assert "Co giật do sốt" not in {p.name for p in card(node, "full").problems.items}
    assert "Co giật do sốt" in {p.name for p in card(node, "plain").problems.items}
