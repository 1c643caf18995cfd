"""A province's day through the gateway: `python -m bench.province_day [--visits N] [--kills K] [--engine E]`.

Hospitals' software sends visits of all dialects, one to a file and some with faults, over kept connections, and sends
again what it heard nothing of. Prints visits a second, processor time a visit, and what was lost, doubled or not told.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import queue
import random
import signal
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench import postgres
from bench.node import Served, cpu_seconds, make, run, served, tree
from hoso import compose, gateways
from hoso.access.gateways import sent
from hoso.exchange import insurance
from hoso.fhir import json as json_text
from hoso.fhir.search import parse
from hoso.fhir.systems import facility_visit_number

VISITS_OF_A_CITIZEN = 5
PATIENCE = 300.0
"""Seconds that a sender tries before it gives up."""
PLACES = {
    "no-patient-number": ".MA_BN", "bad-base64": ".XML", "impossible-date": ".NGAY_TTOAN", "lost-zeros": ".SO_CCCD",
    "unknown-code": ".MA_BENH_KT",
}  # fmt: skip
"""What the place of a fault ends with or holds."""
REFUSED = ("no-patient-number", "bad-base64")


@dataclass(frozen=True)
class Piece:
    truth: dict[str, Any]
    data: bytes


@dataclass
class Day:
    """What the senders share."""

    waiting: queue.Queue[Piece]
    secrets: dict[str, str]
    port: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    told: dict[str, dict[str, Any]] = field(default_factory=dict)
    tries: Counter[str] = field(default_factory=Counter)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visits", type=int, default=20_000)
    parser.add_argument("--senders", type=int, default=8)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        work, database = Path(name), None
        if args.engine == "postgresql":
            server = stack.enter_context(postgres.running())
            database = stack.enter_context(postgres.database(server.url))
        run("synth", "--as", "insurance-xml", "--citizens", args.visits // VISITS_OF_A_CITIZEN, "--seed", args.seed,
            "--out", work / "sent")  # fmt: skip
        make(work / "node", database)
        run("load", "--data", work / "node", work / "sent" / "facilities.json")
        pieces = _mingled(list(_pieces(work / "sent"))[: args.visits], args.seed)
        day = Day(queue.Queue(), _accounts(work / "node", {one.truth["facility"] for one in pieces}))
        for piece in pieces:
            day.waiting.put(piece)
        seconds, cpu = _carried_out(work / "node", day, args.senders, args.kills)
        _report(work / "node", day, pieces, seconds, cpu)


def _pieces(folder: Path) -> Iterator[Piece]:
    truths = {(one["file"], one["visit"]): one for one in json.loads((folder / "truth.json").read_bytes())["visits"]}
    for file in sorted(folder.glob("*/*.xml")):
        for number, data in insurance.Splitting(BytesIO(file.read_bytes())):
            yield Piece(truths[f"{file.parent.name}/{file.name}", number], data or b"")


def _mingled(pieces: list[Piece], seed: int) -> list[Piece]:
    """Each facility sends its own in order, all of them side by side, as on a real day."""
    waiting: dict[str, deque[Piece]] = {}
    for piece in pieces:
        waiting.setdefault(piece.truth["facility"], deque()).append(piece)
    turns = [one.truth["facility"] for one in pieces]
    random.Random(seed).shuffle(turns)
    return [waiting[facility].popleft() for facility in turns]


def _accounts(folder: Path, facilities: set[str]) -> dict[str, str]:
    node = compose.open(folder)
    try:
        door = gateways.accounts(node.store, node.journal)
        return {code: door.create(code, code) for code in sorted(facilities)}
    finally:
        node.close()


def _carried_out(folder: Path, day: Day, senders: int, kills: int) -> tuple[float, float]:
    """Seconds until every visit was answered, starts after kills included, and processor seconds without them."""
    total, cpu, started = day.waiting.qsize(), 0.0, time.monotonic()
    threads = [threading.Thread(target=_sender, args=(day,), daemon=True) for _ in range(senders)]
    marks = sorted(random.Random(1).sample(range(1, total), kills)) if kills else []
    for mark in [*marks, total]:
        with served(folder) as node:
            day.port, begun = node.port, cpu_seconds(tree(node.pid))
            for thread in threads:
                if thread.ident is None:
                    thread.start()
            while len(day.told) < mark:
                time.sleep(0.005)
                assert any(thread.is_alive() for thread in threads) or len(day.told) >= mark, "senders gave up"
            cpu += cpu_seconds(tree(node.pid)) - begun
            if mark != total:
                _kill(node)
        day.port = 0
    return time.monotonic() - started, cpu


def _kill(node: Served) -> None:
    for pid in reversed(tree(node.pid)):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _sender(day: Day) -> None:
    """One piece of software: a connection that is kept, tokens for each facility, and patience."""
    connection, tokens = None, dict[str, dict[str, str]]()
    with suppress(queue.Empty):
        while True:
            piece = day.waiting.get_nowait()
            facility, name = piece.truth["facility"], f"{piece.truth['file']}#{piece.truth['visit']}"
            ends = time.monotonic() + PATIENCE
            while time.monotonic() < ends:
                try:
                    if connection is None:
                        connection = _connection(day)
                    if facility not in tokens:
                        asked = {"username": facility, "password": sent(day.secrets[facility])}
                        key = _call(connection, "token/take", asked, {})["APIKey"]
                        tokens[facility] = {"accessToken": key["access_token"], "tokenId": key["id_token"]}
                    body = {
                        "loaiHoSo": "130",
                        "maCSKCB": facility,
                        "fileHSBase64": base64.b64encode(piece.data).decode(),
                    }
                    told = _call(connection, "qd130/guiHoSoXmlQD3176", body, tokens[facility])
                    while told.get("trangThai") == "CHO_XU_LY":
                        time.sleep(0.1)
                        asked = {"maGiaoDich": told["maGiaoDich"]}
                        told = _call(connection, "qd130/trangThaiGiaoDich", asked, tokens[facility])
                    break
                except (OSError, http.client.HTTPException, ValueError):
                    connection = None
                    time.sleep(0.05)
                with day.lock:
                    day.tries[name] += 1
            else:
                return
            with day.lock:
                day.told[name] = told


def _connection(day: Day) -> http.client.HTTPConnection:
    if not day.port:
        raise OSError("nobody serves")
    return http.client.HTTPConnection("127.0.0.1", day.port, timeout=60)


def _call(
    connection: http.client.HTTPConnection, call: str, fields: dict[str, str], headers: dict[str, str]
) -> dict[str, Any]:
    form = {"Content-Type": "application/x-www-form-urlencoded", **headers}
    connection.request("POST", f"/gateway/api/{call}", urlencode(fields), form)
    answer = connection.getresponse()
    told: dict[str, Any] = json.loads(answer.read())
    if answer.status != 200:
        raise OSError(f"{answer.status} {told}")
    return told


def _report(folder: Path, day: Day, pieces: list[Piece], seconds: float, cpu: float) -> None:
    good = [one for one in pieces if one.truth["fault"] not in REFUSED]
    named = {f"{one.truth['file']}#{one.truth['visit']}": one for one in pieces}
    unplaced = [
        name for name, one in named.items() if _is_there(one) and not _is_placed(one.truth["fault"], day.told[name])
    ]
    refused = [f"{name}: {day.told[name]['thongDiep'][:200]}" for name, one in named.items()
               if one.truth["fault"] not in REFUSED and day.told[name]["maKetQua"] != "200"]  # fmt: skip
    groups: dict[tuple[str, str], set[str]] = {}
    for one in good:  # a visit that was sent under two numbers is one, under that which came last
        key = str(one.truth["key"])
        groups.setdefault((one.truth["facility"], str(one.truth.get("replaces", key))), set()).add(key)
    found = _stored(folder)
    counted = {name: sum(found[name[0], key] for key in keys) for name, keys in groups.items()}
    missing = [name for name, number in counted.items() if not number]
    doubled = [name for name, number in counted.items() if number > 1]
    print(f"visits                  {len(pieces)} in {seconds:.1f} s")
    print(f"visits a second         {len(pieces) / seconds:.1f}")
    print(f"processor a visit       {1_000 * cpu / len(pieces):.2f} ms")
    print(f"sent again              {sum(day.tries.values())}")
    faulty = sum(_is_there(one) for one in pieces)
    print(f"faults told             {faulty - len(unplaced)} of {faulty} at their place")
    for name in unplaced[:5]:
        print(f"  not told: {named[name].truth['fault']} {day.told[name]}")
    print(f"good ones refused       {len(refused)} {refused[:3]}")
    print(f"lost                    {len(missing)} {missing[:5]}")
    print(f"doubled                 {len(doubled)} {doubled[:5]}")


def _is_there(piece: Piece) -> bool:
    """Whether the fault is in the file: who has no number, or a file of QĐ 4210, cannot have lost zeros of it."""
    fault = piece.truth["fault"]
    if fault != "lost-zeros":
        return fault in PLACES
    [visit] = insurance.read(BytesIO(piece.data))
    return len(visit.rows("XML1")[0].get("SO_CCCD")) in (10, 11)


def _is_placed(fault: str, told: dict[str, Any]) -> bool:
    listed = [one for item in told.get("dsLoi", []) + told.get("dsCanhBao", []) for one in item["loi"]]
    return any(PLACES[fault] in one.get("viTri", "") for one in listed)


def _stored(folder: Path) -> Counter[tuple[str, str]]:
    """How many visits there are under each facility's key."""
    found: Counter[tuple[str, str]] = Counter()
    node = compose.open(folder)
    try:
        for version in node.records.scan(compose.operator(node.config), parse("Encounter", [])):
            if version.deleted:
                continue
            encounter = json_text.parse(version.body)
            if encounter["status"] == "entered-in-error":
                continue
            facility = encounter["serviceProvider"].get("identifier", {}).get("value", "")
            for one in encounter.get("identifier", ()):
                if one["system"] == facility_visit_number(facility):
                    found[facility, one["value"]] += 1
    finally:
        node.close()
    return found


if __name__ == "__main__":
    main()
