"""`hoso user create | list | give | end | disable | unlock | reset-mfa`: who signs in to this node's pages, as what."""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import date
from pathlib import Path

from hoso import compose
from hoso.access.audit import Event
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import explained
from hoso.cli.texts import language, say
from hoso.core.errors import Refused
from hoso.fhir.outcome import text
from hoso.web.accounts import registry
from hoso.web.roles import CITIZEN, staff


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("user", help=say("user.help"), description=say("user.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("user.metavar"), required=True)
    create = _named(actions, "create", "create")
    _placed(create)
    create.add_argument("--name", default="", metavar="NAME", help=say("user.name"))
    create.add_argument("--password-stdin", action="store_true", help=say("user.password_stdin"))
    create.add_argument("--keep-password", action="store_true", help=say("user.keep_password"))
    add_data(actions.add_parser("list", help=say("user.list"), description=say("user.list")))
    give = _named(actions, "give", "give")
    _placed(give)
    give.add_argument("--since", type=date.fromisoformat, metavar="YYYY-MM-DD", help=say("user.since"))
    end = _named(actions, "end", "end")
    end.add_argument("--role", metavar="R", help=say("user.end_role"))
    end.add_argument("--facility", metavar="CODE", help=say("user.end_facility"))
    for name, key in (("disable", "disable"), ("unlock", "unlock"), ("reset-mfa", "reset_mfa")):
        _named(actions, name, key)


def _named(
    actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str, key: str
) -> argparse.ArgumentParser:
    """An action about one account."""
    action = actions.add_parser(name, help=say(f"user.{key}"), description=say(f"user.{key}"))
    add_data(action)
    action.add_argument("--username", required=True, metavar="U", help=say("user.username"))
    return action


def _placed(action: argparse.ArgumentParser) -> None:
    action.add_argument("--role", required=True, metavar="R", help=say("user.role", roles=", ".join(staff())))
    action.add_argument("--facility", required=True, metavar="CODE", help=say("user.facility"))
    action.add_argument("--until", type=date.fromisoformat, metavar="YYYY-MM-DD", help=say("user.until"))


def run(args: argparse.Namespace) -> int:
    with explained(args.data):
        config = compose.load(Path(args.data))
        compose.prepare(config)
        try:
            return _ACTIONS.get(args.action, _change)(config, args)
        except registry.AccountProblem as problem:
            raise Failure(problem.key, code=1, **problem.values) from problem
        except Refused as refused:
            raise Failure("user.refused", reason=text(refused.issues[0], language())) from refused


def _create(config: compose.Config, args: argparse.Namespace) -> int:
    given = _password(args)
    made = compose.hire(
        config, args.username, args.role, args.facility, given,
        name=args.name, until=args.until, must_change=not args.keep_password,
    )  # fmt: skip
    if made.added:
        print(say("user.facility_added", facility=args.facility), file=sys.stderr)
    _tell(config, "create", args.username)
    print(say("user.created", username=args.username, role=args.role, facility=args.facility), file=sys.stderr)
    if given is None:
        print(say("user.password_follows"), file=sys.stderr)
        print(made.password)
    if not args.keep_password:
        print(say("user.then_password"), file=sys.stderr)
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
    everyone = registry.everyone(config)
    node = compose.open(config.folder)
    try:
        held = {one.username: node.organisation.posts.of(one.practitioner) for one in everyone}
        _warn(node)
    finally:
        node.close()
    for one in everyone:
        posts = held[one.username]
        roles = CITIZEN if one.citizen else ",".join(post.role for post in posts) or "-"
        facilities = ",".join(post.facility for post in posts) or "-"
        state = say("user.closed" if not one.active else "user.unused" if one.unused else "user.active")
        factor = say("user.factor" if one.second_factor else "user.no_factor")
        last = f"{one.last_sign_in:%Y-%m-%d %H:%M}Z" if one.last_sign_in else "-"
        print("\t".join((one.username, roles, facilities, state, last, factor)))
    return 0


def _give(config: compose.Config, args: argparse.Namespace) -> int:
    who = registry.practitioner(config, args.username)
    node = compose.open(config.folder)
    try:
        place = node.organisation.facilities.by_code(args.facility)
        if place is None or not place.active:
            raise Failure("user.no_facility", facility=args.facility)
        node.organisation.staff.give(compose.operator(config), who, args.role, place.id, args.since, args.until)
    finally:
        node.close()
    _tell(config, "give", args.username)
    print(say("user.given", username=args.username, role=args.role, facility=args.facility))
    return 0


def _end(config: compose.Config, args: argparse.Namespace) -> int:
    """Every role that fits, also one that is yet to begin."""
    who = registry.practitioner(config, args.username)
    node = compose.open(config.folder)
    try:
        fitting = [
            one.post
            for one in node.organisation.staff.of(who)
            if one.state != "over" and args.role in (None, one.post.role) and args.facility in (None, one.post.facility)
        ]
        for post in fitting:
            node.organisation.staff.end(compose.operator(config), post.id)
    finally:
        node.close()
    if not fitting:
        raise Failure("user.no_role", username=args.username)
    _tell(config, "end", args.username, warns=True)
    for post in fitting:
        print(say("user.ended", username=args.username, role=post.role, facility=post.facility))
    return 0


def _change(config: compose.Config, args: argparse.Namespace) -> int:
    done, told = {
        "disable": (registry.disable, "user.disabled"),
        "unlock": (registry.unlock, "user.unlocked"),
        "reset-mfa": (registry.reset_factors, "user.mfa_reset"),
    }[args.action]
    if not done(config, args.username):
        raise Failure("user.unknown", username=args.username)
    _tell(config, args.action, args.username, warns=True)
    print(say(told, username=args.username))
    return 0


def _warn(node: compose.Node) -> None:
    """Of the offices that nobody holds."""
    for office in node.watch.vacant():
        print(say("user.vacant", role=office), file=sys.stderr)


_ACTIONS = {"create": _create, "list": _list, "give": _give, "end": _end}


def _tell(config: compose.Config, what: str, username: str, *, warns: bool = False) -> None:
    """The audit log learns of it, as of what is done on a page. `warns`: it may have emptied an office."""
    node = compose.open(config.folder)
    try:
        told = Event(
            time=node.audit.now(), actor=f"node/{config.node}", action="E", kind=f"user-{what}", channel="command",
            what=f"user/{username}",
        )  # fmt: skip
        node.audit.journal.tell([told])
        if warns:
            _warn(node)
    finally:
        node.close()
