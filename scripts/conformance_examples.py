"""Published examples as HoSo takes them: each is read strictly, validated and its search values taken.

Some published examples break R4 themselves: `conformance_known.toml` names each with the rule and why. Any other
refusal is a false alarm, and so is a known one that is refused for something else.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from conformance_fetch import Files
from conformance_rows import Counts, Row, Suite
from hoso.core.errors import Refused
from hoso.fhir.extract import extract
from hoso.fhir.json import parse
from hoso.fhir.validate import validate

BUDGET = 10
_NO_RESOURCES = ("package.json", ".index.json", "openapi", "/other/")


def examples(name: str, files: Files) -> Suite:
    known = _known(name)
    groups: dict[str, Counts] = {}
    failures: list[str] = []
    alarms = 0
    for path, body in files():
        if any(part in path for part in _NO_RESOURCES):
            groups.setdefault("(no resource)", Counts()).left_out += 1
            continue
        file = path.rpartition("/")[2]
        found = _refusal(body)
        counts = groups.setdefault(file.partition("-")[0], Counts())
        expected = known.pop(file, None)
        if found == expected:
            counts.right += 1
            continue
        counts.wrong += 1
        alarms += found is not None
        failures.append(f"{file}: " + (f"refused by {found}" if found else f"is taken, though {expected} is broken"))
    failures.extend(f"{file}: known to break {rule}, but not in the package" for file, rule in known.items())
    total = sum(counts.total - counts.left_out for counts in groups.values())
    row = Row(f"{name}.false_alarms", alarms, f"of {total} refused without reason", BUDGET, 0, alarms <= BUDGET)
    right = sum(counts.right for counts in groups.values())
    return Suite(
        name,
        groups,
        [row, Row(name, right, f"right of {total}", total - BUDGET, total, total - right <= BUDGET)],
        failures,
    )


def _known(name: str) -> dict[str, str]:
    text = (Path(__file__).parent / "conformance_known.toml").read_text("utf-8")
    listed: list[dict[str, Any]] = tomllib.loads(text).get(name, [])
    return {file: entry["rule"] for entry in listed for file in entry["files"]}


def _refusal(body: bytes) -> str | None:
    """The key of the first thing wrong; None when the example is taken."""
    try:
        resource = parse(body)
        issues = validate(resource)
        if not issues:
            extract(resource)
    except Refused as refused:
        issues = list(refused.issues)
    if not issues:
        return None
    rule = issues[0].values.get("rule")
    return str(rule) if rule else issues[0].key
