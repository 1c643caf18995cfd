"""Each event gets one place, in whatever process, and a sealer that is killed goes on where the rows end."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from tests.access.audit.events import event, rows
from tests.access.audit.logs import SIGNER, fill, sealer, size, spoil

from hoso.access.audit import leaf, tree
from hoso.access.audit.note import opened
from hoso.access.audit.sealer import StoredTree
from hoso.access.audit.tree import Listed, included, inclusion
from hoso.access.audit.verify import verify
from hoso.store import audit
from hoso.store.contract import StoreConfig
from hoso.store.opening import open_store
from hoso.store.record_store import RecordStore


def test_places_are_dense_and_each_patient_is_counted_from_one(store: RecordStore) -> None:
    fill(store, 600)
    found = audit.sealed(store.engine.reader(), 0, 1_000)
    assert [row.seq for row in found] == list(range(len(found))) and len({row.event for row in found}) == len(found)
    for patient in range(1, 9):
        numbers = [row.number for row in found if row.patient == patient]
        assert numbers == list(range(1, len(numbers) + 1)) and numbers
    assert {row.number for row in found if row.patient == 0} == {0}


def test_a_leaf_is_bound_to_the_event_of_the_patient_before(store: RecordStore) -> None:
    store.record(rows([event(0, 4), event(1, 5), event(2, 4)]))
    sealer(store).settle()
    first, _, third = audit.sealed(store.engine.reader(), 0, 10)
    key = audit.secret(store.engine.reader())
    assert third.salt is not None and third.bytes is not None
    assert third.leaf == leaf.leaf(leaf.subject(key, 4), 2, first.leaf, third.salt, third.bytes)


def test_the_kept_hashes_are_those_of_the_tree(store: RecordStore) -> None:
    fill(store, 1_300)
    count = size(store)
    leaves = audit.leaves(store.engine.reader(), 0, count)
    stored, listed = StoredTree(store.engine.reader()), Listed(leaves)
    top = tree.root(listed, count)
    assert tree.root(stored, count) == top
    for index in (0, 1, 255, 256, 700, count - 1):
        proof = inclusion(stored, index, count)
        assert proof == inclusion(listed, index, count) and included(leaves[index], index, count, proof, top)


def test_the_tree_is_signed_when_it_has_grown(store: RecordStore) -> None:
    assert not sealer(store).sign()
    fill(store, 20)
    found = audit.checkpoint(store.engine.reader())
    assert found is not None
    _, point = opened(found[1], SIGNER.verifier)
    assert (point.size, point.root) == (size(store), tree.root(StoredTree(store.engine.reader()), size(store)))
    assert not sealer(store).sign()


def test_a_map_is_published_once_a_day(store: RecordStore) -> None:
    store.record(rows([event(0, 3)]))
    sealer(store).settle()
    assert sealer(store).publish() and not sealer(store).publish()
    assert sealer(store, 1).publish() and sealer(store, 1).publish(again=True)
    assert [seq for seq, _ in audit.maps(store.engine.reader())] == [1, 2, 3]


def test_many_sealers_and_writers_at_once_make_one_dense_log(store_config: Any, engine: str) -> None:
    config: StoreConfig = store_config(engine)
    stores = [open_store(config) for _ in range(3)]
    told = rows([event(n, n % 5) for n in range(300)])
    failed: list[BaseException] = []

    def write(store: RecordStore, part: int) -> None:
        try:
            for one in told[part::3]:
                store.record([one])
        except BaseException as error:
            failed.append(error)

    def seal(store: RecordStore) -> None:
        try:
            while not done.is_set():
                sealer(store).settle()
        except BaseException as error:
            failed.append(error)

    done = threading.Event()
    writers = [threading.Thread(target=write, args=(store, part)) for part, store in enumerate(stores)]
    sealers = [threading.Thread(target=seal, args=(store,)) for store in stores]
    for thread in [*writers, *sealers]:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in sealers:
        thread.join()
    try:
        sealer(stores[0]).settle()
        assert not failed
        assert verify(stores[0].engine.reader(), SIGNER.verifier).size == 300
    finally:
        for store in stores:
            store.close()


def test_bytes_that_are_no_event_stop_nobody(store: RecordStore) -> None:
    fill(store, 4)
    spoil(store, ("INSERT INTO audit_event (salt, bytes) VALUES (?, ?)", (bytes(16), b"nonsense")))
    if store.engine.reader().dialect == "postgresql":
        spoil(store, ("INSERT INTO audit_pending SELECT max(id) FROM audit_event", ()))
    before = size(store)
    store.record(rows([event(9, 1)]))
    assert sealer(store).settle() == before + 2


@pytest.mark.parametrize("failing", ["audit_seal", "audit_node", "audit_map"])
def test_a_sealer_that_dies_halfway_leaves_nothing_half_done(
    store: RecordStore, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    store.record(rows([event(n, n % 5) for n in range(400)]))
    real = audit.seal

    def dying(connection: Any, seals: Any, nodes: Any) -> None:
        real(connection, seals if failing != "audit_seal" else seals[:100], nodes)
        raise KeyError(failing)

    with monkeypatch.context() as patched:
        patched.setattr(audit, "seal", dying)
        with pytest.raises(KeyError):
            sealer(store).settle()
    assert size(store) == 0
    assert sealer(store).settle() == 400
    assert verify(store.engine.reader(), SIGNER.verifier).size == 400
