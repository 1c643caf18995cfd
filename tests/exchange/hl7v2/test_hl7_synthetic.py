"""Synthetic messages of all dialects: what is right goes in whole, and every fault is told at its place."""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path

import orjson
import pytest
from tests.exchange.hl7v2.hl7_messages import keys, odd, read

from hoso.cli import main
from hoso.exchange.hl7v2.splitting import Splitting
from hoso.fhir import systems
from hoso.synth.hl7v2 import DIALECTS, FAULTS
from hoso.synth.record import Resource

CITIZENS = 60
_TOLD = {
    "no-patient-number": "patient-missing",
    "no-visit-number": "visit-missing",
    "impossible-date": "unread",
    "unknown-code": "unknown-code",
    "not-a-number": "not-a-number",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("hl7v2")
    assert main.main(["synth", "--as", "hl7v2", "--citizens", str(CITIZENS), "--seed", "1", "--out", str(out)]) == 0
    return out


def told(folder: Path) -> list[Resource]:
    found: list[Resource] = orjson.loads((folder / "truth.json").read_bytes())["messages"]
    return found


def test_all_dialects_and_faults_occur(folder: Path) -> None:
    truth = told(folder)
    assert {one["dialect"] for one in truth} == {dialect.version for dialect in DIALECTS}
    assert {one["fault"] for one in truth} == {"", *FAULTS}


def test_every_message_becomes_what_its_truth_says(folder: Path) -> None:
    seen: Counter[str] = Counter()
    truth = {(one["file"], one["message"]): one for one in told(folder)}
    patients: dict[str, set[int]] = {}
    for file in sorted({file for file, _ in truth}):
        for piece in Splitting(io.BytesIO((folder / file).read_bytes())):
            one = truth.pop((file, piece.number))
            document = read(piece.data or b"")
            seen[one["fault"]] += 1
            problems = [key for key, _ in (*keys(document), *odd(document))]
            assert problems == ([_TOLD[one["fault"]]] if one["fault"] in _TOLD else []), one
            if one["fault"] == "no-patient-number":
                continue
            types = Counter(item.type for item in document.arrived)
            assert {type: types[type] for type in one["holds"]} == one["holds"], one
            patient = document.arrived[0]
            patients.setdefault(patient.id, set()).add(one["citizen"])
            numbers = {number["system"] for number in patient.resource["identifier"]}
            assert systems.facility_patient_number(one["facility"]) in numbers
    assert not truth
    assert all(len(citizens) == 1 for citizens in patients.values())  # no record of two people
