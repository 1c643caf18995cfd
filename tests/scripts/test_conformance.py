"""`make conformance` on small suites of our own: it counts what is right and wrong, and says what it could not run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

SCRIPT = Path(__file__).parents[2] / "scripts" / "conformance.py"

CASES = """<tests>
  <group name="right">
    <test name="a" inputfile="someone.xml"><expression>Patient.name.family</expression>
      <output type="string">Lê</output></test>
    <test name="b" inputfile="someone.xml"><expression invalid="semantic">Patient.nome</expression></test>
    <test name="c" inputfile="someone.xml" predicate="true"><expression>name</expression>
      <output type="boolean">true</output></test>
    <test name="d"><expression>@T10:30.lowBoundary(6)</expression><output>@T10:30:00</output></test>
  </group>
  <group name="mixed">
    <test name="e"><expression>1 + 1</expression><output type="integer">3</output></test>
    <test name="f" inputfile="nobody.xml"><expression>id</expression></test>
    <test name="g" mode="cda"><expression>id</expression></test>
    <test name="h"><expression invalid="execution">1 + 1</expression></test>
  </group>
</tests>"""
GOOD = {"resourceType": "Patient", "name": [{"family": "Lê"}]}
BAD = {"resourceType": "Patient", "gender": "x"}


def test_each_suite_is_counted_by_group_and_reported(tmp_path: Path) -> None:
    run, report = conformance(suites(tmp_path))
    assert run.returncode == 1
    counts = [line.split() for line in run.stdout.splitlines()]
    assert ["right", "4", "0", "0"] in counts
    assert ["mixed", "0", "2", "2"] in counts
    rows = {row["name"]: (row["figure"], row["limit"], row["ok"]) for row in report["rows"]}
    assert rows["fhirpath"] == (4, 8, False)
    assert rows["r4_examples.false_alarms"] == (1, 0, True)
    assert rows["r4_examples"] == (4, 5, True)
    assert rows["ips_examples"] == (1, 1, True)
    assert rows["r4_examples.xml_round_trip"] == (4, 5, False)
    assert "Basic-unsayable.json: xml.cannot-say at Basic.code.text" in run.stdout
    assert "Patient-bad.json: refused by validate.code" in run.stdout
    assert "StructureDefinition-Event.json: known to break sdf-4, but not in the package" in run.stdout
    assert "testing.json: refused by" not in run.stdout


def test_a_suite_without_cases_is_not_attempted_and_not_right(tmp_path: Path) -> None:
    folder = suites(tmp_path)
    (folder / "fhirpath" / "tests-fhir-r4.xml").unlink()
    for wrong in ("Patient-bad", "Basic-unsayable"):
        (folder / "hl7.fhir.r4.examples" / f"{wrong}.json").unlink()
    run, report = conformance(folder)
    assert run.returncode == 3
    (row,) = (row for row in report["rows"] if row["name"] == "fhirpath")
    assert (row["figure"], row["ok"]) == (None, False)
    assert "not attempted" in row["unit"]


def suites(root: Path) -> Path:
    folder = root / "suites"
    write(folder / "fhirpath" / "someone.json", GOOD)
    (folder / "fhirpath" / "tests-fhir-r4.xml").write_text(CASES, "utf-8")
    for name, file, content in (
        ("hl7.fhir.r4.examples", "Patient-good.json", GOOD),
        ("hl7.fhir.r4.examples", "Patient-bad.json", BAD),
        ("hl7.fhir.r4.examples", "Basic-unsayable.json", {"resourceType": "Basic", "code": {"text": "a\u0001"}}),
        ("hl7.fhir.r4.examples", "Basic-digits.json", {"resourceType": "Basic", "code": {"text": "b"}}),
        ("hl7.fhir.r4.examples", "package.json", {}),
        (
            "hl7.fhir.r4.examples",
            "Questionnaire-qs1.json",
            {"resourceType": "Questionnaire", "status": "draft", "item": [{"type": "group"}]},
        ),
        ("hl7.fhir.uv.ips", "Patient-good.json", GOOD),
    ):
        write(folder / name / file, content)
    return folder


def write(file: Path, content: dict[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(content), "utf-8")


def conformance(folder: Path) -> tuple[subprocess.CompletedProcess[str], dict[str, Any]]:
    out = folder.parent / "report.json"
    run = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder), "--failures", "--out", str(out)], capture_output=True, text=True
    )
    assert not run.stderr
    return run, json.loads(out.read_text())
