"""A node killed at any moment while a hospital sends and sends again: every visit is there once.

HOSO_KILLS=200 for the long run.
"""

from __future__ import annotations

import json
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest
from tests.api.gateway.senders import Hospital, hospital
from tests.api.gateway.test_insurance_gateway import file, person
from tests.cli.serving import made, served

from hoso import compose
from hoso.core import new_id, system_clock
from hoso.exchange.intake import Intake
from hoso.exchange.intake import Sender as Bringer
from hoso.fhir.search import parse

OPERATOR = Bringer("node/operator")

KILLS = int(os.environ.get("HOSO_KILLS", "2"))


class Sender(threading.Thread):
    """Sends one visit after another, each until it is answered."""

    def __init__(self, hospital: Hospital) -> None:
        super().__init__(daemon=True)
        self.hospital, self.answered, self.stopped = hospital, dict[int, dict[str, Any]](), False

    def run(self) -> None:
        number = 0
        while not self.stopped:
            try:
                self.answered[number] = self.hospital.send(file(person(number)))
                number += 1
            except (OSError, HTTPException, ValueError):
                time.sleep(0.05)


@contextmanager
def sending(hospital: Hospital) -> Iterator[Sender]:
    sender = Sender(hospital)
    sender.start()
    try:
        yield sender
    finally:
        sender.stopped = True
        sender.join(60)


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)
def test_nothing_is_lost_and_nothing_doubled(options: list[str], tmp_path: Path) -> None:
    chance, token = random.Random(3), made(tmp_path / "node", *options)
    with served(tmp_path / "node", token) as server:
        one = hospital(server, "01001")
        assert server.stop() == 0
    with sending(one) as sender:
        for _ in range(KILLS):
            with served(tmp_path / "node", token) as server:
                one.port, before = server.port, len(sender.answered)
                while len(sender.answered) < before + 5:
                    time.sleep(0.01)
                time.sleep(chance.uniform(0, 0.2))
                os.killpg(server.process.pid, signal.SIGKILL)
        with served(tmp_path / "node", token) as server:
            one.port, before = server.port, len(sender.answered)
            while len(sender.answered) < before + 3:
                time.sleep(0.01)
            sender.stopped = True
            sender.join(60)
            assert server.stop() == 0
    assert {told["maKetQua"] for told in sender.answered.values()} == {"200"}
    assert sorted(keys(tmp_path / "node", sender)) == [f"LK{number:05}" for number in sorted(sender.answered)]


def keys(folder: Path, sender: Sender) -> Iterator[str]:
    """The number of every visit that is on record, when what a killed process had in hand is free again."""
    node = compose.open(folder)
    try:
        table, later = node.intake.table, lambda: system_clock() + timedelta(minutes=1)
        intake = Intake(node.records, table, node.journal, later, new_id)
        for told in sender.answered.values():
            assert intake.process(OPERATOR, told["maGiaoDich"]).over
        for version in node.records.scan(OPERATOR.errand, parse("Encounter", [])):
            for identifier in json.loads(version.body)["identifier"]:
                if identifier["system"].endswith("/visit"):
                    yield identifier["value"]
    finally:
        node.close()
