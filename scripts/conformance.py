"""Runs the FHIRPath cases of HL7's test file from a folder given as argument and writes build/conformance.json.

A case is right when the outputs agree in number, type and value, or when the engine refuses what is called invalid.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from hoso.fhir.path import PathError, Typed, compile

BUDGET = 0.95
BUILD = Path(__file__).resolve().parents[1] / "build"
_parse = msgspec.json.Decoder(float_hook=Decimal).decode


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=Path, help="folder with tests-fhir-r4*.xml and its inputs as JSON")
    options.add_argument("--failures", action="store_true", help="print each case that is not right")
    chosen = options.parse_args()
    right, total = 0, 0
    for file in sorted(chosen.folder.glob("tests-fhir-r4*.xml")):
        for group, test in _cases(file):
            total += 1
            fault = _fault(chosen.folder, test)
            right += fault is None
            if fault is not None and chosen.failures:
                print(f"{group} {test.get('name')}: {test.findtext('expression')!r}: {fault}")
    _write(right, total)
    print(f"fhirpath: {right} of {total} cases right")
    return 0 if total and right / total >= BUDGET else 1


def _cases(file: Path) -> list[tuple[str, ElementTree.Element]]:
    root = ElementTree.parse(file).getroot()  # noqa: S314  (a local suite)
    return [(group.get("name", ""), test) for group in root.iter("group") for test in group.iter("test")]


def _fault(folder: Path, test: ElementTree.Element) -> str | None:
    """What is wrong with our answer; None when it is right."""
    expression = test.find("expression")
    assert expression is not None
    invalid = expression.get("invalid")
    try:
        found = compile(expression.text or "", strict=True).evaluate(_input(folder, test), now=datetime.now(UTC))
    except PathError as fault:
        return None if invalid else str(fault)
    if invalid:
        return f"answers {found}, should be refused ({invalid})"
    wanted = test.findall("output")
    if test.get("predicate") == "true":
        truth = bool(found) and found[0].value is not False
        return None if str(truth).lower() == wanted[0].text else f"answers {truth}"
    if len(found) != len(wanted):
        return f"answers {found}"
    agreed = all(_agrees(item, output) for item, output in zip(found, wanted, strict=True))
    return None if agreed else f"answers {found}"


def _input(folder: Path, test: ElementTree.Element) -> dict[str, Any] | None:
    name = test.get("inputfile")
    return _parse((folder / name).with_suffix(".json").read_bytes()) if name else None


def _agrees(item: Typed, output: ElementTree.Element) -> bool:
    type, text = output.get("type"), (output.text or "").strip()
    if type is not None and item.type != type:
        return False
    return _text(item) == text.removeprefix("@").removeprefix("T" if item.type == "time" else "@")


def _text(item: Typed) -> str:
    if isinstance(item.value, bool):
        return str(item.value).lower()
    return str(item.value)


def _write(right: int, total: int) -> None:
    BUILD.mkdir(exist_ok=True)
    row = {
        "name": "fhirpath",
        "figure": right,
        "unit": f"cases right of {total}",
        "budget": int(BUDGET * total),
        "limit": total,
        "ok": bool(total) and right / total >= BUDGET,
    }
    report = {"machine": platform.platform(), "command": " ".join(sys.argv), "rows": [row]}
    (BUILD / "conformance.json").write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
