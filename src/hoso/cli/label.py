"""`hoso label show|raise|lower`: labels that close a record, by hand; each act is kept with who did it and why."""

from __future__ import annotations

import argparse
import getpass

from hoso.access import Actor, Errand, Scopes
from hoso.access.labelling import Labelling, told
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import opened
from hoso.cli.texts import language, say
from hoso.core import Refused
from hoso.core.clock import instant, system_clock
from hoso.fhir.outcome import text


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("label", help=say("label.help"), description=say("label.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("label.metavar"), required=True)
    for name in ("show", "raise", "lower"):
        action = actions.add_parser(name, help=say(f"label.{name}"), description=say(f"label.{name}"))
        add_data(action)
        action.add_argument("record", metavar="TYPE/ID", help=say("label.record"))
        if name != "show":
            action.add_argument("labels", nargs="+", metavar="LABEL", help=say("label.labels"))
            action.add_argument("--words", required=True, help=say("label.words"))


def run(args: argparse.Namespace) -> int:
    type, _, id = args.record.partition("/")
    errand = Errand(Actor(f"user/{getpass.getuser()}", Scopes.parse("system/*.cruds")), "SYSADMIN", channel="command")
    with opened(args.data) as node:
        labelling = Labelling(node.store, node.journal, system_clock)
        try:
            if args.action == "show":
                return _show(labelling, errand, type, id)
            given = {"raised" if args.action == "raise" else "lowered": args.labels}
            counts = labelling.change(errand, type, id, words=args.words, **given)
        except Refused as refused:
            raise Failure("label.refused", reason=text(refused.issues[0], language())) from refused
    print(say("label.now", labels=", ".join(sorted(counts)) or "–"))
    return 0


def _show(labelling: Labelling, errand: Errand, type: str, id: str) -> int:
    done = labelling.acts(errand, type, id)
    print(say("label.now", labels=", ".join(sorted(labelling.of(errand, type, id))) or "–"))
    for one in done:
        print(f"{instant(one.time)}\t{one.actor}\t{told(one)}\t{one.words}")
    return 0
