"""The index of an added search parameter is whole, however often whoever makes it is killed, while others write."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.store.samples import WHO, patient, put

from hoso.fhir.added import Definition
from hoso.store import filling
from hoso.store.added import FILLING, READY
from hoso.store.contract import StoreConfig
from hoso.store.doctor import examine
from hoso.store.opening import open_store

ROOT = Path(__file__).parents[2]
PEOPLE, KILLS = 40, 2


def test_a_killed_walk_goes_on_where_it_was(
    engine: str, store_config: Callable[[str], StoreConfig], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "GRACE_MS", -1)
    config = store_config(engine)
    store = open_store(config)
    store.save([put(patient(), f"p{number}") for number in range(PEOPLE)], WHO)
    store.settle_added({"called": [Definition("called", "string", ("Patient",), "Patient.name.text")]})
    for kill in range(KILLS):
        walk_until(config, lines=8)
        store.save([put(patient(), f"p{kill}"), put(patient(), f"new{kill}")], WHO)
    store.facts.added.forget()
    (one,) = store.added.parameters
    assert one.state == FILLING and one.seen >= 8 * KILLS
    while filling.step(store):
        pass
    (one,) = store.added.parameters
    assert (one.state, one.seen) == (READY, PEOPLE + KILLS)
    assert [found for found in examine(store) if found.faults] == []
    store.close()


def walk_until(config: StoreConfig, lines: int) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.store.filler", config.url, (config.key or b"").hex()],
        stdout=subprocess.PIPE, cwd=ROOT,
    )  # fmt: skip
    assert process.stdout is not None
    with process.stdout as out:
        for _ in range(lines):
            assert out.readline() == b"one\n"
        process.send_signal(signal.SIGKILL)
    process.wait()
