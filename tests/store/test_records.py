"""Save, read, delete and versions, on each engine."""

from __future__ import annotations

import json
from uuid import UUID

import pytest
from tests.store.checks import check
from tests.store.samples import WHO, delete, observation, patient, put

from hoso.core.ids import uuid7
from hoso.store.contract import Conflict
from hoso.store.record_store import RecordStore


def test_a_record_comes_back_with_the_bytes_it_was_sent_with(store: RecordStore) -> None:
    body = '{"resourceType":"Patient", "id":"p",\n "extension":[{"url":"x","valueDecimal":1.10}],"active" : true}'
    draft = put(json.loads(body), "p")
    draft.body = body.encode()
    (saved,) = store.save([draft], WHO)
    read = store.read("Patient", "p")
    assert read is not None and read.body == saved.body
    assert b'"valueDecimal":1.10}],"active" : true}' in read.body
    meta = json.loads(read.body)["meta"]
    assert meta["versionId"] == "1" == saved.version
    assert saved.outcome == "created"


def test_what_was_never_there_is_not_read(store: RecordStore) -> None:
    assert store.read("Patient", "nobody") is None
    assert store.read("NoSuchType", "x") is None
    assert store.vread("Patient", "nobody", "1") is None
    store.save([put(observation("Patient/ghost"), "o")], WHO)
    assert store.read("Patient", "ghost") is None
    assert store.history("Patient", "ghost").versions == []


def test_every_version_stays_readable(store: RecordStore) -> None:
    bodies = [store.save([put(patient(born=f"199{n}-01-01"), "p")], WHO)[0].body for n in range(4)]
    for number, body in enumerate(bodies, 1):
        version = store.vread("Patient", "p", str(number))
        assert version is not None and version.body == body
    assert store.vread("Patient", "p", "5") is None
    check(store)


def test_the_same_content_again_is_a_version_too(store: RecordStore) -> None:
    first, second = (store.save([put(patient(), "p")], WHO)[0] for _ in range(2))
    assert (first.version, second.version, second.outcome) == ("1", "2", "updated")
    check(store)


def test_a_deletion_keeps_history_and_a_creation_counts_on(store: RecordStore) -> None:
    store.save([put(patient(), "p")], WHO)
    (gone,) = store.save([delete("Patient", "p")], WHO)
    assert (gone.outcome, gone.version) == ("deleted", "2")
    head = store.read("Patient", "p")
    assert head is not None and head.deleted and head.body == b"" and head.method == "DELETE"
    assert store.save([delete("Patient", "p")], WHO)[0].outcome == "unchanged"
    assert store.save([delete("Patient", "never")], WHO)[0].outcome == "unchanged"
    (again,) = store.save([put(patient(), "p")], WHO)
    assert (again.outcome, again.version) == ("created", "3")
    assert [v.deleted for v in store.history("Patient", "p").versions] == [False, True, False]
    check(store)


def test_a_base_that_is_not_the_head_is_a_conflict(store: RecordStore) -> None:
    store.save([put(patient(), "p")], WHO)
    store.save([put(patient(), "p", base="1")], WHO)
    for draft in (put(patient(), "p", base="1"), put(patient(), "p", base=None), delete("Patient", "p", base="1")):
        with pytest.raises(Conflict) as refused:
            store.save([put(patient(), "other"), draft], WHO)
        assert (refused.value.type, refused.value.id, refused.value.head) == ("Patient", "p", "2")
    with pytest.raises(Conflict) as refused:
        store.save([put(patient(), "absent", base="1")], WHO)
    assert refused.value.head is None
    assert store.read("Patient", "other") is None
    assert len(check(store)) == 2


def test_a_batch_is_one_group_in_the_feed(store: RecordStore) -> None:
    store.save([put(patient(), "p"), put(observation(), "a"), delete("Patient", "x"), put(observation(), "b")], WHO)
    changes = check(store)
    assert [(c.version.id, c.place, c.places, c.patient) for c in changes] == [
        ("p", 1, 3, "p"),
        ("a", 2, 3, "p"),
        ("b", 3, 3, "p"),
    ]
    assert len({c.bundle for c in changes}) == 1
    assert (changes[0].actor, changes[0].reason, changes[0].node) == ("user/test", "TREAT", "test-node")


def test_a_name_may_come_twice_in_one_batch(store: RecordStore) -> None:
    saved = store.save([put(patient(), "p"), delete("Patient", "p"), put(patient("Lê Lợi"), "p")], WHO)
    assert [(s.version, s.outcome) for s in saved] == [("1", "created"), ("2", "deleted"), ("3", "created")]
    assert len(check(store)) == 3


def test_a_record_that_changes_its_patient_moves(store: RecordStore) -> None:
    store.save([put(patient(), "p"), put(patient(), "q"), put(observation("Patient/p"), "o")], WHO)
    p, q = store.read("Patient", "p"), store.read("Patient", "q")
    before = store.read("Observation", "o")
    assert p and q and before and before.patient == p.rid
    store.save([put(observation("Patient/q"), "o")], WHO)
    after = store.read("Observation", "o")
    assert after and (after.patient, after.rid) == (q.rid, before.rid)
    first = store.vread("Observation", "o", "1")
    assert first and first.body == before.body
    store.save([put(observation(None), "o")], WHO)
    check(store)


def test_a_record_may_arrive_before_its_patient(store: RecordStore) -> None:
    store.save([put(observation("Patient/late"), "o")], WHO)
    store.save([put(patient(), "late")], WHO)
    found, record = store.read("Patient", "late"), store.read("Observation", "o")
    assert found and record and record.patient == found.rid
    check(store)


def test_a_change_id_that_was_stored_is_answered_and_not_stored_again(store: RecordStore) -> None:
    ids: list[UUID] = [uuid7(), uuid7()]
    drafts = [put(patient(), "p"), put(observation(), "o")]
    first = store.save(drafts, WHO, changes=ids)
    assert store.save(drafts, WHO, changes=ids) == first
    more = store.save([*drafts, put(patient(), "q")], WHO, changes=[*ids, uuid7()])
    assert more[:2] == first and more[2].outcome == "created"
    assert len(check(store)) == 3


def test_heads_answers_only_what_is_there(store: RecordStore) -> None:
    store.save([put(patient(), "p"), put(observation(), "o"), put(patient(), "gone")], WHO)
    store.save([delete("Patient", "gone")], WHO)
    names = [("Patient", "p"), ("Patient", "q"), ("Observation", "o"), ("Nonsense", "p"), ("Patient", "gone")]
    found = store.heads(names)
    assert found == {name: store.read(*name) for name in names if store.read(*name)}
    assert len(found) == 3 and found["Patient", "gone"].deleted
    assert store.heads([]) == {}


def test_long_and_odd_texts_are_kept_and_indexed(store: RecordStore) -> None:
    record = patient("Hoà " * 2_000)
    record["name"] += [{"text": "Hoa"}, {"text": "Hòa"}, {"text": "HOÀ"}, {"text": "100% 'x' \\ ? \" 𠮷"}]
    record["meta"] = {"profile": ["http://example.org/" + "a" * 5_000]}
    store.save([put(record, "p")], WHO)
    read = store.read("Patient", "p")
    assert read and json.loads(read.body)["name"] == record["name"]
    check(store)
    store.save([delete("Patient", "p")], WHO)
    check(store)


def test_work_in_a_transaction_is_all_or_nothing(store: RecordStore) -> None:
    class Stop(Exception):
        pass

    def work(transaction: object) -> None:
        transaction.save([put(patient(), "p")])  # type: ignore[attr-defined]
        assert transaction.read("Patient", "p") is not None  # type: ignore[attr-defined]
        raise Stop

    with pytest.raises(Stop):
        store.write(work, WHO)
    assert store.read("Patient", "p") is None
    assert store.write(lambda t: t.save([put(patient(), "p")])[0].version, WHO) == "1"
    assert len(check(store)) == 1


def test_a_write_inside_a_write_is_refused(store: RecordStore) -> None:
    with pytest.raises(RuntimeError):
        store.write(lambda _: store.save([put(patient(), "p")], WHO), WHO)
    store.save([put(patient(), "p")], WHO)
