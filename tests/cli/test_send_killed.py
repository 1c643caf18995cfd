"""Sender and receiver killed at any moment while visits go from one node to the other: each arrives, and once.

HOSO_KILLS=20 for the long run, which is on both engines.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from tests import postgres
from tests.api.test_intake_kill import newcomer
from tests.cli.serving import hoso, made, served
from tests.cli.test_send_command import FACILITY, destination, facility, secret, sent
from tests.exchange.insurance.insurance_files import envelope, visit

from hoso import compose, outbound
from hoso.core import new_id, system_clock
from hoso.exchange.door import LOADING
from hoso.exchange.intake import Intake
from hoso.fhir.search import parse

KILLS = int(os.environ.get("HOSO_KILLS", "3"))
VISITS = 16
SINCE = "2026-01-01"


@pytest.fixture(params=["sqlite", "postgresql"] if KILLS > 3 else ["sqlite"])
def options(request: pytest.FixtureRequest) -> Iterator[list[list[str]]]:
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield [[], []]
        else:
            server = request.getfixturevalue("postgres_url")
            yield [["--database", stack.enter_context(postgres.database(server))] for _ in range(2)]


def test_nothing_is_lost_and_nothing_arrives_twice(options: list[list[str]], tmp_path: Path) -> None:
    chance, ours, theirs = random.Random(5), tmp_path / "ours", tmp_path / "theirs"
    mine, other = made(ours, *options[0]), made(theirs, *options[1])
    for folder in (ours, theirs):
        facility(folder)
    content = envelope(*(visit({"XML1": [newcomer(number)]}) for number in range(VISITS)))
    (tmp_path / "a.xml").write_bytes(content)
    assert hoso("load", "--data", ours, tmp_path / "a.xml").returncode == 0
    account = hoso("gateway", "create", "--data", theirs, "--facility", FACILITY).stdout.strip()
    queued = False
    for run in range(KILLS):
        with served(theirs, other) as there:  # it comes back at another port each time
            destination(ours, secret(ours, account), "--name", "bhxh", "--url", f"{there.address}gateway", "--username",
                        FACILITY)  # fmt: skip
            if not queued:
                [told] = sent(ours, "--to", "bhxh", "--since", SINCE, "--partial")
                assert told["queued"] == VISITS
                queued = True
            with served(ours, mine) as here:
                time.sleep(chance.uniform(0.8, 2.2))
                first, second = (here, there) if run % 2 else (there, here)
                os.killpg(first.process.pid, signal.SIGKILL)
                time.sleep(chance.uniform(0, 0.3))
                os.killpg(second.process.pid, signal.SIGKILL)
    with served(theirs, other) as there:
        destination(ours, secret(ours, account), "--name", "bhxh", "--url", f"{there.address}gateway", "--username",
                    FACILITY)  # fmt: skip
        states = finished(ours)
        assert there.stop() == 0
    assert states == {"delivered": VISITS}
    assert arrived(theirs) == [f"LK{number}" for number in sorted(range(VISITS), key=lambda n: f"LK{n}")]


def finished(folder: Path) -> dict[str, int]:
    """What became of all, when what a killed process had in hand is free again, and the waits are over."""
    node, hours = compose.open(folder), [0]

    def later() -> datetime:
        return system_clock() + timedelta(hours=hours[0])

    try:
        config = node.config
        box = outbound.outbox(
            config.sending, config.keys.links, node.store, node.records, node.journal, config.node, "", later
        )
        for _ in range(12):
            hours[0] += 4
            box.runner.step(lambda lane, destination, doubtful: box.runner.work(lane) is None)
            time.sleep(0.5)  # what the receiver has in hand
        found = [one.state for one in box.listed("bhxh")]
        return {state: found.count(state) for state in found}
    finally:
        node.close()


def arrived(folder: Path) -> list[str]:
    """The numbers of the visits that are there, each in its first version."""
    node = compose.open(folder)
    try:
        late = Intake(
            node.records, node.intake.table, node.journal, lambda: system_clock() + timedelta(hours=1), new_id
        )
        while late.runner.step():
            pass
        found = list(node.records.scan(LOADING, parse("Encounter", [])))
        assert {one.version for one in found} == {"1"}
        numbers = [
            identifier["value"]
            for one in found
            for identifier in json.loads(one.body)["identifier"]
            if identifier["system"].endswith("/visit")
        ]
        return sorted(numbers)
    finally:
        node.close()
