"""`hoso demo`: a node with a synthetic Vietnamese population to look around in; asks nothing, and runs again."""

from __future__ import annotations

import argparse
import json
import os
import socket
import sys
import time
from pathlib import Path
from typing import Any

from hoso import compose
from hoso.cli import load, serve, synth
from hoso.cli.failure import Failure
from hoso.cli.node import explained
from hoso.cli.progress import duration
from hoso.cli.texts import say
from hoso.core import fold
from hoso.synth.population import TODAY
from hoso.web.accounts import registry

HOST = "127.0.0.1"
USERNAME = "demo"
TRIED_PORTS = 20
CITIZENS = 500


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("demo", help=say("demo.help"), description=say("demo.help"))
    parser.add_argument("--data", default="demo-data", metavar="DIR", help=say("demo.data"))
    parser.add_argument(
        "--citizens", type=int, default=CITIZENS, metavar="N", help=say("demo.citizens", number=CITIZENS)
    )
    parser.add_argument("--port", type=int, default=8080, help=say("demo.port"))
    parser.add_argument("--no-serve", action="store_true", help=say("demo.no_serve"))


def run(args: argparse.Namespace) -> int:
    folder = Path(args.data)
    note = folder / "demo.json"
    with explained(args.data, must_exist=False):
        if not note.exists():
            _make(folder, note, args.citizens)
        else:
            print(say("demo.again", folder=folder))
    guide = json.loads(note.read_text("utf-8"))
    if args.no_serve:
        _show(guide, None)
        return 0
    port = _free_port(args.port)
    _show(guide, f"http://{HOST}:{port}/")
    return serve.serve(folder, HOST, port, min(2, os.cpu_count() or 1))


def _make(folder: Path, note: Path, citizens: int) -> None:
    """The note is written last: a demo that was interrupted is simply continued by the next run."""
    start = time.monotonic()
    print(say("demo.making", citizens=f"{citizens:,}", folder=folder), flush=True)
    config = compose.create(folder)
    registry.prepare(config)
    source = folder / "synthetic"
    if not (source / "truth.json").exists():
        source.mkdir(exist_ok=True)
        synth.write(source, citizens, 1, TODAY)
    report = load.load_paths(folder, [source], workers=os.cpu_count() or 1)
    if report.tally.total("rejected"):
        raise Failure("demo.rejected", file=report.rejects)
    guide = _guide(source)
    guide["password"] = _account(config, guide["facility"])
    handle = os.open(note, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump(guide, out, ensure_ascii=False)
    resources = f"{report.tally.read:,}"
    print(say("demo.made", resources=resources, time=duration(time.monotonic() - start)))


def _account(config: compose.Config, facility: str) -> str:
    if any(one.username == USERNAME for one in registry.everyone(config)):
        raise Failure("demo.half", folder=config.folder)
    return registry.create(config, USERNAME, "doctor", facility, None)


def _guide(source: Path) -> dict[str, Any]:
    """A person to look for: an adult with a card, whose name has accents to leave out."""
    people = json.loads((source / "truth.json").read_text("utf-8"))["people"]
    person = next(p for p in people if p["insuranceCard"] and not p["died"] and p["birthDate"] < "1970")
    bundle = json.loads((source / "facilities.json").read_text("utf-8"))
    codes = (one for entry in bundle["entry"] for one in entry["resource"].get("identifier", ()))
    return {
        "searches": [person["code"], person["insuranceCard"], fold(person["name"])],
        "name": person["name"],
        "facility": next(codes)["value"],
    }


def _show(guide: dict[str, Any], address: str | None) -> None:
    code, card, name = guide["searches"]
    text = say(
        "demo.guide", address=address or "-", user=USERNAME, password=guide["password"],
        person=guide["name"], code=code, card=card, name=name,
    )  # fmt: skip
    print(f"\n{text}\n", flush=True)


def _free_port(wanted: int) -> int:
    """The port asked for, or the next one that nobody uses."""
    for port in range(wanted, min(wanted + TRIED_PORTS, 65_536)):
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) != 0:
                if port != wanted:
                    print(say("demo.other_port", wanted=wanted, port=port), file=sys.stderr)
                return port
    raise Failure("demo.no_port", first=wanted, last=wanted + TRIED_PORTS - 1)
