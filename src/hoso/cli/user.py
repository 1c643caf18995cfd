"""`hoso user create | list | disable`: local accounts of the people who sign in to the pages of this node."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from hoso import compose
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import explained
from hoso.cli.texts import say
from hoso.web.accounts import registry
from hoso.web.roles import titles


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("user", help=say("user.help"), description=say("user.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("user.metavar"), required=True)
    create = actions.add_parser("create", help=say("user.create"), description=say("user.create"))
    add_data(create)
    create.add_argument("--username", required=True, metavar="U", help=say("user.username"))
    create.add_argument("--role", required=True, metavar="R", help=say("user.role", roles=", ".join(titles())))
    create.add_argument("--facility", required=True, metavar="CODE", help=say("user.facility"))
    create.add_argument("--password-stdin", action="store_true", help=say("user.password_stdin"))
    add_data(actions.add_parser("list", help=say("user.list"), description=say("user.list")))
    disable = actions.add_parser("disable", help=say("user.disable"), description=say("user.disable"))
    add_data(disable)
    disable.add_argument("--username", required=True, metavar="U", help=say("user.username"))


def run(args: argparse.Namespace) -> int:
    with explained(args.data):
        config = compose.load(Path(args.data))
        return {"create": _create, "list": _list, "disable": _disable}[args.action](config, args)


def _create(config: compose.Config, args: argparse.Namespace) -> int:
    given = _password(args)
    try:
        password = registry.create(config, args.username, args.role, args.facility, given)
    except registry.AccountProblem as problem:
        raise Failure(problem.key, code=1, **problem.values) from problem
    print(say("user.created", username=args.username, role=args.role, facility=args.facility), file=sys.stderr)
    if given is None:
        print(say("user.password_follows"), file=sys.stderr)
        print(password)
    elif len(given) < registry.ADVISED:
        print(say("user.short", advised=registry.ADVISED), file=sys.stderr)
    return 0


def _password(args: argparse.Namespace) -> str | None:
    """From standard input, else asked for at a terminal; None has a new one made."""
    if args.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    typed = getpass.getpass(say("user.ask"))
    if typed and getpass.getpass(say("user.ask_again")) != typed:
        raise Failure("user.differ")
    return typed or None


def _list(config: compose.Config, args: argparse.Namespace) -> int:
    for one in registry.everyone(config):
        state = say("user.active" if one.active else "user.closed")
        last = f"{one.last_sign_in:%Y-%m-%d %H:%M}Z" if one.last_sign_in else "-"
        print("\t".join((one.username, one.role, one.facility, state, last)))
    return 0


def _disable(config: compose.Config, args: argparse.Namespace) -> int:
    if not registry.disable(config, args.username):
        raise Failure("user.unknown", username=args.username)
    print(say("user.disabled", username=args.username))
    return 0
