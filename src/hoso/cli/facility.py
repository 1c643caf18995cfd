"""`hoso facility add | import | list | show | rename | move | close | reopen`: the tree of facilities of this node."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from hoso import compose
from hoso.access import Errand
from hoso.access.organisation import listed
from hoso.access.organisation.facilities import Facilities, Facility, Wanted
from hoso.access.organisation.kinds import kinds
from hoso.access.organisation.listed import Fault
from hoso.cli import facility_locations
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import opened
from hoso.cli.texts import language, say
from hoso.core.errors import Refused
from hoso.fhir.outcome import text

LARGEST = 20_000_000


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("facility", help=say("facility.help"), description=say("facility.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("facility.metavar"), required=True)
    made = {name: _action(actions, name) for name in _ACTIONS}
    made["add"].add_argument("--code", default="", metavar="CODE", help=say("facility.code"))
    made["add"].add_argument("--gln", default="", metavar="GLN", help=say("facility.gln"))
    made["add"].add_argument(
        "--kind", required=True, metavar="KIND", help=say("facility.kind", kinds=", ".join(kinds()))
    )
    made["add"].add_argument("--name", required=True, metavar="NAME", help=say("facility.name"))
    made["add"].add_argument("--under", default="", metavar="CODE", help=say("facility.under"))
    made["add"].add_argument("--address", default="", metavar="TEXT", help=say("facility.address"))
    made["import"].add_argument("file", metavar="FILE", help=say("facility.file"))
    for name in ("show", "rename", "move", "close", "reopen"):
        made[name].add_argument("code", metavar="CODE", help=say("facility.number"))
    made["rename"].add_argument("--name", required=True, metavar="NAME", help=say("facility.name"))
    facility_locations.arguments(made)
    made["move"].add_argument("--under", required=True, metavar="CODE", help=say("facility.move_under"))


def _action(actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str) -> argparse.ArgumentParser:
    action = actions.add_parser(name, help=say(f"facility.{name}"), description=say(f"facility.{name}"))
    add_data(action)
    return action


def run(args: argparse.Namespace) -> int:
    with opened(args.data) as node:
        try:
            return _ACTIONS[args.action](node, compose.operator(node.config), args)
        except Refused as refused:
            raise Failure("facility.refused", reason=text(refused.issues[0], language())) from refused


def _add(node: compose.Node, operator: Errand, args: argparse.Namespace) -> int:
    wanted = Wanted(args.code, args.kind, args.name, args.under, args.gln, args.address)
    made = node.organisation.facilities.add(operator, wanted)
    print(say("facility.added", code=made.code, name=made.name))
    return 0


def _import(node: compose.Node, operator: Errand, args: argparse.Namespace) -> int:
    """Nothing is added while anything is wrong."""
    facilities = node.organisation.facilities
    rows, faults = listed.read(_bytes(args.file))
    faults += listed.check(facilities, rows)
    if faults:
        _complain(args.file, faults)
        raise Failure("facility.none_added", number=len(faults))
    added, there, faults = listed.add(facilities, operator, rows)
    _complain(args.file, faults)
    print(say("facility.imported", added=added, there=there, faults=len(faults)))
    return 1 if faults else 0


def _bytes(name: str) -> bytes:
    try:
        file = Path(name)
        if file.stat().st_size > LARGEST:
            raise Failure("facility.too_large", file=name, megabytes=LARGEST // 1_000_000)
        return file.read_bytes()
    except OSError as error:
        raise Failure("facility.cannot_read", file=name, reason=error.strerror or error) from error


def _complain(file: str, faults: Iterable[Fault]) -> None:
    for fault in sorted(faults, key=lambda one: one.line):
        where = say("facility.line", file=file, line=fault.line, reason=text(fault.issue, language()))
        print(where, file=sys.stderr)


def _list(node: compose.Node, operator: Errand, args: argparse.Namespace) -> int:
    """As a tree: what stands under another is indented below it."""
    everything = list(node.organisation.facilities.all(operator))
    known = {one.id for one in everything}
    below: dict[str, list[Facility]] = {}
    for one in sorted(everything, key=lambda one: (one.code == "", one.code, one.name)):
        below.setdefault(one.under if one.under in known else "", []).append(one)
    shown: set[str] = set()
    waiting = [(one, 0) for one in reversed(below.get("", []))]
    while waiting:
        one, depth = waiting.pop()
        if one.id not in shown:
            shown.add(one.id)
            _print(one, depth)
            waiting += [(child, depth + 1) for child in reversed(below.get(one.id, []))]
    for one in (one for one in everything if one.id not in shown):  # of a ring, which other software may have made
        _print(one, 0)
    return 0


def _print(one: Facility, depth: int) -> None:
    state = "" if one.active else f"\t{say('facility.closed')}"
    print(f"{'  ' * depth}{one.code or '-'}\t{one.kind or '-'}\t{one.name}{state}")


def _show(node: compose.Node, operator: Errand, args: argparse.Namespace) -> int:
    facilities = node.organisation.facilities
    one = _known(facilities, args.code)
    print(say("facility.state", code=one.code or "-", gln=one.gln or "-", kind=one.kind or "-", name=one.name,
              state=say("facility.open" if one.active else "facility.closed"), id=one.id))  # fmt: skip
    print(say("facility.line_up", line=" > ".join(up.name for up in facilities.line(one.id))))
    for below in facilities.below(operator, one.id):
        _print(below, 1)
    places = [one.id, *(below.id for below in facilities.below(operator, one.id) if not below.code)]
    for held in node.organisation.staff.at(operator, places):
        if held.state != "over":
            print(f"  {held.post.role}\t{held.name}")
    return 0


def _known(facilities: Facilities, code: str) -> Facility:
    found = facilities.by_code(code)
    if found is None:
        raise Failure("facility.unknown", number=code)
    return found


def _rename(node: compose.Node, operator: Errand, args: argparse.Namespace) -> int:
    return _said("renamed", node.organisation.facilities.rename(operator, args.code, args.name))


def _move(node: compose.Node, operator: Errand, args: argparse.Namespace) -> int:
    under = "" if args.under == "-" else args.under
    return _said("moved", node.organisation.facilities.move(operator, args.code, under))


def _close(node: compose.Node, operator: Errand, args: argparse.Namespace) -> int:
    return _said("is_closed", node.organisation.facilities.close(operator, args.code))


def _reopen(node: compose.Node, operator: Errand, args: argparse.Namespace) -> int:
    return _said("is_open", node.organisation.facilities.reopen(operator, args.code))


def _said(key: str, one: Facility) -> int:
    print(say(f"facility.{key}", code=one.code, name=one.name))
    return 0


_ACTIONS: dict[str, Callable[[compose.Node, Errand, argparse.Namespace], int]] = {
    "add": _add,
    "import": _import,
    "list": _list,
    "show": _show,
    "rename": _rename,
    "move": _move,
    "close": _close,
    "reopen": _reopen,
    **facility_locations.ACTIONS,
}
