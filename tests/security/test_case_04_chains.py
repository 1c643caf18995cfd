"""Case 4: chains, there and back, over two steps and with modifiers; what is not supported is refused, not ignored."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from tests.security.scene import FOREIGN_NUMBER, Scene, by_number

TELLING = [
    f"Encounter?patient.{by_number(FOREIGN_NUMBER)}",
    f"Observation?subject:Patient.{by_number(FOREIGN_NUMBER)}",
    "Observation?subject:Patient.name=Xaxoi",
    "Observation?patient.name:exact=Xaxoi",
    "Observation?patient.name:contains=axo",
    "Observation?patient.gender=male&patient.birthdate=1950-01-01",
    "Observation?patient.birthdate=lt1960-01-01&_summary=count",
    "List?item:Patient.name=Xaxoi",
    "List?item:Observation.code=718-7",
    "List?item:Observation.value-quantity=gt20",
    "Observation?has-member:Observation.value-quantity=gt20",
    "List?_id=s-list&item:Patient.name=Xaxoi",
    "List?_id=s-list&item:Observation.value-quantity=gt20",
    "List?_id=s-list&item:Observation.patient.name=Xaxoi",
    "Observation?_id=s-own-2&has-member:Observation.code=718-7&_sort=code",
    "Observation?_id=s-own-1,s-own-2&_sort=value-quantity&has-member.patient.gender=male",
    "Patient?_has:List:item:_id=s-list&name=Xaxoi",
    "Patient?_has:Encounter:patient:status=arrived",
    "Observation?has-member.patient.name=Xaxoi&value-quantity=2",
    "Observation?patient._has:Encounter:patient:status=arrived",
    "Observation?code:not=718-7&_id=s-own-1,s-far-1,s-hiv-1,s-far-2",
    "Patient?gender:not=female&_id=s-own,s-far",
    f"Observation?_filter={quote('patient.name sw Xaxoi or encounter.status eq arrived')}",
    f"Observation?_filter={quote('_id eq s-own-1 or has-member.patient.name sw Xaxoi')}",
    f"Patient?_filter={quote('not (gender eq female) and (_id eq s-own or _id eq s-far)')}",
    "Observation/$lastn?patient=s-own&code=718-7&max=9",
    "Observation/$lastn?subject:Patient.name=Xaxoi",
    f"Encounter?_filter={quote('patient re Patient/s-far or patient.gender ne female')}",
    "Observation?_id=s-far-1,s-hiv-1,s-far-2&code=718-7",
    "Observation?value-quantity=30",
    "Observation?code=718-7&_sort=-value-quantity&_total=accurate&_id=s-far-1,s-hiv-1",
]
"""Each of which tells an operator which state the hidden facts are in, or is refused."""
REFUSED = [
    f"Encounter?_filter={quote('patient zz s-far')}",
    "Observation?code:above=718-7",
    "Observation?patient:above=s-far",
    "Observation?patient.unknown=x",
    "Observation?patient:Practitioner.name=x",
    "Observation?patient:missing:not=true",
    "Observation?_text=Xaxoi",
    "Observation?_content=Xaxoi",
    "Patient?_query=all",
    "Observation?subject.name.family=x",
    "Patient?_has:Observation=x",
    "Patient?_has:Observation:encounter:code=x",
    "Patient?_has:Observation:patient:unknown=x",
]


def test_case_04_no_chain_tells_the_state_of_what_is_hidden(scene: Scene) -> None:
    answered = [query for query in TELLING if scene.get(query, scene.site.token).status == 200]
    refused = {query for query in TELLING} - set(answered)
    assert all(scene.get(query, scene.site.token).status == scene.get(query).status == 400 for query in refused)
    assert len(answered) > 15
    scene.unmoved(answered)


def test_case_04_missing_is_asked_of_what_is_seen_only(scene: Scene) -> None:
    asked = ["patient.phone:missing=true", "patient.name:missing=false", "has-member:missing=false"]
    for query in asked:
        shown = scene.ids(f"Observation?{query}")
        assert not shown & {"s-far-1", "s-far-2", "s-hiv-1"}, query
        assert shown <= scene.ids(f"Observation?{query}&_count=1000", scene.site.token)


@pytest.mark.parametrize("query", REFUSED)
def test_case_04_what_is_not_supported_is_refused(scene: Scene, query: str) -> None:
    for token in (scene.doctor, scene.site.token):
        answer = scene.get(query, token)
        assert answer.status == 400 and answer.json["resourceType"] == "OperationOutcome", answer.body
