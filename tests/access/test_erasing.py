"""Erasing: two people, all versions and rows, nothing else, and everything that proves itself goes on doing so."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.api.caller import Caller
from tests.security.ward import NOW, staff
from tests.store.samples import WHO, patient, put
from tests.store.test_sealing import SECRET, condition, note, sound

from hoso.access import Actor, Errand, Scopes
from hoso.access.audit.journal import PlainJournal
from hoso.access.erasing import Erasing
from hoso.core import Refused
from hoso.core.clock import to_ms
from hoso.fhir.search import parse
from hoso.store import audit, doctor, label_upkeep, repair
from hoso.store.cases import NO_EVENT, CaseRow, CaseTable
from hoso.store.record_store import RecordStore
from hoso.store.visible import EVERYTHING

WHY = "theo đơn của người bệnh"
SCOPES = Scopes.parse("system/*.cruds")
LAN = Errand(Actor("user/lan", SCOPES), "HOPERAT", channel="command")
MINH = replace(LAN, actor=Actor("user/minh", SCOPES))


@pytest.fixture
def erasing(store: RecordStore) -> Erasing:
    store.save([put(patient(), "p"), put(patient(), "q")], WHO)
    store.save([condition("hiv", "B20"), condition("hiv2", "B24"), note("made", "Condition/hiv")], WHO)
    store.save([condition("hiv", "B20", SECRET + " 2"), condition("flu", "J10", "Cúm mùa")], WHO)
    store.save(
        [
            condition("dv", "T74"),
            put({**json.loads(condition("of-q", "B20").body), "subject": {"reference": "Patient/q"}}, "of-q"),
        ],
        WHO,
    )
    return Erasing(store, PlainJournal(store), lambda: NOW)


def erased(store: RecordStore) -> set[str]:
    found = [("Condition", id) for id in ("hiv", "hiv2", "flu", "dv", "of-q")] + [("List", "made")]
    return {id for type, id in found if (v := store.read(type, id)) is not None and v.erased}


def test_two_people_erase_what_carries_the_label_and_nothing_else(store: RecordStore, erasing: Erasing) -> None:
    request = erasing.ask(LAN, "p", ["HIV"], WHY)
    assert erased(store) == set()
    with pytest.raises(Refused) as refused:
        erasing.decide(LAN, request, approved=True)
    assert refused.value.status == 403 and erased(store) == set()
    assert erasing.decide(MINH, request, approved=True) == 3
    assert erased(store) == {"hiv", "hiv2", "made"}
    with pytest.raises(Refused) as again:
        erasing.decide(MINH, request, approved=True)
    assert again.value.status == 409
    assert SECRET in store.read("Condition", "dv").body.decode()  # type: ignore[union-attr]
    assert SECRET in store.read("Condition", "of-q").body.decode()  # type: ignore[union-attr]


def test_nothing_is_left_of_it_and_everything_still_proves_itself(store: RecordStore, erasing: Erasing) -> None:
    rids = {store.read("Condition", id).rid for id in ("hiv", "hiv2")}  # type: ignore[union-attr]
    erasing.decide(MINH, erasing.ask(LAN, "p", ["HIV"], WHY), approved=True)
    reader = store.engine.reader()
    for table in ("token", "ref", "date", "string", "quantity"):
        assert not [row for (row,) in reader.rows(f"SELECT rid FROM {table}") if row in rids], table
    assert not [rid for (rid,) in reader.rows("SELECT rid FROM record_key") if rid in rids]
    assert not reader.rows("SELECT b.seq FROM body b JOIN change c ON c.seq = b.seq JOIN erasure e ON e.rid = c.rid")
    sound(store)
    repair.rebuild(store)
    assert label_upkeep.mend(store) == 0
    assert store.seal_rest() == 0
    sound(store)
    matches = store.search(parse("Condition", [("code", "B20,B24,T74")]), EVERYTHING).matches
    assert sorted(v.id for v in matches) == ["dv", "of-q"]
    assert sorted(v.id for v in store.everything("p", EVERYTHING)) == ["dv", "flu", "p"]
    assert store.feed(0, 1000)[-1].reason == "erased"


def test_a_caller_is_told_that_it_was_erased(store: RecordStore, erasing: Erasing) -> None:
    erasing.decide(MINH, erasing.ask(LAN, "p", ["HIV"], WHY), approved=True)
    call = Caller(store)
    for name in ("Condition/hiv", "Condition/hiv/_history/1", "Condition/hiv/_history/2"):
        answer = call("GET", name)
        assert answer.status == 410, name
        assert "erased for ever" in answer.body.decode()
    history = call("GET", "Condition/hiv/_history")
    assert history.status == 200 and SECRET not in history.body.decode()
    assert len(json.loads(history.body)["entry"]) == 3
    assert call("GET", "_history").status == 200
    # What is written under the name anew is a record like any other.
    made = json.loads(condition("hiv", "J10", "mới").body)
    assert call("PUT", "Condition/hiv", made).status == 201
    assert call("GET", "Condition/hiv").status == 200
    sound(store)


def test_the_audit_log_says_who_asked_who_approved_and_what_went(store: RecordStore, erasing: Erasing) -> None:
    request = erasing.ask(LAN, "p", ["HIV"], WHY)
    erasing.decide(MINH, request, approved=True)
    store.engine.gather()
    told = [json.dumps(_event(row)) for row in audit.waiting(store.engine.reader(), 100, 0)]
    assert sum('"erasure-asked"' in one and "user/lan" in one for one in told) == 1
    assert sum('"erasure-approved"' in one and "user/minh" in one for one in told) == 1
    assert sum('"erase"' in one and "user/minh" in one for one in told) == 3
    assert not [one for one in told if "HIV" in one]


def _case(store: RecordStore, id: str, kind: str = "erasure", patient: str = "p") -> CaseRow:
    rid = store.people.rids([patient])[patient]
    row = CaseRow(id, kind, rid, "user/c-p", "35001", NO_EVENT, WHY, 1, 2, 3)
    return CaseTable(store.engine).open(row, [])


def test_a_case_that_asks_for_it_is_answered_and_closed_with_it(store: RecordStore, erasing: Erasing) -> None:
    _case(store, "c1")
    request = erasing.ask(LAN, "p", ["HIV"], WHY, "c1")
    with pytest.raises(Refused) as short:
        erasing.decide(MINH, request, approved=True)
    assert short.value.status == 422 and erased(store) == set()
    assert erasing.decide(MINH, request, approved=True, words="Đã xóa hẳn theo đơn của ông bà") == 3
    row = CaseTable(store.engine).case("c1")
    assert row is not None and (row.outcome, row.officer) == ("fulfilled", "user/minh")
    assert row.answered == row.acknowledged == row.closed == to_ms(NOW)
    store.engine.gather()
    told = [_event(one) for one in audit.waiting(store.engine.reader(), 100, 0)]
    assert ["case-answered", "user/minh", "erasure c1 fulfilled", ""] in told
    assert ["erasure-approved", "user/minh", f"{request} case c1", ""] in told
    assert sum(kind == "erase" and reason == f"{request} crypto-erasure" for kind, _, _, reason in told) == 3
    assert [one.case_id for one in erasing.requests(LAN)] == ["c1"]


def test_a_refusal_answers_the_case_too_and_erases_nothing(store: RecordStore, erasing: Erasing) -> None:
    _case(store, "c1")
    request = erasing.ask(LAN, "p", ["HIV"], WHY, "c1")
    assert erasing.decide(MINH, request, approved=False, words="Hồ sơ còn phải lưu theo luật") == 0
    row = CaseTable(store.engine).case("c1")
    assert row is not None and (row.outcome, row.answer) == ("refused", "Hồ sơ còn phải lưu theo luật")
    assert erased(store) == set()


def test_a_case_of_somebody_else_or_answered_meanwhile_erases_nothing(store: RecordStore, erasing: Erasing) -> None:
    _case(store, "copy", "access")
    _case(store, "other", patient="q")
    for id in ("copy", "other", "none", "x\0"):
        with pytest.raises(Refused) as unknown:
            erasing.ask(LAN, "p", ["HIV"], WHY, id)
        assert unknown.value.status == 404
    _case(store, "c1")
    request = erasing.ask(LAN, "p", ["HIV"], WHY, "c1")
    assert CaseTable(store.engine).answer("c1", 5, "user/po", "refused", WHY, [])
    with pytest.raises(Refused) as late:
        erasing.decide(MINH, request, approved=True, words="Đã xóa hẳn theo đơn của ông bà")
    assert late.value.status == 409 and erased(store) == set()
    assert [one.approved for one in erasing.requests(LAN)] == [None]
    with pytest.raises(Refused) as again:
        erasing.ask(LAN, "p", ["HIV"], WHY, "c1")
    assert again.value.status == 409


def _event(row: Any) -> list[str]:
    from hoso.access.audit.event import read

    event = read(row.bytes)
    return [event.kind, event.actor, event.what, event.reason]


def test_who_may_not_gets_nowhere_and_nonsense_is_refused(store: RecordStore, erasing: Erasing) -> None:
    nurse = Errand(staff("n1", "nurse"), "TREAT")
    cases: list[tuple[Errand, str, list[str], str, int]] = [
        (nurse, "p", ["HIV"], WHY, 403),
        (replace(LAN, actor=Actor("client/x", Scopes.parse("system/*.rs"))), "p", ["HIV"], WHY, 403),
        (LAN, "nobody", ["HIV"], WHY, 404),
        (LAN, "p", ["PSY"], WHY, 422),
        (LAN, "p", ["hiv"], WHY, 422),
        (LAN, "p", [], WHY, 422),
        (LAN, "p", ["HIV"], "vì", 422),
    ]
    for errand, whom, labels, words, status in cases:
        with pytest.raises(Refused) as refused:
            erasing.ask(errand, whom, labels, words)
        assert refused.value.status == status
    request = erasing.ask(LAN, "p", ["HIV"], WHY)
    for errand, id, status in ((nurse, request, 403), (MINH, "none", 404)):
        with pytest.raises(Refused) as refused:
            erasing.decide(errand, id, approved=True)
        assert refused.value.status == status
    assert erasing.decide(MINH, request, approved=False) == 0
    with pytest.raises(Refused):
        erasing.decide(MINH, request, approved=True)
    assert erased(store) == set()
    assert [one.approved for one in erasing.requests(LAN)] == [0]


def test_persons_that_were_linked_and_parted_keep_their_keys_and_are_erased_together(
    store: RecordStore, erasing: Erasing
) -> None:
    rids = store.people.rids(["p", "q"])
    store.write(lambda t: t.people.found_persons([(rids["p"], "code-p")]), WHO)
    store.write(lambda t: t.people.assign([rids["p"], rids["q"]], rids["p"]), WHO)
    assert SECRET in store.read("Condition", "of-q").body.decode()  # type: ignore[union-attr]
    assert store.people.whole("q") == frozenset(rids.values())
    store.write(lambda t: t.people.release([rids["q"]]), WHO)
    assert SECRET in store.read("Condition", "of-q").body.decode()  # type: ignore[union-attr]
    store.write(lambda t: t.people.assign([rids["q"]], rids["p"]), WHO)
    assert erasing.decide(MINH, erasing.ask(LAN, "q", ["HIV"], WHY), approved=True) == 4
    assert erased(store) == {"hiv", "hiv2", "made", "of-q"}
    assert [f for finding in doctor.examine(store) for f in finding.faults] == []
