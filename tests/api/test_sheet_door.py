"""/intake/sheet over the WSGI application: look, check, bring, mend; each facility sees its own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.api.test_intake_door import Gate
from tests.exchange.sheets.sheet_files import xlsx_of

from hoso.exchange.sheets.table import read
from hoso.store.record_store import RecordStore

HEAD = ["Mã BN", "Họ tên", "Ngày sinh", "Giới tính"]
ROWS = [HEAD, ["B1", "Lê Thị An", "1/2/1980", "Nữ"], ["B2", "Trần Văn Bình", "31/02/1979", "Nam"]]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
def gate(store: RecordStore) -> Gate:
    return Gate(store)


def send(gate: Gate, path: str, body: bytes, who: str = "hospital") -> Any:
    return gate(who, "POST", f"/intake/sheet{path}", body, Content_Type=XLSX, Accept_Language="vi")


def test_the_wizard_from_the_first_look_to_the_mended_row(gate: Gate) -> None:
    file = xlsx_of(ROWS)
    look = send(gate, "/look?name=a.xlsx", file)
    assert (look.status, look.json["kind"], look.json["certain"]) == (200, "persons", True)
    assert look.json["mapping"]["facility"] == "01001"
    assert any("tiêu đề" in because for because in look.json["columns"][1]["because"])

    mapping = json.dumps(look.json["mapping"]).encode() + b"\n"
    check = send(gate, "/check", mapping + file)
    assert (check.json["complete"], check.json["good"], check.json["refused"]) == (True, 1, 1)
    assert check.json["repairs"][0]["rows"] == [3]

    loaded = send(gate, "?name=a.xlsx", mapping + file)
    assert loaded.status == 201
    assert loaded.json["deposits"][0]["counts"] == {"stored": 1, "quarantined": 1}
    id = loaded.json["deposit"]
    assert gate("hospital", "GET", f"/intake/{id}").json["counts"] == {"stored": 1, "quarantined": 1}
    repairs = gate("hospital", "GET", f"/intake/sheet/{id}/repairs").json["repairs"]
    assert [(one["column"], one["count"]) for one in repairs] == [("Ngày sinh", 1)]

    answer = gate("hospital", "GET", f"/intake/sheet/{id}/rejects")
    assert answer.headers["Content-Type"] == XLSX
    table = read(answer.body, "r").main
    [row] = table.rows()
    mended = [list(table.header.titles), [text.replace("31/02", "28/02") for text in row.texts]]
    again = send(gate, "", xlsx_of(mended))  # no mapping: it is that of the rows it mends
    assert (again.status, again.json["mended"]) == (201, 1)
    assert again.json["deposits"][0]["counts"] == {"stored": 2}
    assert send(gate, "", file).status == 200  # remembered, and here before
    assert gate("hospital", "POST", f"/intake/{id}/undo").json["items"] == 2


def test_a_sheet_in_doubt_is_not_taken_without_a_mapping(gate: Gate) -> None:
    file = xlsx_of([["Ai", "Sinh"], ["Lê Thị An", "1/2/1980"]])
    answer = send(gate, "", file)
    assert answer.status == 422
    mapping = {"kind": "persons", "columns": {"Ai": "name", "Sinh": "birth"}}
    assert send(gate, "", json.dumps(mapping).encode() + b"\n" + file).status == 201


BROUGHT_BY_ANOTHER = {"kind": "persons", "facility": "01002", "columns": {"Ho ten": "name", "Ngay sinh": "birth"}}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("", b"", 400),
        ("/look", b"%PDF-1.7", 415),
        ("/look?kind=people", b"a,b\n1,2\n", 400),
        ("/look?x=1", b"a,b\n1,2\n", 400),
        ("/check", b"{broken\nHo ten\n", 400),
        ("/check", b'{"kind":"persons","columns":{"x":"name","y":"birth"}}\nHo ten,Ngay sinh\nA B,1980\n', 400),
        (
            "",
            json.dumps(BROUGHT_BY_ANOTHER).encode() + b"\nHo ten,Ngay sinh\nA B,1980\n",
            403,
        ),
        ("/what", b"a,b\n", 404),
    ],
)
def test_what_cannot_be_is_refused(gate: Gate, path: str, body: bytes, status: int) -> None:
    assert send(gate, path, body).status == status


def test_others_see_nothing(gate: Gate) -> None:
    id = send(gate, "", xlsx_of(ROWS)).json["deposit"]
    for path in ("repairs", "rejects"):
        assert gate("stranger", "GET", f"/intake/sheet/{id}/{path}").status == 404
    assert gate("laboratory", "GET", f"/intake/sheet/{id}/repairs").status == 200
    assert gate("laboratory", "GET", f"/intake/sheet/{id}/rejects").status == 403
    assert send(gate, "", xlsx_of(ROWS), "reader").status == 403
    assert send(gate, "", xlsx_of(ROWS), "doctor").status == 403


def test_kinds_and_templates_are_given(gate: Gate) -> None:
    kinds = gate("hospital", "GET", "/intake/sheet/kinds").json["kinds"]
    assert {one["kind"] for one in kinds} >= {"persons", "results"}
    answer = gate("hospital", "GET", "/intake/sheet/template/results")
    assert "Result" in read(answer.body, "t").sheets[0].header.titles
    assert gate("hospital", "GET", "/intake/sheet/template/none").status == 404
