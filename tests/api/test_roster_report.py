"""/intake/{id}/report: whoever brought a roster is told of each person and each class; nobody else is."""

from __future__ import annotations

import json

import pytest
from tests.api.test_intake_door import Gate
from tests.exchange.health_checks.check_files import PUPIL, dossier, package, sheet

from hoso.store.record_store import RecordStore

AT_01001 = {**PUPIL, "MA_CSKCB": "01001", "MA_LK": ""}


@pytest.fixture
def gate(store: RecordStore) -> Gate:
    return Gate(store)


def bring(gate: Gate, data: bytes, who: str = "hospital") -> str:
    answer = gate(who, "POST", "/intake?format=ksk&name=5a.csv", data, Content_Type="text/csv")
    assert answer.status == 201, answer.body
    return str(json.loads(answer.body)["id"])


def test_a_roster_is_told_to_who_brought_it_as_json_and_to_print(gate: Gate) -> None:
    id = bring(gate, sheet(AT_01001, {**AT_01001, "HO_TEN": "", "SO_CCCD": ""}, {**AT_01001, "MA_CSKCB": "01002"}))
    answer = gate("hospital", "GET", f"/intake/{id}/report", Accept_Language="vi")
    made = json.loads(answer.body)
    assert [one["became"] for one in made["people"]] == ["new", "refused", "refused"]
    assert "HO_TEN" in made["people"][1]["reasons"][0] and "Hãy" in made["people"][1]["reasons"][0]
    assert made["groups"][0]["people"] == 3
    printed = gate("hospital", "GET", f"/intake/{id}/report?as=xlsx")
    assert printed.status == 200 and bytes(printed.body).startswith(b"PK")
    assert gate("hospital", "GET", f"/intake/{id}/report?as=pdf").status == 400


def test_a_refused_row_is_mended_by_itself(gate: Gate) -> None:
    id = bring(gate, sheet({**AT_01001, "HO_TEN": "", "SO_CCCD": ""}))
    row = json.loads(gate("hospital", "GET", f"/intake/{id}/items/1/original").body)
    row["cells"]["HO_TEN"] = "NGUYỄN VĂN AN"
    mended = json.dumps(row, ensure_ascii=False, indent=1).encode()
    answer = gate("hospital", "PUT", f"/intake/{id}/items/1/original", mended, Content_Type="application/json")
    assert answer.status == 200, answer.body
    made = json.loads(gate("hospital", "GET", f"/intake/{id}/report").body)
    assert [(one["name"], one["became"]) for one in made["people"]] == [("NGUYỄN VĂN AN", "new")]


def test_others_are_told_nothing(gate: Gate) -> None:
    id = bring(gate, package(dossier(AT_01001)))
    statuses = {who: gate(who, "GET", f"/intake/{id}/report").status for who in ("stranger", "laboratory", "reader")}
    assert statuses == {"stranger": 404, "laboratory": 403, "reader": 403}
