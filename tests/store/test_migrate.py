"""Numbered SQL files, applied once and never changed; and what a store refuses to open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.store.samples import WHO, patient, put

from hoso.store import migrate
from hoso.store.codec import CURRENT, Codec, shipped
from hoso.store.contract import StoreConfig, Unavailable
from hoso.store.facts import open_epoch
from hoso.store.migrate import SchemaMismatch
from hoso.store.opening import create_store, open_store
from hoso.store.record_store import RecordStore

Make = Callable[[str], StoreConfig]


def test_making_a_store_again_changes_nothing(engine: str, store_config: Make) -> None:
    config = store_config(engine)
    store = open_store(config)
    store.save([put(patient(), "p")], WHO)
    secret = store.facts.keys.token("Patient", "gender", "male")
    store.close()
    create_store(config)
    store = open_store(config)
    assert store.read("Patient", "p") is not None
    assert store.facts.keys.token("Patient", "gender", "male") == secret
    applied = store.engine.reader().rows("SELECT number, name FROM migration ORDER BY number")
    dialect = store.engine.reader().dialect
    assert applied == [(m.number, m.name) for m in migrate.shipped(dialect)]
    store.close()


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("UPDATE migration SET checksum = 'x' WHERE number = 1", "changed"),
        ("INSERT INTO migration VALUES (9999, '9999_future.sql', 'x')", "newer release"),
    ],
)
def test_a_schema_that_is_not_ours_is_refused(engine: str, store_config: Make, sql: str, reason: str) -> None:
    config = store_config(engine)
    store = open_store(config)
    store.engine.transact(lambda c: c.rows(sql))
    store.close()
    with pytest.raises(SchemaMismatch, match=reason):
        open_store(config)


def test_two_databases_hash_the_same_value_differently(engine: str, store_config: Make) -> None:
    stores = [open_store(store_config(engine)) for _ in range(2)]
    assert len({store.facts.keys.token("Patient", "identifier", "1") for store in stores}) == 2
    for store in stores:
        store.close()


def test_after_a_restore_versions_and_stream_are_new_ones(engine: str, store_config: Make) -> None:
    config = store_config(engine)
    store = open_store(config)
    store.save([put(patient(), "p")], WHO)
    epoch = store.engine.transact(open_epoch)
    store.close()
    store = open_store(config)
    (saved,) = store.save([put(patient(), "p")], WHO)
    assert saved.version == f"2-{epoch[:6]}"
    assert store.vread("Patient", "p", saved.version) is not None
    store.close()


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_store(StoreConfig(f"sqlite:///{tmp_path}/none.db", bytes(32), "n"))
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_key_opens_nothing(store_config: Make) -> None:
    config = store_config("sqlite")
    with pytest.raises(Unavailable):
        open_store(StoreConfig(config.url, bytes(32), "n"))
    with pytest.raises(ValueError, match="32 bytes"):
        open_store(StoreConfig(config.url, None, "n"))


def test_an_unknown_engine_is_refused() -> None:
    for act in (create_store, open_store):
        with pytest.raises(ValueError, match="mysql"):
            act(StoreConfig("mysql://somewhere", None, "n"))


def test_every_dictionary_that_was_shipped_unpacks(store: RecordStore) -> None:
    dictionaries = shipped()
    assert list(dictionaries) == list(range(1, CURRENT + 1))
    text = b'{"resourceType":"Patient","id":"p"}'
    for number, data in dictionaries.items():
        codec = Codec({number: data})
        assert codec.unpack(number, codec.pack(text)) == text
    plain = Codec({})
    assert store.facts.codec.unpack(plain.current, plain.pack(text)) == text
