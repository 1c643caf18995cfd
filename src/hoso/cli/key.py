"""`hoso key rotate seal|database|accounts`: a new key in place of the old one."""

from __future__ import annotations

import argparse
from pathlib import Path

from hoso import compose, rotation
from hoso.access import Unavailable
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import explained, opened
from hoso.cli.texts import say
from hoso.store import rotating


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("key", help=say("key.help"), description=say("key.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("token.metavar"), required=True)
    rotate = actions.add_parser("rotate", help=say("key.rotate"), description=say("key.rotate"))
    add_data(rotate)
    rotate.add_argument("which", choices=rotation.KINDS, help=say("key.which"))


def run(args: argparse.Namespace) -> int:
    folder = Path(args.data)
    try:
        if args.which == "seal":
            with opened(args.data) as node:
                number = rotation.seal(folder, node.store)
            print(say("key.sealed", number=f"{number:,}"))
            return 0
        with explained(args.data):
            if not compose.load(folder).database.startswith("sqlite:"):
                raise Failure("key.not_sqlite")
            change = rotation.database if args.which == "database" else rotation.accounts
            change(folder)
    except rotation.Busy as busy:
        raise Failure("key.busy", code=1) from busy
    except (rotating.InUse, Unavailable) as used:
        raise Failure("key.in_use", code=1, folder=folder) from used
    print(say("key.rekeyed" if args.which == "database" else "key.accounts_rekeyed"))
    return 0
