"""`hoso node invite | enrol | list | revoke | admit | replace | status`: which nodes exchange records with this one."""

from __future__ import annotations

import argparse
from pathlib import Path

from hoso import compose, syncing
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import opened
from hoso.cli.texts import say
from hoso.core.clock import instant, to_ms
from hoso.sync.nodes import CODE_MINUTES, Hub
from hoso.sync.scope import EXTENTS, Extent, extent

ACTIONS = ("invite", "enrol", "list", "revoke", "admit", "replace", "status")


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("node", help=say("node.help"), description=say("node.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("node.metavar"), required=True)
    made = {
        name: actions.add_parser(name, help=say(f"node.{name}"), description=say(f"node.{name}")) for name in ACTIONS
    }
    for one in made.values():
        add_data(one)
    made["invite"].add_argument("--name", required=True, metavar="NAME", help=say("node.name"))
    made["invite"].add_argument("--facility", required=True, metavar="CODE", help=say("node.facility"))
    made["invite"].add_argument("--scope", choices=EXTENTS, default="all", help=say("node.scope"))
    made["enrol"].add_argument("--hub", required=True, metavar="URL", help=say("node.hub"))
    made["enrol"].add_argument("--code", required=True, metavar="CODE", help=say("node.code"))
    made["enrol"].add_argument("--authority", type=Path, metavar="FILE", help=say("node.authority"))
    for name in ("revoke", "admit", "replace"):
        made[name].add_argument("--node", required=True, metavar="ID", help=say("node.id"))


def run(args: argparse.Namespace) -> int:
    if args.action == "enrol":
        return _enrol(args)
    if args.action == "status":
        return _status(args)
    with opened(args.data) as node:
        hub = syncing.hub(node.agreeing)
        if args.action == "invite":
            _invite(hub, args.name, args.facility, args.scope)
        elif args.action == "list":
            _list(hub)
        elif args.action == "replace":
            _replace(hub, args.node)
        else:
            done = hub.revoke(args.node) if args.action == "revoke" else hub.admit(args.node)
            if not done:
                raise Failure("node.none", node=args.node)
            print(say("node.revoked" if args.action == "revoke" else "node.admitted", node=args.node))
    return 0


def _invite(hub: Hub, name: str, facility: str, scope: Extent) -> None:
    """The code alone on standard output."""
    print(hub.invite(name, facility, scope))


def _list(hub: Hub) -> None:
    for row in hub.table.all():
        state = say(f"node.{hub.standing(row)}", until=instant(row.expires))
        seen = instant(row.seen) if row.seen else say("node.never")
        print(f"{row.id}\t{row.name}\t{row.facility}\t{state}\t{seen}\t{_clock(row.ahead)}\t{row.scope}")


def _clock(ahead: int | None) -> str:
    return say("node.clock", seconds=f"{ahead / 1000:+.0f}") if ahead is not None else "-"


def _replace(hub: Hub, id: str) -> None:
    row = hub.table.find(id)
    if row is None or not hub.revoke(id):
        raise Failure("node.none", node=id)
    _invite(hub, row.name, row.facility, extent(row.scope))


def _enrol(args: argparse.Namespace) -> int:
    from hoso.sync.above import Refused, enrol
    from hoso.sync.line import Unreachable, is_allowed

    if not is_allowed(args.hub):
        raise Failure("node.not_https", hub=args.hub)
    with opened(args.data) as node:
        parts = node.agreeing
        try:
            above = enrol(parts.keys, parts.node, args.hub.rstrip("/"), args.code, args.authority)
        except Refused as refused:
            raise Failure(f"node.refused_{refused.why.replace('-', '_')}", minutes=CODE_MINUTES) from refused
        except (Unreachable, OSError) as fault:
            raise Failure("node.unreachable", hub=args.hub, reason=fault) from fault
        print(say("node.enrolled", name=above.name, hub=above.hub, until=_until(above.certificate)))
    return 0


def _until(certificate: Path) -> str:
    from hoso.sync.keyfile import ends

    return instant(to_ms(ends(certificate)))


def _status(args: argparse.Namespace) -> int:
    config = compose.load(Path(args.data))
    above = syncing.upward(config.folder / "sync")
    print(say("node.own", node=config.node, name=above.name if above else config.name))
    if above is None:
        print(say("node.no_hub"))
        return 0
    print(say("node.above", hub=above.hub, addresses=", ".join(above.addresses), until=_until(above.certificate)))
    return 0
