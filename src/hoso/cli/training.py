"""`hoso training`: a node of practice with invented people and an account for each role; nothing leaves it."""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path

from hoso import compose
from hoso.cli import demo, serve
from hoso.cli.failure import Failure
from hoso.cli.node import explained
from hoso.cli.texts import say
from hoso.core import practice

ROLES = {
    "tiep-don": "receptionist",
    "dieu-duong": "nurse",
    "bac-si": "doctor",
    "duoc-si": "pharmacist",
    "xet-nghiem": "laboratory",
    "ho-so": "steward",
    "quan-tri": "facility-administrator",
    "rieng-tu": "privacy-officer",
}
"""By the names that one signs in with."""
CITIZENS = 200


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("training", help=say("training.help"), description=say("training.help"))
    parser.add_argument("--data", default="training-data", metavar="DIR", help=say("training.data"))
    parser.add_argument(
        "--citizens", type=int, default=CITIZENS, metavar="N", help=say("demo.citizens", number=CITIZENS)
    )
    parser.add_argument("--port", type=int, default=8090, help=say("training.port"))
    parser.add_argument("--reset", action="store_true", help=say("training.reset"))
    parser.add_argument("--no-serve", action="store_true", help=say("demo.no_serve"))


def run(args: argparse.Namespace) -> int:
    folder = Path(args.data)
    note = folder / demo.NOTE
    if folder.exists() and any(folder.iterdir()) and not practice.is_practice(folder):
        raise Failure("training.not_ours", folder=folder)
    if args.reset and folder.exists():
        with explained(args.data, must_exist=False):
            shutil.rmtree(folder)
        print(say("training.emptied", folder=folder), flush=True)
    with explained(args.data, must_exist=False):
        if not note.exists():
            practice.mark(folder)
            demo.make(folder, note, args.citizens, ROLES, enrolled=False)
    guide = demo.read(note)
    if args.no_serve:
        _show(folder, guide["password"], "-")
        return 0
    port = demo.free_port(args.port)
    _show(folder, guide["password"], f"http://{demo.HOST}:{port}/")
    return serve.serve(folder, demo.HOST, port, min(2, os.cpu_count() or 1))


def _show(folder: Path, password: str, address: str) -> None:
    names = compose.load(folder).name
    people = "\n".join(f"    {name:14} {role}" for name, role in ROLES.items())
    print(
        "\n" + say("training.guide", address=address, password=password, people=people, name=names) + "\n", flush=True
    )
