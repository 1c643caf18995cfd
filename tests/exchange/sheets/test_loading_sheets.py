"""A sheet with its mapping as a load takes it: rows are stored and kept raw, known when they come again, corrected."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from tests.exchange.sheets.sheet_files import xlsx_of
from tests.identity.test_arrive import Node

from hoso.exchange import sources
from hoso.exchange.door import LOADING, LoadDoor
from hoso.exchange.load import Task, take
from hoso.exchange.sheets import memory
from hoso.exchange.sheets.guess import propose
from hoso.exchange.sheets.mapping import signature
from hoso.exchange.sheets.package import packed
from hoso.exchange.sheets.table import read
from hoso.exchange.tally import Tally
from hoso.fhir.search import parse
from hoso.store.record_store import RecordStore

HEAD = ["Mã BN", "Họ tên", "Ngày sinh", "SĐT", "Ghi chú riêng"]
ONE = ["B1", "Lê Thị An", "1/2/1980", "0914352687", "xa"]
TWO = ["B2", "Trần Văn Bình", "3/4/1979", "", ""]
FACILITY = {"resourceType": "Organization", "id": "tyt", "name": "Trạm", "active": True}
FACILITY |= {"identifier": [{"system": "https://hoso.vn/sid/facility-code", "value": "01001"}]}


class Here:
    def __init__(self, store: RecordStore, folder: Path) -> None:
        self.node = Node(store)
        self.door = LoadDoor(self.node.records)
        self._folder = folder

    def load(self, rows: list[list[str]]) -> tuple[Tally, list[dict[str, Any]]]:
        data = xlsx_of(rows)
        sheet = read(data, "a").main
        return self.load_file(packed(propose(sheet, "01001").mapping, sheet).read())

    def load_file(self, content: bytes) -> tuple[Tally, list[dict[str, Any]]]:
        path = self._folder / "a"
        path.write_bytes(content)
        tally, rejects = Tally(), []
        for arrival in sources.read(path):
            done = take(self.door, "en", Task(arrival))
            if done.waits:  # for the facility
                done = take(self.door, "en", Task(arrival, done.waits))
            tally += done.tally
            rejects += [json.loads(line) for line in done.rejects]
        return tally, rejects

    def found(self, type: str) -> list[dict[str, Any]]:
        page = self.node.records.search(LOADING, parse(type, [("_count", "100")]))
        return [json.loads(one.body) for one in page.matches]


@pytest.fixture
def here(store: RecordStore, tmp_path: Path) -> Here:
    return Here(store, tmp_path)


def test_rows_are_stored_and_the_same_sheet_changes_nothing(here: Here) -> None:
    here.load_file(json.dumps(FACILITY).encode())
    first, _ = here.load([HEAD, ONE, TWO])
    assert (first.counts["Patient", "stored"], first.total("rejected")) == (2, 0)
    again, _ = here.load([["Danh sách"], HEAD, TWO, ONE])  # in another order, below a title
    assert (again.total("stored"), again.total("rejected")) == (0, 0)
    patients = here.found("Patient")
    assert len(patients) == 2
    assert {one["managingOrganization"]["reference"] for one in patients} == {"Organization/tyt"}


def test_a_register_corrects_and_keeps_what_it_does_not_say(here: Here) -> None:
    here.load([HEAD, ONE])
    here.load([["Mã BN", "Họ tên", "Ngày sinh", "CCCD"], ["B1", "Lê Thị Anh", "1/2/1980", "001180001234"]])
    [patient] = here.found("Patient")
    assert patient["name"][0]["text"] == "Lê Thị Anh"
    assert patient["telecom"][0]["value"] == "0914352687"
    assert {one["value"] for one in patient["identifier"]} == {"B1", "001180001234"}
    assert len(here.found("Binary")) == 2


def test_another_kind_of_sheet_leaves_the_person_as_they_are(here: Here) -> None:
    here.load([HEAD, ONE])
    tally, _ = here.load([["Mã BN", "Họ tên", "Ngày XN", "HbA1c (%)"], ["B1", "LE THI AN", "1/7/2026", "6,1"]])
    assert (tally.counts["Patient", "unchanged"], tally.counts["Observation", "stored"]) == (1, 1)
    assert here.found("Patient")[0]["name"][0]["text"] == "Lê Thị An"


def test_a_bad_row_is_rejected_at_its_number_and_the_rest_goes_in(here: Here) -> None:
    bad = ["B3", "Hồ Văn Cường", "31/02/1980", "", ""]
    tally, rejects = here.load([HEAD, ONE, [], bad, TWO])
    assert tally.counts["Patient", "stored"] == 2
    assert [(one["line"], "31/02/1980" in one["reason"]) for one in rejects] == [(4, True)]
    kept = [base64.b64decode(one["data"]) for one in here.found("Binary")]
    assert len(kept) == 2
    assert any("Lê Thị An".encode() in one for one in kept)


def test_a_number_that_is_somebody_elses_here_is_refused(here: Here) -> None:
    here.load([HEAD, ONE])
    tally, rejects = here.load([HEAD, ["B1", "Hồ Văn Cường", "5/6/1990", "", ""]])
    assert (tally.total("stored"), len(rejects)) == (0, 1)
    assert "B1" in rejects[0]["reason"]
    assert here.found("Patient")[0]["name"][0]["text"] == "Lê Thị An"


def test_a_package_that_is_none_is_one_reject(here: Here) -> None:
    for content in (b"HOSO-SHEET 1 {\n", b'HOSO-SHEET 1 {"kind":"persons","facility":"1","columns":{}}\nHo ten\nA B\n'):
        tally, rejects = here.load_file(content)
        assert (tally.total("rejected"), len(rejects)) == (1, 1)


def test_a_mapping_is_remembered_by_facility_and_titles(here: Here) -> None:
    sheet = read(xlsx_of([HEAD, ONE]), "a").main
    mapping, titles = propose(sheet, "01001").mapping, signature(sheet.header)
    assert memory.recall(here.door, titles) is None
    memory.remember(here.door, mapping, titles)
    [first] = here.found("Basic")
    memory.remember(here.door, mapping, titles)
    assert memory.recall(here.door, titles) == mapping
    assert memory.recall(here.door, titles, "01001") == mapping
    assert memory.recall(here.door, titles, "79001") is None
    assert here.found("Basic") == [first]  # the same again is not written
