"""HL7's FHIRPath test file: a case is right when the outputs agree in number, type and value, or what is called
invalid is refused."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from conformance_rows import Counts, Row, Suite
from hoso.fhir.path import PathError, Typed, compile

SHARE = 0.97
_parse = msgspec.json.Decoder(float_hook=Decimal).decode


def fhirpath(folder: Path | None) -> Suite:
    """The cases of `tests-fhir-r4*.xml` with their inputs as JSON beside it."""
    groups: dict[str, Counts] = {}
    failures: list[str] = []
    files = sorted(folder.glob("tests-fhir-r4*.xml")) if folder is not None else []
    for group, test in (case for file in files for case in _cases(file)):
        counts = groups.setdefault(group, Counts())
        assert folder is not None
        reason = _left_out(folder, test)
        fault = _fault(folder, test) if reason is None else None
        if reason is not None:
            counts.left_out += 1
        elif fault is not None:
            counts.wrong += 1
        else:
            counts.right += 1
        if reason or fault:
            failures.append(f"{group} {test.get('name')}: {test.findtext('expression')!r}: {reason or fault}")
    return Suite("fhirpath", groups, [_row(groups)], failures)


def _row(groups: dict[str, Counts]) -> Row:
    total = sum(counts.total for counts in groups.values())
    if not total:
        return Row("fhirpath", None, "not attempted: no fhirpath/tests-fhir-r4*.xml in SUITES", 0, None, False)
    right = sum(counts.right for counts in groups.values())
    return Row("fhirpath", right, f"cases right of {total}", -int(-SHARE * total), total, right >= SHARE * total)


def _cases(file: Path) -> list[tuple[str, ElementTree.Element]]:
    root = ElementTree.parse(file).getroot()  # noqa: S314  (a suite put there by hand)
    return [(group.get("name", ""), test) for group in root.iter("group") for test in group.iter("test")]


def _left_out(folder: Path, test: ElementTree.Element) -> str | None:
    """Why a case is not even tried: it needs another model, or its input is not there."""
    if test.get("mode") == "cda":
        return "needs CDA's model"
    name = test.get("inputfile")
    return f"no {name} as JSON" if name and not (folder / name).with_suffix(".json").is_file() else None


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
