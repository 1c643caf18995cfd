"""A served node with a subscriber: killed in the middle and started again, it tells every event, in order."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.api.hooked import BACKPORT
from tests.api.receivers import Heard, Receiver, receiving
from tests.cli.serving import Server, made, served

from hoso.cli.main import main

EACH = 25


def until(holds: Callable[[], bool]) -> bool:
    end = time.monotonic() + 30
    while not holds() and time.monotonic() < end:
        time.sleep(0.02)
    return holds()


def put(server: Server, type: str, id: str, **members: object) -> bool:
    """Whether it was acknowledged."""
    body = json.dumps({"resourceType": type, "id": id, **members}).encode()
    try:
        status, _ = server.request("PUT", f"/fhir/{type}/{id}", body)
    except OSError:
        return False
    return status in (200, 201)


def subscription(server: Server, receiver: Receiver) -> None:
    content = {"extension": [{"url": f"{BACKPORT}payload-content", "valueCode": "id-only"}]}
    channel = {
        "type": "rest-hook", "endpoint": receiver.url, "payload": "application/fhir+json", "_payload": content,
        "header": ["Authorization: Bearer secret"],
    }  # fmt: skip
    assert put(server, "Subscription", "s", status="requested", reason="test", criteria="Basic?", channel=channel)


def listed(folder: Path, receiver: Receiver) -> None:
    """The operator lists the receiver."""
    file = folder / "config.toml"
    file.write_text(file.read_text("utf-8").replace("endpoints = []", f'endpoints = ["{receiver.host}"]'), "utf-8")


def in_order(heard: list[Heard]) -> list[str]:
    """The records of events 1, 2, 3 …, of which each may be repeated, always as itself and before any later one."""
    found: list[str] = []
    for one in heard:
        (number,) = one.numbers
        focus = one.status["events"][0]["focus"]["reference"].rpartition("/")[2]
        if number <= len(found):
            assert found[number - 1] == focus and number == len(found), "repeated"
            assert one.headers["HoSo-Repeated"] == "true"
        else:
            assert number == len(found) + 1, "gap-free"
            found.append(focus)
    return found


def test_a_node_killed_in_the_middle_tells_all_in_order(
    tmp_path: Path, options: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folder, stored = tmp_path / "node", list[str]()
    token = made(folder, *options)
    with receiving() as receiver:
        listed(folder, receiver)
        with served(folder, token) as server:
            subscription(server, receiver)
            base = f"http://127.0.0.1:{server.port}/fhir"
            writer = threading.Thread(target=written, args=(server, "before", stored))
            writer.start()
            assert until(lambda: len(stored) > EACH // 2)
            os.killpg(server.process.pid, signal.SIGKILL)
            writer.join()
        with served(folder, token) as server:
            written(server, "after", stored)
            assert until(lambda: set(stored) <= set(focuses(receiver)))
            assert server.stop() == 0
        told = in_order(receiver.events)
        assert len(told) == len(set(told)) and [one for one in told if one in set(stored)] == stored, "as stored"
        assert {one.headers["Authorization"] for one in receiver.heard} == {"Bearer secret"}
        assert receiver.events[0].status["subscription"] == {"reference": f"{base}/Subscription/s"}
    by_operator(folder, capsys)


def by_operator(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    for action, code, out in (
        ("list", 0, "s\tclient/test\tactive\t0\t\n"),
        ("stop s", 0, "Subscription s is off.\n"),
        ("list", 0, "s\tclient/test\toff\t0\tstopped by the operator\n"),
        ("stop none", 1, ""),
    ):
        name, *id = action.split()
        assert main(["--lang", "en", "subscription", name, "--data", str(folder), *id]) == code
        assert capsys.readouterr().out == out


def focuses(receiver: Receiver) -> list[str]:
    return [one.status["events"][0]["focus"]["reference"].rpartition("/")[2] for one in list(receiver.events)]


def written(server: Server, name: str, stored: list[str]) -> None:
    for n in range(EACH):
        if not put(server, "Basic", f"{name}-{n}", code={"text": "x"}):
            return
        stored.append(f"{name}-{n}")
