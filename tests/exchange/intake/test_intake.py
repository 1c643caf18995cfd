"""The intake: what is received is kept, stored piece by piece, and told; what cannot be stored waits to be mended."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from tests.exchange.insurance.insurance_files import SUMMARY, Row, envelope, visit
from tests.identity.test_arrive import Node

from hoso.access.audit.journal import PlainJournal
from hoso.core import Refused, new_id, system_clock
from hoso.exchange import formats
from hoso.exchange.intake import Intake, Sender
from hoso.fhir.search import parse
from hoso.store.deposits import DepositTable
from hoso.store.record_store import RecordStore

HOSPITAL, OPERATOR = Sender("his/01001", "01001"), Sender("node/operator")
BAD: Row = {**SUMMARY, "MA_LK": ""}


def facility(code: str) -> dict[str, Any]:
    identifier = {"system": "https://hoso.vn/sid/facility-code", "value": code}
    return {"resourceType": "Organization", "id": f"f{code}", "name": f"Trạm {code}", "identifier": [identifier]}


class House:
    def __init__(self, store: RecordStore) -> None:
        self.node = Node(store)
        self.table = DepositTable(store.engine)
        self.intake = Intake(self.node.records, self.table, PlainJournal(store), system_clock, new_id)

        for code in ("01001", "01002"):
            self.node.records.update(OPERATOR.errand, "Organization", f"f{code}", json.dumps(facility(code)).encode())

    def bring(self, *rows: Row, sender: Sender = HOSPITAL) -> str:
        content = envelope(*(visit({"XML1": [row]}) for row in rows))
        id = self.intake.receive(sender, "insurance-xml", "a.xml", io.BytesIO(content)).id
        self.intake.process(sender, id)
        return id

    def states(self, id: str) -> list[str]:
        return [item.state for item in self.intake.items(OPERATOR, id)]

    def found(self, type: str) -> list[dict[str, Any]]:
        page = self.node.records.search(OPERATOR.errand, parse(type, [("_count", "100")]))
        return [json.loads(one.body) for one in page.matches]


@pytest.fixture
def house(store: RecordStore) -> House:
    return House(store)


def another(number: int, **more: str) -> Row:
    """Nobody else: what tells people apart differs."""
    person = {
        "MA_BN": f"BN{number}",
        "HO_TEN": f"Trần Văn {'ABCDEFGH'[number]}",
        "SO_CCCD": f"0010{80 + number}01234{number}",
        "NGAY_SINH": f"198{number}0{number}120000",
        "MA_THE_BHYT": f"GD401012345{number}7{number}9",
        "DIA_CHI": f"{number} phố Lò Đúc",
        "GIOI_TINH": "1",
    }
    return {**SUMMARY, "MA_LK": f"LK{number}", "MA_HSBA": f"BA{number}", **person, **more}


def keys(house: House, id: str) -> list[str]:
    return [
        issue.key for item in house.intake.items(OPERATOR, id) for issue in item.issues if issue.severity == "error"
    ]


def test_good_pieces_go_in_and_a_bad_one_is_quarantined_with_its_place(house: House) -> None:
    id = house.bring(another(1), BAD, another(2))
    assert house.states(id) == ["stored", "quarantined", "stored"]
    [first, bad, last] = house.intake.items(HOSPITAL, id)
    assert (first.label, last.label) == ("LK1", "LK2")
    assert (bad.place, keys(house, id)) == ("HOSO[2]", ["insurance.no-key"])
    assert len(house.found("Encounter")) == 2
    standing = house.intake.standing(HOSPITAL, id)
    assert (standing.items, standing.counts, standing.over) == (3, {"stored": 2, "quarantined": 1}, True)


def test_the_same_bytes_again_are_the_same_deposit(house: House) -> None:
    content = envelope(visit({"XML1": [another(1)]}))
    first = house.intake.receive(HOSPITAL, "insurance-xml", "a.xml", io.BytesIO(content))
    again = house.intake.receive(HOSPITAL, "insurance-xml", "b.xml", io.BytesIO(content))
    assert (again.id, again.items, first.new, again.new) == (first.id, 1, True, False)


def test_a_visit_that_comes_again_in_another_file_changes_nothing(house: House) -> None:
    house.bring(another(1))
    assert house.states(house.bring(another(1), another(2))) == ["unchanged", "stored"]


def test_the_original_is_there_before_and_after_it_was_stored(house: House) -> None:
    id = house.bring(another(1), BAD)
    assert b"LK1" in _content(house.intake.original(HOSPITAL, id, 1))
    assert b"XML1" in house.intake.original(HOSPITAL, id, 2)


def _content(data: bytes) -> bytes:
    return b"".join(base64.b64decode(one) for one in re.findall(rb"<NOIDUNGFILE>([^<]*)<", data)) or data


def test_what_is_mended_goes_in_and_what_came_is_kept(house: House) -> None:
    id = house.bring(BAD)
    came = house.intake.original(HOSPITAL, id, 1)
    house.intake.mend(HOSPITAL, id, 1, envelope(visit({"XML1": [another(3)]})))
    house.intake.process(HOSPITAL, id)
    [item] = house.intake.items(HOSPITAL, id)
    assert (item.state, item.label, item.mended) == ("stored", "LK3", True)
    assert house.intake.original(HOSPITAL, id, 1) == came


def test_an_item_is_tried_again_as_it_is_or_set_aside_for_a_reason(house: House) -> None:
    id = house.bring(BAD)
    assert house.intake.retry(HOSPITAL, id) == 1
    assert house.states(id) == ["waiting"]
    house.intake.process(HOSPITAL, id)
    assert house.states(id) == ["quarantined"]
    with pytest.raises(Refused):
        house.intake.set_aside(HOSPITAL, id, 1, " ")
    house.intake.set_aside(HOSPITAL, id, 1, "khám thử")
    [item] = house.intake.items(HOSPITAL, id)
    assert (item.state, item.issues[-1].values["why"]) == ("set-aside", "khám thử")
    with pytest.raises(Refused):
        house.intake.retry(HOSPITAL, id, [1])


def test_a_facility_brings_only_its_own(house: House) -> None:
    id = house.bring(another(1), another(2, MA_CSKCB="01002"))
    assert house.states(id) == ["stored", "quarantined"]
    assert keys(house, id) == ["intake.other-facility"]
    assert house.states(house.bring(another(2, MA_CSKCB="01002"), sender=OPERATOR)) == ["stored"]


def test_what_another_facility_brought_is_not_there(house: House) -> None:
    id = house.bring(another(1))
    stranger = Sender("his/01002", "01002")
    assert house.intake.listed(stranger) == []
    assert [one.id for one in house.intake.listed(OPERATOR)] == [id]
    for ask in (
        lambda: house.intake.standing(stranger, id),
        lambda: house.intake.items(stranger, id),
        lambda: house.intake.original(stranger, id, 1),
        lambda: house.intake.retry(stranger, id),
    ):
        with pytest.raises(Refused) as refused:
            ask()
        assert refused.value.status == 404


@pytest.mark.parametrize("content", [b"", b"<a/>", b"<GIAMDINHHS>", b"<!DOCTYPE x><GIAMDINHHS/>"])
def test_what_cannot_be_read_at_all_is_refused_and_leaves_nothing(house: House, content: bytes) -> None:
    with pytest.raises(Refused):
        house.intake.receive(HOSPITAL, "insurance-xml", "a.xml", io.BytesIO(content))
    assert house.intake.listed(OPERATOR) == []


def test_of_a_file_that_breaks_off_what_came_before_goes_in(house: House) -> None:
    content = envelope(*(visit({"XML1": [another(n)]}) for n in (1, 2)))
    id = house.intake.receive(
        HOSPITAL, "insurance-xml", "a.xml", io.BytesIO(content[: content.rindex(b"<NOIDUNGFILE>") + 40])
    ).id
    house.intake.process(HOSPITAL, id)
    assert house.states(id) == ["stored", "quarantined"]


def test_a_large_file_arrives_in_parts_and_once(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hoso.exchange.intake.desk.AT_ONCE", 2_000)
    monkeypatch.setattr("hoso.exchange.intake.desk.PART", 2)
    content = envelope(*(visit({"XML1": [another(n)]}) for n in (1, 2, 3)))
    first = house.intake.receive(HOSPITAL, "insurance-xml", "a.xml", io.BytesIO(content))
    again = house.intake.receive(HOSPITAL, "insurance-xml", "a.xml", io.BytesIO(content))
    assert (first.items, first.new, again.id, again.new) == (3, True, first.id, False)
    house.intake.process(HOSPITAL, first.id)
    assert house.states(first.id) == ["stored"] * 3


def test_pieces_about_one_person_are_stored_one_after_the_other(house: House) -> None:
    later = {"MA_LK": "LK9", "MA_HSBA": "BA9", "NGAY_VAO": "202608010800", "NGAY_RA": "202608011000"}
    id = house.bring({**another(1), **later, "DIA_CHI": "Nhà mới"}, {**another(1), "DIA_CHI": "Nhà cũ"})
    assert house.states(id) == ["stored", "stored"]
    [patient] = [one for one in house.found("Patient") if one.get("identifier")]
    assert "Nhà mới" in json.dumps(patient["address"], ensure_ascii=False)


def test_what_identity_made_of_the_patient_is_told(house: House) -> None:
    first = house.bring(another(1), another(2))
    assert [one.whose for one in house.intake.items(HOSPITAL, first)] == ["new", "new"]
    elsewhere = Sender("his/01002", "01002")
    id = house.bring({**another(1, MA_CSKCB="01002"), "MA_BN": "X1"}, sender=elsewhere)
    [item] = house.intake.items(elsewhere, id)
    assert item.whose == "linked"
    assert item.code == house.intake.items(HOSPITAL, first)[0].code
    [known] = house.intake.items(HOSPITAL, house.bring({**another(1), "MA_LK": "LK8", "MA_HSBA": "BA8"}))
    assert known.whose == "known"


def test_one_who_dies_in_the_middle_leaves_the_rest_to_the_next(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    content = envelope(*(visit({"XML1": [another(n)]}) for n in range(1, 6)))
    id = house.intake.receive(HOSPITAL, "insurance-xml", "a.xml", io.BytesIO(content)).id
    monkeypatch.setattr("hoso.exchange.intake.work.MOST", 2)
    monkeypatch.setattr("hoso.exchange.intake.work.TAKEN_MS", -1)
    settle, calls = DepositTable.settle, []

    def dies(table: DepositTable, *given: Any) -> None:
        calls.append(given)
        if len(calls) == 2:
            raise KeyboardInterrupt
        settle(table, *given)

    monkeypatch.setattr(DepositTable, "settle", dies)
    with pytest.raises(KeyboardInterrupt):
        house.intake.runner.process(id)
    assert house.states(id) == ["stored", "stored", "waiting", "waiting", "waiting"]
    assert house.intake.runner.step()
    assert house.states(id) == ["stored"] * 5
    assert all(any(one.type == "Encounter" for one in item.wrote) for item in house.intake.items(HOSPITAL, id))
    assert not house.intake.runner.step()


def test_a_fault_of_ours_sets_one_piece_apart(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    insurance = formats.FORMATS["insurance-xml"]

    def read(data: bytes, number: int, door: Any) -> Any:
        if number == 2:
            raise ZeroDivisionError
        return insurance.read(data, number, door)

    broken = {**formats.FORMATS, "insurance-xml": dataclasses.replace(insurance, read=read)}
    monkeypatch.setattr("hoso.exchange.intake.work.FORMATS", broken)
    id = house.bring(another(1), another(2), another(3))
    assert house.states(id) == ["stored", "quarantined", "stored"]
    assert keys(house, id) == ["intake.fault"]


def test_many_items_are_told_page_by_page(house: House) -> None:
    id = house.bring(*(another(n) for n in range(1, 6)))
    first = house.intake.items(HOSPITAL, id, most=3)
    rest = house.intake.items(HOSPITAL, id, after=first[-1].number, most=3)
    assert [one.number for one in [*first, *rest]] == [1, 2, 3, 4, 5]
    assert house.intake.items(HOSPITAL, id, state="quarantined") == []


def test_what_is_settled_is_forgotten_after_its_time_but_not_what_waits_to_be_mended(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled, refused = house.bring(another(1)), house.bring(BAD)
    house.intake.runner.step()
    assert {one.id for one in house.intake.listed(OPERATOR)} == {settled, refused}
    monkeypatch.setattr("hoso.exchange.intake.work.KEPT", timedelta(days=-1))
    monkeypatch.setattr("hoso.exchange.intake.work.SWEEP_SECONDS", 0.0)
    house.intake.runner.step()
    assert [one.id for one in house.intake.listed(OPERATOR)] == [refused]
    assert len(house.found("Encounter")) == 1
