"""A preview says what would happen and changes nothing; an undo takes a deposit back, and nothing that came after."""

from __future__ import annotations

import io
import json

import pytest
from tests.exchange.insurance.insurance_files import Row, envelope, visit
from tests.exchange.intake.test_intake import BAD, HOSPITAL, OPERATOR, House, another

from hoso.core import Refused
from hoso.exchange.intake import Item, Sender
from hoso.identity.arrive import Arrivals
from hoso.store.record_store import RecordStore


@pytest.fixture
def house(store: RecordStore) -> House:
    return House(store)


def previewed(house: House, *rows: Row, sender: Sender = HOSPITAL) -> list[Item]:
    content = envelope(*(visit({"XML1": [row]}) for row in rows))
    return list(house.intake.preview(sender, "insurance-xml", io.BytesIO(content)))


def everything(house: House) -> list[str]:
    types = ("Patient", "Encounter", "Condition", "Binary", "Provenance", "Task", "Linkage", "Coverage", "Claim")
    return [json.dumps(one, sort_keys=True) for type in types for one in house.found(type)]


def test_a_preview_tells_what_would_become_of_each_piece_and_changes_nothing(house: House) -> None:
    house.bring(another(1))
    before = everything(house)
    elsewhere = Sender("his/01002", "01002")
    known = {**another(1, MA_CSKCB="01002"), "MA_BN": "X1"}
    items = previewed(house, known, another(2, MA_CSKCB="01002"), BAD, another(3), sender=elsewhere)
    assert [one.state for one in items] == ["stored", "stored", "quarantined", "quarantined"]
    assert [one.whose for one in items] == ["linked", "new", "", ""]
    assert [issue.key for issue in items[3].issues if issue.severity == "error"] == ["intake.other-facility"]
    assert everything(house) == before
    assert house.intake.listed(OPERATOR)[0].items == 1


def test_what_a_preview_tells_is_what_happens(house: House) -> None:
    rows = [another(1), another(2), BAD]
    told = previewed(house, *rows)
    done = house.intake.items(HOSPITAL, house.bring(*rows))
    assert [(one.state, one.whose, one.label) for one in told] == [(one.state, one.whose, one.label) for one in done]
    assert [sorted((w.type, w.id) for w in one.wrote) for one in told] == [
        sorted((w.type, w.id) for w in one.wrote) for one in done
    ]


def test_a_preview_uses_up_no_citizen_code(house: House) -> None:
    house.bring(another(3))
    arrivals = house.node.records._arrivals
    assert isinstance(arrivals, Arrivals)
    free = set(arrivals.codes._codes)
    previewed(house, another(1), another(2))
    assert set(arrivals.codes._codes) == free


def test_an_undone_deposit_leaves_only_what_came_and_may_come_anew(house: House) -> None:
    id = house.bring(another(1), another(2))
    done = house.intake.undo(HOSPITAL, id)
    assert (done.items, done.left) == (2, [])
    assert house.found("Encounter") == house.found("Condition") == house.found("Coverage") == []
    assert [one for one in house.found("Patient") if one.get("active", True) and "person" not in json.dumps(one)] == []
    assert len(house.found("Binary")) == 2
    assert house.states(id) == ["undone", "undone"]
    again = house.bring(another(1), another(2))
    assert again != id
    assert house.states(again) == ["stored", "stored"]
    assert len(house.found("Encounter")) == 2


def test_a_correction_undone_gives_back_what_was_there(house: House) -> None:
    house.bring(another(1))
    [before] = house.found("Encounter")
    id = house.bring({**another(1), "LY_DO_VV": "Đau đầu", "NGAY_RA": "202607191000"})
    assert house.found("Encounter") != [before]
    assert house.intake.undo(HOSPITAL, id).left == []
    [after] = house.found("Encounter")
    assert {**after, "meta": None} == {**before, "meta": None}


def test_what_was_changed_since_stays_and_is_told(house: House) -> None:
    id = house.bring(another(1))
    house.bring({**another(1), "LY_DO_VV": "Đau đầu"})
    [encounter] = house.found("Encounter")
    left = house.intake.undo(HOSPITAL, id).left
    assert ("Encounter", encounter["id"], "changed") in [(one.type, one.id, one.why) for one in left]
    assert house.found("Encounter") == [encounter]


def test_a_patient_with_other_visits_stays(house: House) -> None:
    id = house.bring(another(1))
    house.bring({**another(1), "MA_LK": "LK7", "MA_HSBA": "BA7"})
    left = house.intake.undo(HOSPITAL, id).left
    assert [(one.type, one.why) for one in left] == [("Patient", "in-use")]
    assert len(house.found("Encounter")) == 1


def test_a_record_that_a_deposit_wrote_twice_goes_back_to_before_both(house: House) -> None:
    house.bring(another(1))
    [before] = house.found("Encounter")
    id = house.bring({**another(1), "LY_DO_VV": "Một"}, {**another(1), "LY_DO_VV": "Hai"})
    assert house.states(id) == ["stored", "stored"]
    assert house.intake.undo(HOSPITAL, id).left == []
    [after] = house.found("Encounter")
    assert {**after, "meta": None} == {**before, "meta": None}


def test_nothing_is_undone_while_something_waits(house: House) -> None:
    content = envelope(visit({"XML1": [another(1)]}))
    id = house.intake.receive(HOSPITAL, "insurance-xml", "a.xml", io.BytesIO(content)).id
    with pytest.raises(Refused) as refused:
        house.intake.undo(HOSPITAL, id)
    assert refused.value.status == 409
