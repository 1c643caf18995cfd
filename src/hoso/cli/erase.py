"""`hoso erase ask|approve|refuse|list`: erases what carries some labels in one person's record, if two say so."""

from __future__ import annotations

import argparse
import getpass
import sys

from hoso import forgetting
from hoso.access import Actor, Errand, Scopes
from hoso.access.erasing import Erasing
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import opened
from hoso.cli.texts import language, say
from hoso.compose import Node
from hoso.core import Refused
from hoso.core.clock import instant, system_clock
from hoso.fhir.labels import names
from hoso.fhir.outcome import text
from hoso.web.accounts import registry

_SCOPES = Scopes.parse("system/*.cruds")


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("erase", help=say("erase.help"), description=say("erase.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("token.metavar"), required=True)
    ask = _action(actions, "ask")
    ask.add_argument("patient", metavar="PATIENT", help=say("erase.patient"))
    ask.add_argument("--label", action="append", required=True, metavar="LABEL", help=say("erase.label"))
    ask.add_argument("--words", required=True, help=say("label.words"))
    ask.add_argument("--case", default="", metavar="CASE", help=say("erase.case"))
    for name in ("approve", "refuse"):
        action = _action(actions, name)
        action.add_argument("request", metavar="REQUEST", help=say("erase.request"))
        action.add_argument("--words", default="", help=say("erase.words"))
    add_data(actions.add_parser("list", help=say("erase.list"), description=say("erase.list")))


def _action(actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=say(f"erase.{name}"), description=say(f"erase.{name}"))
    add_data(parser)
    parser.add_argument("--as", dest="username", required=True, metavar="USERNAME", help=say("erase.as"))
    return parser


def run(args: argparse.Namespace) -> int:
    with opened(args.data) as node:
        erasing = Erasing(node.store, node.journal, system_clock)
        try:
            if args.action == "list":
                return _list(erasing)
            errand = Errand(_proved(node, args.username), "HOPERAT", channel="command")
            if args.action == "ask":
                print(erasing.ask(errand, args.patient, args.label, args.words, args.case))
                print(say("erase.asked"), file=sys.stderr)
                return 0
            number = erasing.decide(errand, args.request, approved=args.action == "approve", words=args.words)
        except Refused as refused:
            raise Failure("erase.refused", reason=text(refused.issues[0], language())) from refused
        typed = forgetting.drafts(node) if args.action == "approve" else 0
    print(say("erase.done", number=number, typed=typed) if args.action == "approve" else say("erase.kept"))
    return 0


def _list(erasing: Erasing) -> int:
    operator = Errand(Actor(f"user/{getpass.getuser()}", _SCOPES), "HOPERAT", channel="command")
    for one in erasing.requests(operator):
        state = say({None: "erase.waits", 1: "erase.was_approved", 0: "erase.was_refused"}[one.approved])
        labels = ",".join(sorted(names(one.labels)))
        line = (
            one.id,
            one.patient,
            labels,
            one.asker,
            instant(one.asked),
            state,
            one.decider or "",
            one.words,
            one.case_id,
        )
        print("\t".join(line))
    return 0


def _proved(node: Node, username: str) -> Actor:
    """The person at the keyboard, by password and code: with a terminal asked for, else two lines of standard input."""
    registry.prepare(node.config)
    if sys.stdin.isatty():
        password = getpass.getpass(say("erase.password", username=username))
        code = input(say("erase.code"))
    else:
        password, code = sys.stdin.readline().rstrip("\n"), sys.stdin.readline().strip()
    try:
        registry.prove(node.config, username, password, code)
    except registry.AccountProblem as problem:
        raise Failure(problem.key, code=1, **problem.values) from problem
    return Actor(f"user/{username}", _SCOPES, assurance="multi" if code else "single")
