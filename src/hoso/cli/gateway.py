"""`hoso gateway create | list | revoke`: accounts of facilities at the gateway. `create` prints the secret alone."""

from __future__ import annotations

import argparse
from pathlib import Path

from hoso import gateways
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import opened
from hoso.cli.texts import language, say
from hoso.core import Refused
from hoso.core.clock import instant
from hoso.fhir.outcome import text

LARGEST_KEY = 20_000


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("gateway", help=say("gateway.help"), description=say("gateway.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("gateway.metavar"), required=True)
    create = actions.add_parser("create", help=say("gateway.create"), description=say("gateway.create"))
    add_data(create)
    create.add_argument("--facility", required=True, metavar="CODE", help=say("gateway.facility"))
    create.add_argument("--username", metavar="NAME", help=say("gateway.username"))
    create.add_argument("--key", type=Path, metavar="FILE", help=say("gateway.key"))
    add_data(actions.add_parser("list", help=say("gateway.list"), description=say("gateway.list")))
    revoke = actions.add_parser("revoke", help=say("gateway.revoke"), description=say("gateway.revoke"))
    add_data(revoke)
    revoke.add_argument("--username", required=True, metavar="NAME", help=say("gateway.username"))


def run(args: argparse.Namespace) -> int:
    return {"create": _create, "list": _list, "revoke": _revoke}[args.action](args)


def _create(args: argparse.Namespace) -> int:
    key = _key(args.key) if args.key else ""
    with opened(args.data) as node:
        found = node.organisation.facilities.by_code(args.facility)
        if found is None:
            raise Failure("gateway.unknown", facility=args.facility)
        code = found.code or found.gln  # as its records name it
        try:
            print(gateways.accounts(node.store, node.journal).create(args.username or code, code, key))
        except Refused as refused:
            raise Failure("gateway.refused", reason=text(refused.issues[0], language())) from refused
    return 0


def _key(file: Path) -> str:
    try:
        with file.open("r", encoding="ascii") as opened_file:
            return opened_file.read(LARGEST_KEY)
    except (OSError, UnicodeDecodeError) as error:
        raise Failure("gateway.cannot_read", file=file, reason=error) from error


def _list(args: argparse.Namespace) -> int:
    with opened(args.data) as node:
        for one in gateways.accounts(node.store, node.journal).all():
            state = say("gateway.revoked_at", time=instant(one.revoked)) if one.revoked else say("gateway.valid")
            print(f"{one.username}\t{one.facility}\t{instant(one.created)}\t{state}")
    return 0


def _revoke(args: argparse.Namespace) -> int:
    with opened(args.data) as node:
        if not gateways.accounts(node.store, node.journal).revoke(args.username):
            raise Failure("gateway.none", username=args.username)
    print(say("gateway.revoked", username=args.username))
    return 0
