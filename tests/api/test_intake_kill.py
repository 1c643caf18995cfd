"""A node killed while it takes deposits in: what it confirmed is stored once, and every item is told as what it became.

HOSO_KILLS=20 for the long run, which is on both engines: a deposit is free again half a minute after its node died.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from tests.cli.serving import Server, made, served
from tests.exchange.insurance.insurance_files import SUMMARY, Row, envelope, visit
from tests.exchange.intake.test_intake import BAD, facility

KILLS = int(os.environ.get("HOSO_KILLS", "2"))
VISITS = 24
FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Vũ", "Đặng", "Bùi")


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"] if KILLS > 2 else ["sqlite"], indirect=True)
def test_a_killed_node_loses_and_doubles_nothing_of_what_it_took_in(options: list[str], tmp_path: Path) -> None:
    chance, folder = random.Random(7), tmp_path / "node"
    token, places = made(folder, *options), list[str]()
    with served(folder, token) as server:
        ask(server, "PUT", "/fhir/Organization/f01001", json.dumps(facility("01001")).encode())
    for run in range(KILLS):
        with served(folder, token) as server:
            places.append(ask(server, "POST", "/intake", content(run), "Prefer: respond-async")["id"])
            time.sleep(chance.uniform(0.1, 1.2))
            os.killpg(server.process.pid, signal.SIGKILL)
    with served(folder, token) as server:
        for run, id in enumerate(places):
            while not (found := ask(server, "GET", f"/intake/{id}"))["over"]:
                time.sleep(0.2)
            assert found["counts"] == {"stored": VISITS, "quarantined": 1}
            for item in ask(server, "GET", f"/intake/{id}/items")["items"]:
                wrote = [(one["type"], one["id"]) for one in item["wrote"]]
                assert len(wrote) == len(set(wrote)) and (wrote != []) == (item["state"] == "stored"), item
            assert ask(server, "POST", "/intake", content(run))["id"] == id
        assert ask(server, "GET", "/fhir/Encounter?_summary=count")["total"] == VISITS * KILLS
        pages = ask(server, "GET", "/fhir/Encounter?_count=1000&_elements=id")["entry"]
        assert {one["resource"]["meta"]["versionId"] for one in pages} == {"1"}
        assert server.stop() == 0


def content(run: int) -> bytes:
    rows = [newcomer(run * VISITS + number) for number in range(VISITS)]
    rows.insert(VISITS // 2, BAD)
    return envelope(*(visit({"XML1": [row]}) for row in rows))


def newcomer(number: int) -> Row:
    return {
        **SUMMARY, "MA_LK": f"LK{number}", "MA_HSBA": f"BA{number}", "MA_BN": f"BN{number}",
        "HO_TEN": f"{FAMILIES[number % 8]} Thị {FAMILIES[number // 8 % 8]}", "SO_CCCD": "",
        "MA_THE_BHYT": f"GD4010{number:09d}", "DIA_CHI": f"{number} phố Huế", "GIOI_TINH": "2",
        "NGAY_SINH": f"{1940 + number % 60}0{1 + number % 9}1{number % 9}0000",
    }  # fmt: skip


def ask(server: Server, method: str, path: str, body: bytes = b"", *lines: str) -> Any:
    status, text = server.request(method, path, body, *lines)
    assert status < 300, text
    return json.loads(text)
