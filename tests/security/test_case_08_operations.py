"""Case 8: an operation gives no more than the plain read would; one that this node does not have gives nothing.

`$docref` is not offered: its doors answer 404 and look at no record.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from tests.security.scene import FOREIGN_NUMBER, OWN_NUMBER, Scene, patient, told

ABSENT = [
    "Patient/{id}/$everything",
    "Patient/{id}/$everything?_count=2",
    "Patient/{id}/$everything?_type=Observation",
    "Patient/{id}/$everything?_since=2020-01-01",
    "Patient/{id}/$document",
    "Patient/{id}/$docref",
    "Patient/{id}/$lastn",
    "Patient/{id}/$summary",
    "Patient/{id}/$validate",
    "Patient/{id}/Observation",
    "Patient/{id}/*",
    "Patient/{id}/AuditEvent",
    "DocumentReference/$docref?patient={id}",
    "Observation/$lastn?patient={id}",
    "Composition/{id}/$document",
    "Patient/{id}/$graphql?query={{id}}",
]


@pytest.mark.parametrize("path", ABSENT)
def test_case_08_an_operation_on_a_foreign_person_is_as_on_nobody(scene: Scene, path: str) -> None:
    hidden, absent = scene.get(path.format(id="s-far")), scene.get(path.format(id="s-zzz"))
    assert hidden.status == absent.status
    mine, none = told(hidden), told(absent)
    assert json.dumps(mine).replace("s-far", "s-zzz") == json.dumps(none)
    assert "entry" not in hidden.json


def test_case_08_everything_of_the_own_is_without_what_is_closed(scene: Scene) -> None:
    shown = scene.ids("Patient/s-own/$everything")
    assert {"s-own", "s-own-1", "s-visit-own"} <= shown
    assert not shown & {"s-far", "s-far-1", "s-hiv-1"}
    assert "s-hiv-1" in scene.ids("Patient/s-own/$everything", scene.site.token)


def test_case_08_a_summary_of_the_own_neither_shows_nor_counts_what_is_closed(scene: Scene) -> None:
    mine, operators = (scene.get("Patient/s-own/$summary", token) for token in ("", scene.site.token))
    assert (mine.status, operators.status) == (200, 200)
    assert not {"s-far", "s-far-1", "s-hiv-1"} & set(json.dumps(mine.json).replace("/", '"').split('"'))


@pytest.mark.parametrize("name", ["$document", "$docref", "$stats", "$expand", "$bulk-publish"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_case_08_what_is_not_offered_is_refused_also_to_the_operator(scene: Scene, name: str, method: str) -> None:
    for path in (name, f"Patient/{name}", f"Patient/s-own/{name}", f"Observation/{name}"):
        answer = scene.ask(method, path, token=scene.site.token)
        assert answer.status in (404, 405), (path, answer.body)
        assert answer.json["resourceType"] == "OperationOutcome"


def test_case_08_a_graph_shows_nothing_that_a_read_or_a_search_would_not(scene: Scene) -> None:
    scene.unmoved(
        [
            f"$graphql?query={quote(query)}"
            for query in (
                "{ PatientList { name { family } ObservationList(_reference: subject) { valueQuantity { value } } } }",
                "{ ObservationConnection(_count: 500) { count edges { resource { id valueQuantity { value } } } } }",
                '{ Patient(id: "s-far") { id } far: Observation(id: "s-far-1") { valueQuantity { value } } }',
                "{ ObservationList { id subject { resource(optional: true) { id birthDate name { family } } } } }",
            )
        ]
    )


def matched(scene: Scene, of: dict[str, Any], token: str = "", count: int = 10) -> tuple[int, Any]:
    parameters = {"resourceType": "Parameters", "parameter": [
        {"name": "resource", "resource": {name: value for name, value in of.items() if name != "id"}},
        {"name": "count", "valueInteger": count},
    ]}  # fmt: skip
    return told(scene.ask("POST", "Patient/$match", parameters, token))


@pytest.mark.parametrize("count", [1, 10])
def test_case_08_match_does_not_find_a_foreign_person(scene: Scene, count: int) -> None:
    """Somebody's exact papers bring what they bring when that person was never here: the grades, the order and the
    number of the others say nothing either."""
    number = f"00118000502{count % 10}"
    hidden = patient(f"s-match-{count}", "Tranhtre", number)
    asked = [hidden, hidden | {"name": [{"family": "Sân"}]}]
    before = [matched(scene, one, count=count) for one in asked]
    scene.put(hidden)
    assert hidden["id"] in json.dumps(matched(scene, hidden, scene.site.token, count))
    assert [matched(scene, one, count=count) for one in asked] == before
    assert "s-own" in json.dumps(before[1])


def test_case_08_nor_does_the_cross_reference(scene: Scene) -> None:
    from hoso.fhir.systems import PERSONAL_NUMBER

    def asked(number: str, token: str = "") -> tuple[int, str]:
        answer = scene.get(f"Patient/$ihe-pix?sourceIdentifier={PERSONAL_NUMBER}|{number}", token)
        return answer.status, answer.body.decode().replace(number, "NUMBER")

    assert asked(FOREIGN_NUMBER) == asked("001180004999")
    assert asked(FOREIGN_NUMBER, scene.site.token) != asked("001180004999", scene.site.token)
    assert OWN_NUMBER != FOREIGN_NUMBER


@pytest.mark.parametrize("path", ["Patient/$merge", "Patient/s-far/$unmerge", "Patient/s-far/$split"])
def test_case_08_deciding_whose_records_are_one_persons_is_no_doctors(scene: Scene, path: str) -> None:
    body = {"resourceType": "Parameters", "parameter": [
        {"name": "source-patient", "valueReference": {"reference": "Patient/s-far"}},
        {"name": "target-patient", "valueReference": {"reference": "Patient/s-own"}},
        {"name": "reason", "valueString": "they look alike to me"},
    ]}  # fmt: skip
    hidden = scene.ask("POST", path, body)
    absent = scene.ask("POST", path.replace("s-far", "s-zzz"), json.loads(json.dumps(body).replace("s-far", "s-zzz")))
    assert hidden.status == absent.status in (400, 403, 404), hidden.body
    assert hidden.body.replace(b"s-far", b"s-zzz") == absent.body
