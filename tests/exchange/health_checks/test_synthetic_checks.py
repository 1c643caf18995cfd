"""What `hoso synth --as ksk` writes, read again: every check is what its truth says, and every fault is found."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest

from hoso.cli.main import main
from hoso.exchange import formats
from hoso.exchange.health_checks.dossier import Dossier
from hoso.exchange.health_checks.persons import is_own_number
from hoso.exchange.health_checks.reading import dossiers
from hoso.exchange.health_checks.resources import map_dossier
from hoso.fhir import json as fhir_json
from hoso.fhir.validate import validate
from hoso.synth.health_checks import FAULTS, REFUSED

KSK = formats.FORMATS["ksk"]
ERRORS = {"no-name": "ksk.no-name", "impossible-day": "ksk.no-day"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synth")
    assert main(["synth", "--citizens", "150", "--seed", "4", "--out", str(folder), "--as", "ksk"]) == 0
    return folder


def truths(folder: Path) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in json.loads((folder / "truth.json").read_text("utf-8"))["checks"]:
        found.setdefault(one["file"], []).append(one)
    return found


def read(path: Path) -> list[Dossier]:
    found: list[Dossier] = []
    with path.open("rb") as stream:
        for piece in KSK.split(io.BytesIO(stream.read())):
            assert piece.data is not None
            found += dossiers(piece.data, piece.number)
    return found


def test_every_check_is_as_the_truth_says(folder: Path) -> None:
    seen, forms = set(), set()
    for name, told in truths(folder).items():
        checks = read(folder / name)
        assert len(checks) == len(told)
        for one, truth in zip(checks, told, strict=True):
            mapped = map_dossier(one)
            errors = [issue.key for issue in mapped.issues if issue.severity == "error"]
            assert errors == ([ERRORS[truth["fault"]]] if truth["fault"] in REFUSED else [])
            assert (truth["expected"] == "refused") == bool(errors)
            if truth["fault"] == "guardian-number":
                assert not is_own_number(one)
            assert one.form == truth["form"]
            for resource in mapped.resources:
                found = validate(fhir_json.parse(fhir_json.encode(resource)))
                assert [issue for issue in found if issue.severity in ("error", "fatal")] == []
            seen.add(truth["fault"])
            forms.add(truth["form"])
    assert seen - {""} <= set(FAULTS) and len(seen) > 3
    assert forms == {"ChildUnder", "Minor", "Adult"}


def test_whoever_is_new_is_not_among_the_known(folder: Path) -> None:
    assert {path.suffix for path in (folder / "00001").iterdir()} == {".xml", ".csv", ".xlsx"}
    lines = gzip.decompress((folder / "known-00001.ndjson.gz").read_bytes()).splitlines()
    resources = [entry["resource"] for line in lines for entry in json.loads(line)["entry"]]
    known = {one["id"] for one in resources if one["resourceType"] == "Patient"}
    told = [one for checks in truths(folder).values() for one in checks]
    assert {one["patient"] for one in told if one["patient"]} <= known
    assert {one["expected"] for one in told} == {"linked", "new", "refused"}


def test_the_same_seed_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    assert main(["synth", "--citizens", "150", "--seed", "4", "--out", str(tmp_path), "--as", "ksk"]) == 0
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            assert (tmp_path / path.relative_to(folder)).read_bytes() == path.read_bytes(), path.name
