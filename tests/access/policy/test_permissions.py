"""Each cell of the permissions page is what the policy decides, of every role, activity, type and label."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from hoso.access.policy import Ask, Facts, Tie, decide, role
from hoso.access.policy.grounds import grounds
from hoso.access.policy.matrix import ACTIVITIES, Activity, kinds, roles
from hoso.fhir.labels import labels
from hoso.fhir.labels.names import NOBODY
from hoso.fhir.relations import KINDS

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs/reference/permissions.md"
NOW, PATIENT, GRANTEE = 1_000, 7, 501
VISIT = Tie(KINDS.index("visit") + 1, GRANTEE, 0, 2_000)
ROSTER = Tie(KINDS.index("roster") + 1, GRANTEE, 0, 2_000)


def test_the_page_says_what_the_matrix_says() -> None:
    made = runpy.run_path(str(ROOT / "scripts/permission_page.py"))
    assert PAGE.read_text("utf-8") == made["page"]()


def sections() -> dict[str, str]:
    """What the page says of each role."""
    parts = re.split(r"^## .*\(`([a-z-]+)`\)$", PAGE.read_text("utf-8"), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def cells(text: str) -> dict[tuple[str, str], str]:
    """(kind, activity) → the cell."""
    found = {}
    for line in re.findall(r"^\| (.*) \|$", text, flags=re.MULTILINE):
        kind, *row = line.split(" | ")
        if kind in kinds():
            found |= {(kind, activity): cell for activity, cell in zip(ACTIVITIES, row, strict=True)}
    return found


def asked(name: str, activity: Activity, tie: Tie = VISIT) -> Ask:
    row = role(name)
    assert row is not None
    own = frozenset({PATIENT}) if row.reach == "own" else frozenset[int]()
    return Ask(row, min(row.purposes), activity, "multi", NOW, grantees=(tie.grantee,), own=own)


def permits(ask: Ask, type: str, tie: Tie = VISIT, label: str = "") -> bool:
    facts = Facts(type, PATIENT, (tie,), frozenset({label}) if label else frozenset())
    return decide(ask, facts, grounds(ask)).permit


@pytest.mark.parametrize("name", roles())
@pytest.mark.parametrize("activity", ACTIVITIES)
def test_a_cell_is_what_is_decided(name: str, activity: Activity) -> None:
    row, page = role(name), cells(sections()[name])
    assert row is not None
    for kind, types in kinds().items():
        cell = page[kind, activity]
        for type in types:
            written = cell == "yes" or type in cell.removeprefix("some: ").split(", ")
            reached = row.reach != "none" or kind in ("facility", "catalogue", "ledger", "log")
            assert permits(asked(name, activity), type) == (written and reached), (name, activity, type)


@pytest.mark.parametrize("name", [name for name in roles() if (row := role(name)) and row.types["view"]])
def test_a_label_opens_to_whom_the_page_says(name: str) -> None:
    line = next(one for one in sections()[name].splitlines() if one.startswith("- Labels: "))
    cleared, _, treating = line.removeprefix("- Labels: ").rstrip(".").partition("; who treats, also ")
    row = role(name)
    assert row is not None
    clinical = [type for type in ("Condition", "Observation") if type in row.types["view"] and row.reach != "none"]
    for label in labels():
        for type in clinical:
            always = label.name in cleared.split(", ") and label.bit != NOBODY
            when_treating = always or label.name in treating.split(", ")
            assert permits(asked(name, "view"), type, VISIT, label.name) == when_treating, (name, label.name)
            assert permits(asked(name, "view", ROSTER), type, ROSTER, label.name) == always, (name, label.name)


@pytest.mark.parametrize("name", roles())
def test_nothing_is_permitted_for_another_purpose_or_to_nobody(name: str) -> None:
    row = role(name)
    assert row is not None
    other = Ask(row, "HRESCH", "view", "multi", NOW, grantees=(GRANTEE,))
    alone = Ask(row, min(row.purposes), "view", "multi", NOW)
    for types in kinds().values():
        for type in types:
            assert not permits(other, type)
    if row.reach in ("tied", "own"):
        assert not permits(alone, "Observation") and not permits(alone, "Patient")
