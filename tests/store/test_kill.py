"""Killed at any moment, nothing that was acknowledged is lost and the chain holds. HOSO_KILLS=200 for the long run."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests import postgres
from tests.store.checks import check

from hoso.store.contract import StoreConfig
from hoso.store.opening import create_store, open_store

KILLS = int(os.environ.get("HOSO_KILLS", "4"))
ROOT = Path(__file__).parents[2]


def start(config: StoreConfig, run: int, out: Path) -> subprocess.Popen[bytes]:
    with out.open("wb") as sink:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.store.killed", config.url, (config.key or b"").hex(), str(run)],
            stdout=sink, stderr=subprocess.DEVNULL, cwd=ROOT,
        )  # fmt: skip


def acknowledged(out: Path) -> list[tuple[str, str, str]]:
    """Whole lines only: the last one may be cut off by the kill."""
    lines = out.read_text().split("\n")[:-1]
    return [(type, id, version) for type, id, version in (line.split("/") for line in lines)]


def wait_for_writes(process: subprocess.Popen[bytes], out: Path, least: int) -> None:
    ends = time.monotonic() + 120
    while len(acknowledged(out)) < least:
        assert process.poll() is None, "the writer ended by itself"
        assert time.monotonic() < ends, "the writer wrote nothing"
        time.sleep(0.01)


def verify(config: StoreConfig, outs: list[Path]) -> int:
    store = open_store(config)
    try:
        stored = {(c.version.type, c.version.id, c.version.version) for c in check(store)}
    finally:
        store.close()
    answered = {line for out in outs for line in acknowledged(out)}
    assert not answered - stored
    return len(answered)


def test_a_killed_writer_loses_nothing_it_acknowledged(
    engine: str, store_config: Callable[[str], StoreConfig], tmp_path: Path
) -> None:
    config, chance, outs = store_config(engine), random.Random(7), []
    for run in range(KILLS):
        out = tmp_path / f"out-{run}"
        outs.append(out)
        process = start(config, run, out)
        wait_for_writes(process, out, 8)
        time.sleep(chance.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.wait()
        if run % 50 == 49 or run == KILLS - 1:
            assert verify(config, outs) > 0


@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGINT])
def test_a_server_that_dies_loses_nothing_and_writers_go_on_when_it_is_back(
    tmp_path: Path, how: signal.Signals
) -> None:
    with postgres.running(fsync=True) as server, postgres.database(server.url) as url:
        config = StoreConfig(url, None, "test-node")
        create_store(config)
        out = tmp_path / "out"
        process = start(config, 1, out)
        try:
            for _ in range(max(1, KILLS // 4)):
                wait_for_writes(process, out, len(acknowledged(out)) + 30)
                server.stop(how)
                before = len(acknowledged(out))
                server.start()
                wait_for_writes(process, out, before + 30)
        finally:
            process.kill()
            process.wait()
        assert verify(config, [out]) > 60
