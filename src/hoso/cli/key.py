"""`hoso key rotate KIND`: a new key in place of the old one; the log says so."""

from __future__ import annotations

import argparse
import getpass
from pathlib import Path

from hoso import compose, replacing, rotation
from hoso.access import Unavailable
from hoso.access.audit.event import Event
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import explained, opened
from hoso.cli.texts import say
from hoso.core.clock import instant, to_ms
from hoso.core.dates import VIETNAM
from hoso.store import rotating


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("key", help=say("key.help"), description=say("key.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("token.metavar"), required=True)
    rotate = actions.add_parser("rotate", help=say("key.rotate"), description=say("key.rotate"))
    add_data(rotate)
    rotate.add_argument("which", choices=(*rotation.KINDS, *replacing.HELD), help=say("key.which"))


def run(args: argparse.Namespace) -> int:
    folder = Path(args.data)
    try:
        if args.which in replacing.HELD:
            with explained(args.data):
                compose.load(folder)
                until = replacing.secret(folder, args.which)
            with opened(args.data) as node:
                number = replacing.anew(node.config, node.store)
                _tell(node, f"{args.which} held {instant(to_ms(until))}")
            print(
                say(
                    "key.replaced", which=args.which, until=f"{until.astimezone(VIETNAM):%d/%m/%Y %H:%M}", number=number
                )
            )
            return 0
        if args.which == "seal":
            with opened(args.data) as node:
                number = rotation.seal(folder, node.store)
                _tell(node, "seal")
            print(say("key.sealed", number=f"{number:,}"))
            return 0
        with explained(args.data):
            if not compose.load(folder).database.startswith("sqlite:"):
                raise Failure("key.not_sqlite")
            change = rotation.database if args.which == "database" else rotation.accounts
            change(folder)
        with opened(args.data) as node:
            _tell(node, args.which)
    except replacing.Served as served:
        raise Failure("key.served", code=1, folder=folder) from served
    except rotation.Busy as busy:
        raise Failure("key.busy", code=1) from busy
    except (rotating.InUse, Unavailable) as used:
        raise Failure("key.in_use", code=1, folder=folder) from used
    print(say("key.rekeyed" if args.which == "database" else "key.accounts_rekeyed"))
    return 0


def _tell(node: compose.Node, what: str) -> None:
    who = f"user/{getpass.getuser()}"
    node.journal.tell(
        [Event(time=node.audit.now(), actor=who, action="E", kind="key-rotated", channel="command", what=what)]
    )
