"""`hoso destination add|list|remove`: houses to which visits of a facility are sent, with purpose and legal basis."""

from __future__ import annotations

import argparse
import os
import stat
from pathlib import Path
from typing import cast

from hoso import compose
from hoso.access import Purpose
from hoso.access.outbound.destinations import FORMS, Destination
from hoso.access.outbound.means import Means
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import opened
from hoso.cli.texts import language, say
from hoso.core import Refused
from hoso.core.clock import instant
from hoso.fhir.outcome import text

VARIABLE = "HOSO_DESTINATION_SECRET"
LONGEST = 100_000


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("destination", help=say("destination.help"), description=say("destination.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("destination.metavar"), required=True)
    made = {}
    for name in ("add", "list", "remove"):
        made[name] = actions.add_parser(name, help=say(f"destination.{name}"), description=say(f"destination.{name}"))
        add_data(made[name])
    for name in ("add", "remove"):
        made[name].add_argument("--name", required=True, metavar="NAME", help=say("destination.name"))
    one = made["add"]
    one.add_argument("--url", required=True, metavar="URL", help=say("destination.url"))
    one.add_argument("--address", default="", metavar="IP", help=say("destination.address"))
    one.add_argument("--as", dest="form", choices=FORMS, default=FORMS[0], help=say("destination.form"))
    one.add_argument("--dialect", choices=("4750", "3176"), default="3176", help=say("destination.dialect"))
    one.add_argument("--facility", required=True, metavar="CODE", help=say("destination.facility"))
    one.add_argument("--purpose", default="HPAYMT", metavar="CODE", help=say("destination.purpose"))
    one.add_argument("--basis", required=True, metavar="WORDS", help=say("destination.basis"))
    one.add_argument("--username", default="", metavar="NAME", help=say("destination.username"))
    one.add_argument("--secret-file", type=Path, metavar="FILE", help=say("destination.secret", name=VARIABLE))
    one.add_argument("--certificate", type=Path, metavar="FILE", help=say("destination.certificate"))
    one.add_argument("--key", type=Path, metavar="FILE", help=say("destination.key"))
    one.add_argument("--token-url", default="", metavar="URL", help=say("destination.token_url"))
    one.add_argument("--client-id", default="", metavar="ID", help=say("destination.client_id"))
    one.add_argument("--token-scope", default="", metavar="SCOPE", help=say("destination.token_scope"))


def run(args: argparse.Namespace) -> int:
    with opened(args.data) as node:
        return {"add": _add, "list": _list, "remove": _remove}[args.action](node, args)


def _add(node: compose.Node, args: argparse.Namespace) -> int:
    found = node.organisation.facilities.by_code(args.facility)
    if found is None:
        raise Failure("destination.unknown", facility=args.facility)
    wanted = Destination(
        args.name, args.form, args.url, args.address, found.code or found.gln, cast(Purpose, args.purpose), args.basis,
        args.username, args.dialect, 0, None,
    )  # fmt: skip
    try:
        node.outbox.destinations.add(compose.operator(node.config), wanted, _means(args))
    except Refused as refused:
        raise Failure("destination.refused", reason=text(refused.issues[0], language())) from refused
    print(say("destination.added", name=args.name))
    return 0


def _list(node: compose.Node, args: argparse.Namespace) -> int:
    for one in node.outbox.destinations.all():
        state = say("destination.ended", time=instant(one.ended)) if one.ended else say("destination.living")
        print(f"{one.name}\t{one.form}\t{one.facility}\t{one.purpose}\t{one.url}\t{state}\t{one.basis}")
    return 0


def _remove(node: compose.Node, args: argparse.Namespace) -> int:
    if not node.outbox.destinations.remove(compose.operator(node.config), args.name):
        raise Failure("destination.none", name=args.name)
    print(say("destination.removed", name=args.name))
    return 0


def _means(args: argparse.Namespace) -> Means:
    """Secrets come from files that are nobody else's to read, or from the environment: never as arguments, which others
    can see."""
    secret = _read(args.secret_file) if args.secret_file else os.environ.get(VARIABLE, "").strip()
    certificate = _read(args.certificate, ours=False) if args.certificate else ""
    key = _read(args.key) if args.key else ""
    return Means(secret, certificate, key, args.token_url, args.client_id, args.token_scope)


def _read(file: Path, *, ours: bool = True) -> str:
    try:
        with file.open("r", encoding="ascii") as opened_file:
            if ours and os.fstat(opened_file.fileno()).st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise Failure("destination.open_file", file=file)
            return opened_file.read(LONGEST).strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Failure("destination.cannot_read", file=file, reason=error) from error
