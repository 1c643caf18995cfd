"""`hoso sync now | status | conflicts | settle | release | metrics`: how this node agrees with others."""

from __future__ import annotations

import argparse
import json

from hoso import syncing
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import opened
from hoso.cli.texts import say
from hoso.core.clock import instant
from hoso.sync.door import MOST_BELOW


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("sync", help=say("sync.help"), description=say("sync.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("sync.metavar"), required=True)
    add_data(actions.add_parser("now", help=say("sync.now"), description=say("sync.now")))
    add_data(actions.add_parser("conflicts", help=say("sync.conflicts"), description=say("sync.conflicts")))
    add_data(actions.add_parser("metrics", help=say("sync.metrics"), description=say("sync.metrics")))
    release = actions.add_parser("release", help=say("sync.release"), description=say("sync.release"))
    add_data(release)
    release.add_argument("--node", required=True, metavar="ID", help=say("node.id"))
    settle = actions.add_parser("settle", help=say("sync.settle"), description=say("sync.settle"))
    add_data(settle)
    settle.add_argument("record", metavar="TYPE/ID", help=say("sync.settled_record"))
    settle.add_argument("--keep", required=True, metavar="CHANGE", help=say("sync.keep"))
    status = actions.add_parser("status", help=say("sync.status"), description=say("sync.status"))
    add_data(status)
    status.add_argument("--json", action="store_true", help=say("sync.json"))
    status.add_argument("record", nargs="?", metavar="TYPE/ID", help=say("sync.record"))


def run(args: argparse.Namespace) -> int:
    chosen = {"now": _now, "status": _status, "conflicts": _conflicts, "settle": _settle, "release": _release}
    chosen["metrics"] = _metrics
    return chosen[args.action](args)


def _now(args: argparse.Namespace) -> int:
    from hoso.sync.asking import Broken
    from hoso.sync.ledger import Full
    from hoso.sync.line import Unreachable

    with opened(args.data) as node:
        calls = syncing.Calls.of(node.agreeing)
        if calls is None:
            raise Failure("sync.no_hub")
        try:
            outcome = calls.contact()
        except Unreachable as fault:
            raise Failure("sync.unreachable", reason=fault) from fault
        except Broken as fault:
            raise Failure("sync.broken", reason=fault.why) from fault
        except Full as fault:
            raise Failure("sync.full", reason=fault) from fault
    print(say("sync.done", sent=outcome.sent, received=outcome.received, clock=f"{outcome.offset / 1000:+.0f}"))
    if outcome.forked:
        print(say("sync.forked"))
    if outcome.repaired:
        print(say("sync.repaired", number=outcome.repaired))
    print(say("sync.equal" if outcome.equal else "sync.differs"))
    return 0


def _status(args: argparse.Namespace) -> int:
    from hoso.sync import status

    with opened(args.data) as node:
        calls = syncing.Calls.of(node.agreeing)
        kept = calls.ledger if calls else syncing.ledger(node.agreeing)
        kept.gather()
        if args.record:
            type, _, id = args.record.partition("/")
            places = status.places(kept, type, id)
            if not places:
                raise Failure("sync.unknown", record=args.record)
            for place in places:
                print(f"{args.record}\t{place.version}\t{instant(place.time)}\t{say(f'sync.{place.where}')}")
            return 0
        found = status.summary(kept)
        if args.json:
            print(json.dumps({**found._asdict(), "oldest": instant(found.oldest) if found.oldest else None}))
            return 0
        if calls is None:
            print(say("sync.no_hub_status"))
        print(say("sync.counted", here=found.here, hub=found.hub, centre=found.centre, held=found.held))
        if found.oldest:
            print(say("sync.oldest", time=instant(found.oldest)))
        last = kept.noted("last")
        print(say("sync.last", time=instant(int(last))) if last else say("sync.never"))
        for type, id in status.conflicts(kept):
            print(say("sync.conflict", record=f"{type}/{id}"))
    return 0


def _conflicts(args: argparse.Namespace) -> int:
    """A line for each version: the one that is shown comes first. Then what a person is to look at."""
    from hoso.sync import status
    from hoso.sync.conflicts import settle
    from hoso.sync.heads import heads

    with opened(args.data) as node:
        kept = syncing.ledger(node.agreeing)
        kept.gather()
        for type, id in status.conflicts(kept):
            settled = settle(heads(kept.versions(type, id)))
            review = " ".join(settled.review)
            for version in (settled.shown, *settled.others):
                header = version.header
                told = (header.change.hex(), instant(header.time), header.actor, header.op)
                print("\t".join((f"{type}/{id}", *told, review)))
    return 0


def _metrics(args: argparse.Namespace) -> int:
    from hoso.sync.metrics import lines

    with opened(args.data) as node:
        overview = node.agreement
        stations, _ = overview.stations(0, MOST_BELOW)
        for line in lines(overview.own(), stations):
            print(line)
    return 0


def _release(args: argparse.Namespace) -> int:
    with opened(args.data) as node:
        if syncing.hub(node.agreeing).table.find(args.node) is None:
            raise Failure("node.none", node=args.node)
        print(say("sync.released", number=syncing.released(node.agreeing, args.node), node=args.node))
    return 0


def _settle(args: argparse.Namespace) -> int:
    from hoso.store import Origin

    type, _, id = args.record.partition("/")
    try:
        keep = bytes.fromhex(args.keep)
    except ValueError as error:
        raise Failure("sync.no_version", record=args.record, keep=args.keep) from error
    with opened(args.data) as node:
        parts = node.agreeing
        origin = Origin(syncing.errand(parts.node).actor.id, "settled")
        if not syncing.ledger(parts).settle(type, id, keep, origin):
            raise Failure("sync.no_version", record=args.record, keep=args.keep)
    print(say("sync.settled", record=args.record))
    return 0
