"""`hoso remind`: tells citizens once of what is due, through a folder from which another program sends."""

from __future__ import annotations

import argparse
from pathlib import Path

from hoso import compose, reminding
from hoso.access.reminders import FolderSender
from hoso.cli.main import add_data
from hoso.cli.node import opened
from hoso.cli.texts import LANGUAGES, say
from hoso.core.ids import new_id

FOLDER = "reminders"
_MOST_DAYS = 60


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("remind", help=say("remind.help"), description=say("remind.help"))
    add_data(parser)
    parser.add_argument("--to", type=Path, metavar="FOLDER", help=say("remind.to"))
    parser.add_argument("--days", type=_days, default=3, metavar="N", help=say("remind.days"))
    parser.add_argument("--in", dest="said_in", choices=LANGUAGES, default="vi", help=say("remind.in"))


def run(args: argparse.Namespace) -> int:
    with opened(args.data) as node:
        sender = FolderSender(args.to or Path(args.data) / FOLDER, new_id)
        errand = compose.operator(node.config)
        told = reminding.remind(node.config, node.store, node.records, errand, sender, args.days, args.said_in)
    counts = {"people": told.people, "things": told.things, "unreachable": told.unreachable, "failed": told.failed}
    print(say("remind.done", **{name: str(value) for name, value in counts.items()}))
    return 1 if told.failed else 0


def _days(text: str) -> int:
    days = int(text)
    if not 0 <= days <= _MOST_DAYS:
        raise ValueError(text)
    return days
