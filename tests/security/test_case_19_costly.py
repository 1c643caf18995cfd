"""Case 19: a question that multiplies itself costs the asker a refusal and the node next to nothing.

Tried on what multiplies: GraphQL documents, batches, chains, includes, JSON Patch and FHIRPath Patch.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.security.apps import Answer
from tests.security.scene import Scene

SECONDS = 5.0
"""Of processor time; the worst case of a guard that is missing is minutes."""


def spent() -> float:
    """Processor seconds of all our children, the node among them."""
    import os

    total = 0.0
    for task in Path(f"/proc/{os.getpid()}/task").iterdir():
        for child in (task / "children").read_text().split():
            total += _of(int(child))
    return total


def _of(process: int) -> float:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11:13])) / 100 + sum(_of(int(child)) for child in children)


def cheaply(scene: Scene, method: str, path: str, body: Any = b"", token: str = "", **headers: str) -> Answer:
    before = spent()
    answer = scene.ask(method, path, body, token, **headers)
    assert spent() - before < SECONDS, path
    assert scene.get("Observation/s-own-1").status == 200
    return answer


def circling(depth: int) -> str:
    """From observations to whose they are to observations …, each step all of them."""
    if depth == 0:
        return "id"
    inner = f"ObservationList(_reference: subject) {{ {circling(depth - 1)} }}"
    return f"subject {{ resource {{ ... on Patient {{ {inner} }} }} }}"


DOUBLING = "".join(f"fragment a{n} on Patient {{ ...a{n + 1} ...a{n + 1} }} " for n in range(19))
GRAPHS = {
    "aliases": ("{" + " ".join(f"a{n}: Patient(id: 1) {{ id }}" for n in range(1000)) + "}", "graphql.long"),
    "depth": ("{" + "Patient {" * 30 + "id" + "}" * 31, "graphql.deep"),
    "introspection": ("{ __schema { types { name fields { name } } } }", "graphql.introspection"),
    "searches": ("{" + " ".join(f"a{n}: ObservationList {{ id }}" for n in range(400)) + "}", "graphql.many-searches"),
    "fragments": (
        f"{{ Patient(id: 1) {{ ...a0 }} }} {DOUBLING} fragment a19 on Patient {{ id }}",
        "graphql.many-fields",
    ),
    "circles": (f"{{ ObservationList {{ {circling(4)} }} }}", "graphql.many-searches"),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_case_19_a_graph_that_multiplies_itself_is_refused(scene: Scene, name: str) -> None:
    query, key = GRAPHS[name]
    body = json.dumps({"query": query}).encode()
    answer = cheaply(scene, "POST", "$graphql", body, scene.site.token, Content_Type="application/json")
    assert answer.json["errors"][0]["extensions"]["code"] == key and answer.status in (200, 400)
    assert not any((answer.json.get("data") or {}).values())
    assert scene.site.ask("POST", "/graphql", b"{}", Content_Type="application/json").status in (403, 404)


def test_case_19_a_batch_of_too_many_entries_is_refused(scene: Scene) -> None:
    one = {"request": {"method": "GET", "url": "Patient/s-own/$everything"}}
    body = {"resourceType": "Bundle", "type": "batch", "entry": [one] * 10_001}
    assert cheaply(scene, "POST", "", body).status == 413


COSTLY = [
    "Patient?" + "&".join(f"_has:Observation:patient:code=c{n}" for n in range(1000)),
    "Patient?" + "_has:Observation:patient:" * 30 + "code=x",
    "Observation?" + "patient." * 30 + "name=x",
    "Patient?" + "&".join(["_revinclude:iterate=*"] * 200),
    "Patient?_include:iterate=Patient:link&_revinclude:iterate=Patient:link&_count=1000",
    "List?" + "&".join("_include:iterate=List:item" for _ in range(500)),
    "Patient?_id=" + ",".join(["s-own"] * 5000),
    "Observation?_sort=" + ",".join(["code", "-code"] * 1000),
]


@pytest.mark.parametrize("query", COSTLY, ids=range(len(COSTLY)))
def test_case_19_a_search_that_multiplies_is_bounded(scene: Scene, query: str) -> None:
    for token in (scene.doctor, scene.site.token):
        assert cheaply(scene, "GET", query, token=token).status in (200, 400, 414, 422)


def test_case_19_a_fhirpath_patch_that_multiplies_is_stopped(scene: Scene) -> None:
    ten = "(0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9)"
    nested = "repeat(" * 200 + "children()" + ")" * 200
    growing = "".join(f"{ten}.select(" for _ in range(12)) + "%resource.descendants()" + ")" * 12
    for path in (f"Observation.{nested}", growing, "Observation.repeatAll(%resource)"):
        parts = [{"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": path}]
        patch = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": parts}] * 1000}
        answer = cheaply(scene, "PATCH", "Observation/s-own-1", patch)
        assert answer.status == 400, answer.body
        assert answer.json["issue"][0]["code"] == "too-costly"


def test_case_19_a_patch_that_doubles_itself_is_stopped(scene: Scene) -> None:
    doubling = [{"op": "add", "path": "/note", "value": [{"text": "x" * 1000}]}]
    doubling += [{"op": "copy", "from": "/note", "path": f"/note/0/x{n}"} for n in range(40)]
    kind = "application/json-patch+json"
    answer = cheaply(scene, "PATCH", "Observation/s-own-1", doubling, Content_Type=kind)
    assert answer.status in (400, 422), answer.body
    many = [{"op": "test", "path": "/status", "value": "final"}] * 1001
    assert cheaply(scene, "PATCH", "Observation/s-own-1", many, Content_Type=kind).status == 400
