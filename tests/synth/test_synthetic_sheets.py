"""Synthetic spreadsheets: the same seed gives the same files; every row is understood, every fault found at its row."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hoso.access import Version
from hoso.cli import synth_sheets
from hoso.exchange import documents
from hoso.exchange.sheets import rows
from hoso.exchange.sheets.guess import propose
from hoso.exchange.sheets.pieces import encoded, pieces
from hoso.exchange.sheets.table import read
from hoso.synth import sheets
from hoso.synth.population import TODAY, truths

DAY = date(2026, 11, 27)


class Nobody:
    def heads(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Version]:
        return {}

    def find(self, criteria: str) -> Version | None:
        return None

    def inputs(self, encounter: str) -> list[Version]:
        return []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("sheets")
    synth_sheets.write(made, truths(60, 5), 5, TODAY)
    return made


def told(folder: Path) -> dict[str, dict[int, dict[str, Any]]]:
    found: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
    for row in json.loads((folder / "truth.json").read_bytes())["rows"]:
        found[row["file"]][row["row"]] = row
    return found


def test_there_is_every_kind_form_and_fault(folder: Path) -> None:
    every = [row for file in told(folder).values() for row in file.values()]
    assert {row["kind"] for row in every} == set(sheets.KINDS)
    assert {row["form"] for row in every} == set(synth_sheets.FORMS)
    assert Counter(bool(row["fault"]) for row in every)[True] > 20


def test_every_sheet_is_understood_and_every_fault_found_at_its_row(folder: Path) -> None:
    for name, file in told(folder).items():
        sheet = read((folder / name).read_bytes(), name).main
        first = next(iter(file.values()))
        proposal = propose(sheet, first["facility"])
        assert (proposal.mapping.kind, proposal.certain) == (first["kind"], True), name
        seen = set()
        for row in pieces(sheet, proposal.mapping):
            assert row.piece is not None
            document = rows.read(encoded(row.piece), row.number, Nobody(), DAY)
            documents.settle(document, {})
            seen.add(row.number)
            so = file[row.number]
            assert bool(document.faults) == (so["fault"] in sheets.REFUSED), (name, row.number, so["fault"])
            if not document.faults:
                [patient] = [one.resource for one in document.arrived if one.type == "Patient"]
                assert patient["name"][0]["text"].casefold() == so["name"].casefold()
        assert seen == set(file)


def test_the_same_seed_gives_the_same_files(folder: Path, tmp_path: Path) -> None:
    synth_sheets.write(tmp_path, truths(60, 5), 5, TODAY)
    for path in folder.rglob("*.*"):
        assert path.read_bytes() == (tmp_path / path.relative_to(folder)).read_bytes(), path.name
