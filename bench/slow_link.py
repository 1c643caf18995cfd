"""What a contact costs on a thin line: `python -m bench.slow_link [--citizens N] [--visits N] [--cuts N]`.

A hub that serves over TLS, stations below it, and 256 kbit/s, 300 ms and 5 % loss each way played in between.
Prints what a day of visits, a quiet contact and a first sync with cuts cost in bytes, round trips and seconds.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import cycle
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import orjson

from bench.fill import fill
from bench.node import Served, make, run, served
from bench.thin_line import THIN, ThinLine
from hoso import compose, syncing
from hoso.store.contract import Draft, Origin
from hoso.sync import Outcome
from hoso.sync.line import Unreachable
from hoso.synth.population import TODAY, truths

ORIGIN = Origin("client/bench", "SYSADMIN")
SEED = 1
Visit = list[dict[str, Any]]


@dataclass(frozen=True)
class Cost:
    """`payload`: without the headers of IP and TCP. Turns: TLS is among them, the handshake of TCP is not."""

    seconds: float
    wire: int
    turns: int
    connections: int


@dataclass(frozen=True)
class First:
    """`down`: bytes from the hub, with headers and, after a cut, what came again."""

    seconds: float
    patients: int
    down: int
    contacts: int


def main() -> None:
    args = _arguments()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        hub = _hub(folder, args.citizens)
        with served(hub) as server:
            figures = {
                **_day(folder, server, args.visits),
                **_first(folder, server, args.cuts),
            }
    print(json.dumps(figures, indent=1))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.slow_link", description=__doc__)
    parser.add_argument("--citizens", type=int, default=150, help="whose records the hub has (150: 20,000 resources)")
    parser.add_argument("--visits", type=int, default=50, help="of the station's day")
    parser.add_argument("--cuts", type=int, default=3, help="how often a first sync is cut")
    return parser.parse_args()


def _hub(folder: Path, citizens: int) -> Path:
    hub = folder / "hub"
    make(hub, None)
    run("tls", "make", "--data", hub, "127.0.0.1")
    config = hub / "config.toml"
    text = config.read_text("utf-8").replace('base_url = ""', 'base_url = "https://127.0.0.1"', 1)
    for name in ("certificate", "key"):
        suffix = "pem" if name == "certificate" else "key"
        text = text.replace(f'{name} = ""', f'{name} = "tls/server.{suffix}"', 1)
    config.write_text(text, "utf-8")
    print(f"hub: {fill(hub, citizens, SEED)} resources", flush=True)
    return hub


def _station(folder: Path, server: Served, name: str, line: ThinLine) -> Path:
    station = folder / name
    make(station, None)
    code = run("node", "invite", "--data", server.folder, "--name", name, "--facility", "01001").strip()
    trusted = server.folder / "tls" / "authority.pem"
    address = line.address.replace("http:", "https:")
    run("node", "enrol", "--data", station, "--hub", address, "--code", code, "--authority", trusted)
    return station


def _day(folder: Path, server: Served, visits: int) -> dict[str, Any]:
    """A station that has agreed with its hub, writes a day of visits, and calls over the thin line."""
    line = ThinLine(("127.0.0.1", server.port))
    station = _station(folder, server, "station", line)
    with closing(compose.open(station)) as node:
        calls = _calls(node)
        before, day = _visits(visits)
        _save(node, before)
        while not _agreed(calls):
            pass
        for visit in day:
            _save(node, visit)
        calls.ledger.gather()
        line.shape = THIN
        busy, sent = _cost(calls, line)
        quiet, _ = _cost(calls, line)
    line.close()
    print(f"day: {len(day)} visits of {statistics.mean(map(len, day)):.1f} records, {sent.sent} changes", flush=True)
    return {"day": asdict(busy), "day.wire_a_visit": busy.wire / len(day), "idle": asdict(quiet)}


def _calls(node: compose.Node) -> syncing.Calls:
    calls = syncing.Calls.of(node.agreeing)
    if calls is None:
        raise RuntimeError("the station is enrolled at no hub")
    return calls


def _cost(calls: syncing.Calls, line: ThinLine) -> tuple[Cost, Outcome]:
    tally, start = line.fresh(), time.monotonic()
    outcome = calls.contact()
    seconds = time.monotonic() - start
    if not outcome.equal:
        raise RuntimeError("the two do not have the same after a contact")
    return Cost(round(seconds, 2), tally.bytes, tally.turns, tally.connections), outcome


def _visits(count: int) -> tuple[Visit, list[Visit]]:
    """So many people whom the hub has not seen, and the last visit of each."""
    before: Visit = []
    days: list[Visit] = []
    for citizen in truths(count * 3, SEED + 1, TODAY):
        resources = [entry["resource"] for entry in citizen.bundle["entry"]]
        visits = dict(_by_visit(resources))
        if not visits or len(days) == count:
            continue
        last = max(visits)
        days.append(visits[last])
        before += [one for one in resources if one["resourceType"] == "Patient"]
    return before, days


def _by_visit(resources: Visit) -> Iterator[tuple[str, Visit]]:
    """By the start of each Encounter: it and what names it."""
    found: defaultdict[str, Visit] = defaultdict(list)
    starts = {f"Encounter/{one['id']}": one for one in resources if one["resourceType"] == "Encounter"}
    for one in resources:
        named = one.get("encounter", {}).get("reference", f"{one['resourceType']}/{one['id']}")
        if named in starts:
            found[named].append(one)
    return ((starts[name]["period"]["start"], records) for name, records in found.items())


def _save(node: compose.Node, resources: Visit) -> None:
    node.store.save([Draft("PUT", r["resourceType"], r["id"], orjson.dumps(r), r) for r in resources], ORIGIN)


def _first(folder: Path, server: Served, cuts: int) -> dict[str, Any]:
    """Two stations that have nothing: one takes all in one go while somebody saves, the other is cut again."""
    spawn = get_context("spawn")
    stop, saves = spawn.Event(), spawn.Queue()
    writer = spawn.Process(target=_busy, args=(folder / "whole", stop, saves), daemon=True)
    whole = _taken(folder, server, "whole", None, writer.start)
    stop.set()
    took: list[float] = saves.get(timeout=60)
    writer.join(60)
    cut = _taken(folder, server, "cut", whole.down // (cuts + 1), lambda: None)
    return {
        "first": asdict(whole),
        "first.saves": len(took),
        "first.save_p50_ms": round(statistics.median(took), 1),
        "first.save_p95_ms": round(statistics.quantiles(took, n=20)[-1], 1),
        "first_cut": asdict(cut),
        "first_cut.repeated_percent": round(100 * (cut.down - whole.down) / whole.down, 2),
    }


def _taken(folder: Path, server: Served, name: str, cut_after: int | None, begins: Callable[[], None]) -> First:
    line = ThinLine(("127.0.0.1", server.port))
    station = _station(folder, server, name, line)
    with closing(compose.open(station)) as node:
        calls = _calls(node)
        begins()
        tally, start, contacts = line.fresh(), time.monotonic(), 0
        line.cut_after = cut_after
        while not _agreed(calls):
            contacts += 1
        seconds = time.monotonic() - start
        patients = sum(1 for _ in calls.ledger.patients())
    line.close()
    return First(round(seconds, 1), patients, tally.down, contacts + 1)


def _agreed(calls: syncing.Calls) -> bool:
    try:
        return calls.contact().equal
    except Unreachable:
        return False


def _busy(station: Path, stop: Any, took: Any) -> None:
    """Somebody at the station, who saves a visit ten times a second, in a process of his own as the pages have."""
    found: list[float] = []
    before, days = _visits(30)
    with closing(compose.open(station)) as node:
        _save(node, before)
        for visit in cycle(days):
            if stop.is_set():
                break
            start = time.monotonic()
            _save(node, visit)
            found.append(1000 * (time.monotonic() - start))
            stop.wait(0.1)
    took.put(found)


if __name__ == "__main__":
    main()
