"""`hoso facility locations | add-location | rename-location | close-location | reopen-location`: the places of one."""

from __future__ import annotations

import argparse

from hoso import compose
from hoso.access import Errand
from hoso.access.organisation.locations import KINDS, Location
from hoso.cli.failure import Failure
from hoso.cli.texts import say


def arguments(made: dict[str, argparse.ArgumentParser]) -> None:
    for name in ACTIONS:
        made[name].add_argument("code", metavar="CODE", help=say("facility.number"))
    made["add-location"].add_argument("--name", required=True, metavar="NAME", help=say("facility.location_name"))
    made["add-location"].add_argument("--kind", required=True, choices=KINDS, help=say("facility.location_kind"))
    made["add-location"].add_argument("--inside", default="", metavar="ID", help=say("facility.location_inside"))
    for name in ("rename-location", "close-location", "reopen-location"):
        made[name].add_argument("id", metavar="ID", help=say("facility.location_id"))
    made["rename-location"].add_argument("--name", required=True, metavar="NAME", help=say("facility.location_name"))


def _home(node: compose.Node, code: str) -> str:
    found = node.organisation.facilities.by_code(code)
    if found is None:
        raise Failure("facility.unknown", number=code)
    return found.id


def _list(node: compose.Node, operator: Errand, args: argparse.Namespace) -> int:
    for one, depth in node.organisation.locations.of(operator, _home(node, args.code)):
        state = "" if one.active else f"\t{say('facility.closed')}"
        print(f"{'  ' * depth}{one.id}\t{one.kind or '-'}\t{one.name}{state}")
    return 0


def _add(node: compose.Node, operator: Errand, args: argparse.Namespace) -> int:
    home = _home(node, args.code)
    return _said("added", node.organisation.locations.add(operator, home, args.name, args.kind, args.inside))


def _rename(node: compose.Node, operator: Errand, args: argparse.Namespace) -> int:
    return _said("renamed", node.organisation.locations.rename(operator, _home(node, args.code), args.id, args.name))


def _close(node: compose.Node, operator: Errand, args: argparse.Namespace) -> int:
    return _said("closed", node.organisation.locations.close(operator, _home(node, args.code), args.id))


def _reopen(node: compose.Node, operator: Errand, args: argparse.Namespace) -> int:
    return _said("reopened", node.organisation.locations.reopen(operator, _home(node, args.code), args.id))


def _said(what: str, one: Location) -> int:
    print(say(f"facility.location_{what}", id=one.id, name=one.name))
    return 0


ACTIONS = {
    "locations": _list,
    "add-location": _add,
    "rename-location": _rename,
    "close-location": _close,
    "reopen-location": _reopen,
}
