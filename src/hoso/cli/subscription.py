"""`hoso subscription list|stop`: who is told of what, how it stands, and an end to one that should not go on."""

from __future__ import annotations

import argparse

from hoso import subscriptions
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import opened
from hoso.cli.texts import say


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("subscription", help=say("subscription.help"), description=say("subscription.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("subscription.metavar"), required=True)
    add_data(actions.add_parser("list", help=say("subscription.list"), description=say("subscription.list")))
    stop = actions.add_parser("stop", help=say("subscription.stop"), description=say("subscription.stop"))
    add_data(stop)
    stop.add_argument("id", metavar="ID", help=say("subscription.id"))


def run(args: argparse.Namespace) -> int:
    with opened(args.data) as node:
        ending = subscriptions.ending(node.store, node.journal, node.config.node)
        if args.action == "list":
            for one in ending.listed():
                print(f"{one.id}\t{one.owner}\t{one.status}\t{one.waiting}\t{one.fault}")
        elif not ending.stop(args.id):
            raise Failure("subscription.none", id=args.id)
        else:
            print(say("subscription.stopped", id=args.id))
    return 0
