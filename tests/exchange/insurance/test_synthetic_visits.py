"""What `hoso synth --as insurance-xml` writes, read again: every visit is what the truth beside it says."""

from __future__ import annotations

import io
import json
from pathlib import Path

from hoso.cli.main import main
from hoso.exchange.insurance import Mapped, decision_of, map_visit, read
from hoso.fhir import json as fhir_json
from hoso.fhir.validate import validate
from hoso.synth.insurance import FAULTS

REFUSED = {"no-patient-number": "insurance.no-key", "bad-base64": "insurance.base64"}
WARNED = {"impossible-date": "insurance.no-date", "unknown-code": "insurance.unknown-code"}


def test_every_visit_is_as_the_truth_says_and_every_fault_is_found(tmp_path: Path) -> None:
    assert main(["synth", "--citizens", "12", "--seed", "3", "--out", str(tmp_path), "--as", "insurance-xml"]) == 0
    truth = {(one["file"], one["visit"]): one for one in json.loads((tmp_path / "truth.json").read_text())["visits"]}
    seen = set()
    for path in sorted(tmp_path.rglob("*.xml")):
        for visit in read(io.BytesIO(path.read_bytes()), str(path.relative_to(tmp_path))):
            told = truth.pop((visit.place.source, visit.place.visit))
            old = told["dialect"].startswith("4210")
            if "XML1" in visit.tables:
                assert (decision_of(visit).number == "4210") == old
            assert_told(map_visit(visit), told["fault"])
            seen.add(told["fault"])
    assert truth == {}
    assert seen - {""} <= set(FAULTS) and len(seen) > 2


def assert_told(mapped: Mapped, fault: str) -> None:
    errors = {issue.key for issue in mapped.issues if issue.severity == "error"}
    warned = {issue.key for issue in mapped.issues if issue.severity == "warning"}
    assert errors - {"insurance.no-summary", "insurance.malformed"} == ({REFUSED[fault]} if fault in REFUSED else set())
    if fault in WARNED:
        assert WARNED[fault] in warned
    for resource in mapped.resources:
        assert validate(fhir_json.parse(fhir_json.encode(resource))) == []
