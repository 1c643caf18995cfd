"""Labels by hand: who may, what follows for what was made of the record, and how long it stays."""

from __future__ import annotations

import pytest
from tests.api.caller import Caller
from tests.security.test_case_09_labels import LABELLED, condition, report, security
from tests.security.ward import DOCTOR, FOREIGN, NOW, SHOWN, asked_by, staff, ward

from hoso.access import Actor, Errand, Scopes
from hoso.access.audit.journal import PlainJournal
from hoso.access.labelling import Labelling, told
from hoso.core import Refused
from hoso.store import label_upkeep
from hoso.store.record_store import RecordStore

OPERATOR = Errand(Actor("user/root", Scopes.parse("system/*.cruds")), "SYSADMIN", channel="command")
WHY = "the test was of somebody else"
NURSE = staff("n1", "nurse")


@pytest.fixture
def nurse(store: RecordStore) -> Caller:
    return ward(store, [*SHOWN, *FOREIGN, *LABELLED, report("r2", "h1")], NURSE)


@pytest.fixture
def labelling(store: RecordStore, nurse: Caller) -> Labelling:
    return Labelling(store, PlainJournal(store), lambda: NOW)


def test_what_inherited_a_label_loses_it_with_its_source(nurse: Caller, labelling: Labelling) -> None:
    for name in ("Observation/h1", "DiagnosticReport/r1"):
        assert nurse("GET", name).status == 404
    assert labelling.change(OPERATOR, "Observation", "h1", lowered=["HIV"], words=WHY) == frozenset()
    for name in ("Observation/h1", "DiagnosticReport/r1", "DiagnosticReport/r2", "Observation/h1/_history/1"):
        assert nurse("GET", name).status == 200, name
        assert security(nurse("GET", name)) == []
    assert nurse("GET", "Condition/hiv").status == 404
    assert [(told(one), one.words) for one in labelling.acts(OPERATOR, "Observation", "h1")] == [("-HIV", WHY)]


def test_it_stays_off_until_a_version_says_it_anew(nurse: Caller, labelling: Labelling, store: RecordStore) -> None:
    writer = Caller(store)
    labelling.change(OPERATOR, "Condition", "hiv", lowered=["HIV"], words=WHY)
    assert writer("PUT", "Condition/hiv", condition("hiv", "B20.1", note=[{"text": "x"}])).status == 200
    assert nurse("GET", "Condition/hiv").status == 200
    assert not label_upkeep.lacking(store, store.engine.reader(), lambda number: None).rows
    assert writer("PUT", "Condition/hiv", condition("hiv", "J20")).status == 200
    assert writer("PUT", "Condition/hiv", condition("hiv", "B24")).status == 200
    assert nurse("GET", "Condition/hiv").status == 404


def test_a_label_raised_by_hand_reaches_what_is_made_of_it(
    nurse: Caller, labelling: Labelling, store: RecordStore
) -> None:
    assert labelling.change(OPERATOR, "Observation", "o1", raised=["PRIVATE_NOTE"], words=WHY) == {"PRIVATE_NOTE"}
    assert nurse("GET", "Observation/o1").status == 404
    doctor = asked_by(nurse, store, DOCTOR)
    assert doctor("GET", "DiagnosticReport/r1").status == 404
    assert doctor("GET", "DiagnosticReport/r2").status == 200
    labelling.change(OPERATOR, "Observation", "o1", lowered=["PRIVATE_NOTE"], words=WHY)
    assert security(doctor("GET", "DiagnosticReport/r1")) == ["HIV"]
    assert all(not finding for finding in label_upkeep.lacking(store, store.engine.reader(), lambda number: None).rows)


def test_who_may_and_what_is_asked_of_them(labelling: Labelling) -> None:
    treating = Errand(DOCTOR, "TREAT")
    assert labelling.change(treating, "Observation", "o2", raised=["DV"], words=WHY) == {"DV"}
    refusals = [
        (treating, "Observation", "x1", ["DV"], WHY, 404),
        (treating, "Observation", "nothing", ["DV"], WHY, 404),
        (Errand(NURSE, "TREAT"), "Observation", "o1", ["DV"], WHY, 403),
        (treating, "Observation", "o1", ["DV"], "because", 422),
        (treating, "Observation", "o1", ["dv"], WHY, 422),
        (treating, "Observation", "o1", [], WHY, 422),
    ]
    for errand, type, id, raised, words, status in refusals:
        with pytest.raises(Refused) as refused:
            labelling.change(errand, type, id, raised=raised, words=words)
        assert refused.value.status == status


def test_each_act_leaves_an_event(labelling: Labelling, store: RecordStore) -> None:
    def events() -> int:
        store.engine.gather()
        return int(store.engine.reader().rows("SELECT count(*) FROM audit_event")[0][0])

    before = events()
    labelling.change(OPERATOR, "Observation", "o2", raised=["DV"], words=WHY)
    assert events() == before + 1


def test_a_token_may_be_narrowed_to_labels(nurse: Caller, store: RecordStore) -> None:
    operator = Caller(store)
    for labels, status in ((None, 200), ([], 404), (["HIV"], 200), (["PSY"], 404)):
        operator.token = operator.tokens.create("narrow", "system/*.rs", None, labels)
        assert operator("GET", "Condition/hiv").status == status, labels
    with pytest.raises(Refused):
        operator.tokens.create("narrow", "system/*.rs", None, ["nothing"])
