"""`hoso citizen enrol NUMBER`: a one-time code with which a citizen who is present comes to an account of their own."""

from __future__ import annotations

import argparse
import sys

from hoso import compose
from hoso.access import Actor, Errand, Scopes
from hoso.access.audit import Event
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import opened
from hoso.cli.texts import say
from hoso.core.dates import VIETNAM
from hoso.web.accounts import registry
from hoso.web.citizens.find import Citizen, citizens
from hoso.web.citizens.numbers import number

_LOOKING = Errand(Actor("node/enrol", Scopes.parse("system/Patient.rs")), "HOPERAT", "command")


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("citizen", help=say("citizen.help"), description=say("citizen.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("citizen.metavar"), required=True)
    enrol = actions.add_parser("enrol", help=say("citizen.enrol"), description=say("citizen.enrol"))
    add_data(enrol)
    enrol.add_argument("number", metavar="NUMBER", help=say("citizen.number"))


def run(args: argparse.Namespace) -> int:
    with opened(args.data) as node:
        registry.prepare(node.config)
        citizen = _one(node, args.number)
        try:
            code, until = registry.enrol_citizen(node.config, citizen)
        except registry.AccountProblem as problem:
            raise Failure(problem.key, code=1, **problem.values) from problem
        told = Event(
            time=node.audit.now(),
            actor=f"node/{node.config.node}",
            action="E",
            kind="citizen-enrol",
            channel="command",
            what=f"Patient/{citizen.person}",
            patient=citizen.key,
        )
        node.journal.tell([told])
    print(say("citizen.enrolled", name=citizen.name, day=f"{until.astimezone(VIETNAM):%d/%m/%Y}"), file=sys.stderr)
    print(code)
    return 0


def _one(node: compose.Node, typed: str) -> Citizen:
    digits = number(typed)
    if not digits:
        raise Failure("citizen.bad_number", number=typed)
    found = citizens(node.records, _LOOKING, node.codes, digits)
    if len(found) != 1:
        raise Failure("citizen.several" if found else "citizen.unknown", code=1, number=typed)
    return found[0]
