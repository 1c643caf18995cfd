"""The sheet of ASVS has every requirement of its levels once, a state that it knows, and evidence that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHEET = (ROOT / "docs/reference/asvs.md").read_text("utf-8")
ROWS = re.findall(r"^\| (\d+\.\d+\.\d+) \| ([^|]+) \| ([^|]+) \| ([^|]*) \|$", SHEET, re.M)
COUNTS = {
    1: (2, 9, 11, 3, 2), 2: (3, 3, 4, 1), 3: (0, 2, 4, 6, 5, 0, 2), 4: (3, 1, 2, 4), 5: (1, 3, 2, 3),
    6: (3, 12, 8, 6, 8, 4, 2, 4), 7: (3, 4, 2, 5, 2, 2), 8: (4, 4, 3, 2), 9: (3, 4), 10: (2, 2, 4, 12, 5, 2, 3),
    11: (2, 3, 3, 4, 1, 1), 12: (3, 2, 4), 13: (1, 5, 2, 5), 14: (2, 4, 3), 15: (3, 3, 7), 16: (1, 5, 4, 3, 4),
}  # fmt: skip
"""How many requirements of each section are asked for: level 2, all of V6, V8 and V16, and 10.4.16."""


def test_every_requirement_stands_once_and_in_order() -> None:
    numbers = [tuple(map(int, number.split("."))) for number, *_ in ROWS]
    assert numbers == sorted(set(numbers))
    found = {
        chapter: tuple(
            sum(1 for one in numbers if one[:2] == (chapter, section)) for section in range(1, len(counts) + 1)
        )
        for chapter, counts in COUNTS.items()
    }
    assert found == COUNTS


def test_every_state_is_one_of_four_and_says_why_it_is_not_met() -> None:
    assert {state for _, _, state, _ in ROWS} == {"met", "partly", "not", "n/a"}
    assert [number for number, _, state, why in ROWS if state in ("partly", "not") and len(why.strip()) < 10] == []


@pytest.mark.parametrize("named", sorted(set(re.findall(r"`((?:src|tests|docs|scripts)/[^`*]+)`", SHEET))))
def test_the_evidence_is_there(named: str) -> None:
    assert (ROOT / named).exists(), named
