"""`hoso user create | list | disable | unlock | reset-mfa`: accounts of those who sign in to this node's pages."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path

from hoso import compose
from hoso.access.audit import Event
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import explained
from hoso.cli.texts import say
from hoso.web.accounts import registry
from hoso.web.roles import staff


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("user", help=say("user.help"), description=say("user.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("user.metavar"), required=True)
    create = actions.add_parser("create", help=say("user.create"), description=say("user.create"))
    add_data(create)
    create.add_argument("--username", required=True, metavar="U", help=say("user.username"))
    create.add_argument("--role", required=True, metavar="R", help=say("user.role", roles=", ".join(staff())))
    create.add_argument("--facility", required=True, metavar="CODE", help=say("user.facility"))
    create.add_argument("--password-stdin", action="store_true", help=say("user.password_stdin"))
    add_data(actions.add_parser("list", help=say("user.list"), description=say("user.list")))
    for name, text in (("disable", "user.disable"), ("unlock", "user.unlock"), ("reset-mfa", "user.reset_mfa")):
        action = actions.add_parser(name, help=say(text), description=say(text))
        add_data(action)
        action.add_argument("--username", required=True, metavar="U", help=say("user.username"))


def run(args: argparse.Namespace) -> int:
    with explained(args.data):
        config = compose.load(Path(args.data))
        registry.prepare(config)
        return {"create": _create, "list": _list}.get(args.action, _change)(config, args)


def _create(config: compose.Config, args: argparse.Namespace) -> int:
    given = _password(args)
    try:
        password = registry.create(config, args.username, args.role, args.facility, given)
    except registry.AccountProblem as problem:
        raise Failure(problem.key, code=1, **problem.values) from problem
    _tell(config, "create", args.username)
    print(say("user.created", username=args.username, role=args.role, facility=args.facility), file=sys.stderr)
    if given is None:
        print(say("user.password_follows"), file=sys.stderr)
        print(password)
    if config.sign_in.second_factor:
        print(say("user.then_factor"), file=sys.stderr)
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
        state = say("user.closed" if not one.active else "user.unused" if one.unused else "user.active")
        factor = say("user.factor" if one.second_factor else "user.no_factor")
        last = f"{one.last_sign_in:%Y-%m-%d %H:%M}Z" if one.last_sign_in else "-"
        print("\t".join((one.username, one.role, one.facility, state, last, factor)))
    return 0


def _change(config: compose.Config, args: argparse.Namespace) -> int:
    done, told = {
        "disable": (registry.disable, "user.disabled"),
        "unlock": (registry.unlock, "user.unlocked"),
        "reset-mfa": (registry.reset_factors, "user.mfa_reset"),
    }[args.action]
    if not done(config, args.username):
        raise Failure("user.unknown", username=args.username)
    _tell(config, args.action, args.username)
    print(say(told, username=args.username))
    return 0


def _tell(config: compose.Config, what: str, username: str) -> None:
    """The audit log learns of it, as of what is done on a page."""
    node = compose.open(config.folder)
    try:
        told = Event(
            time=node.audit.now(), actor=f"node/{config.node}", action="E", kind=f"user-{what}", channel="command",
            what=f"user/{username}",
        )  # fmt: skip
        node.audit.journal.tell([told])
    finally:
        node.close()
