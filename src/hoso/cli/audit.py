"""`hoso audit`: the log of who read and changed what, for operators and auditors."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

from hoso import compose
from hoso.access.audit import Event
from hoso.access.audit.log import NotErasable
from hoso.access.audit.siem import FORMATS, writer
from hoso.access.audit.unusual import Finding, Limits, unusual
from hoso.access.audit.verify import Fault
from hoso.cli import witness
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import opened
from hoso.cli.progress import Progress
from hoso.cli.texts import say
from hoso.core.clock import from_ms, to_ms
from hoso.core.dates import VIETNAM

FOLLOW_SECONDS = 1.0
_LIMITS = Limits()
UNWITNESSED = 3
"""Exit status of a log that is sound by itself while a witness could not be asked."""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("audit", help=say("audit.help"), description=say("audit.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("audit.metavar"), required=True)
    made = {}
    for name in ACTIONS:
        made[name] = actions.add_parser(name, help=say(f"audit.{name}"), description=say(f"audit.{name}"))
        add_data(made[name])
    described = say("audit.witness")
    witness.add(actions.add_parser("witness", help=described, description=described))
    made["verify"].add_argument("--offline", action="store_true", help=say("audit.offline"))
    made["verify"].add_argument("--json", action="store_true", help=say("audit.json"))
    made["proof"].add_argument("--patient", required=True, metavar="ID", help=say("audit.patient"))
    made["proof"].add_argument("--out", required=True, type=Path, metavar="FILE", help=say("audit.out"))
    made["erase"].add_argument("--event", required=True, type=int, metavar="PLACE", help=say("audit.event"))
    made["erase"].add_argument("--reason", required=True, help=say("audit.reason"))
    made["export"].add_argument("--since", default="", metavar="TIME", help=say("audit.since"))
    made["export"].add_argument("--format", choices=FORMATS, default="jsonl", help=say("audit.format"))
    made["unusual"].add_argument("--days", type=_days, default=7, metavar="N", help=say("audit.days"))
    made["unusual"].add_argument("--before", type=_days, default=60, metavar="N", help=say("audit.before"))
    made["unusual"].add_argument(
        "--least", type=_days, default=_LIMITS.seen_least, metavar="N", help=say("audit.least")
    )
    made["unusual"].add_argument(
        "--least-strangers", type=_days, default=_LIMITS.strangers_least, metavar="N", help=say("audit.least_strangers")
    )
    made["unusual"].add_argument("--times", type=float, default=_LIMITS.times, metavar="X", help=say("audit.times"))
    made["unusual"].add_argument("--json", action="store_true", help=say("audit.unusual_json"))
    made["export"].add_argument("--follow", action="store_true", help=say("audit.follow"))


def run(args: argparse.Namespace) -> int:
    if args.action == "witness":
        return witness.run(args)
    with opened(args.data) as node:
        return ACTIONS[args.action](node, args)


def _seal(node: compose.Node, args: argparse.Namespace) -> int:
    node.audit.drain()
    size = node.audit.sealer.settle()
    node.audit.sealer.publish()
    print(say("audit.sealed", count=f"{max(size, node.audit.sealer.settle()):,}"))
    return 0


def _key(node: compose.Node, args: argparse.Namespace) -> int:
    print(node.audit.verifier)
    return 0


def _verify(node: compose.Node, args: argparse.Namespace) -> int:
    try:
        with Progress(node.audit.size(), say("audit.events")) as progress:
            found = node.audit.verify(lambda number: progress.add(number, number))
        asked = [] if args.offline else node.audit.ask()
        for one in asked:
            if one.betrays:
                raise Fault(f"witness {one.name}", one.detail)
    except Fault as fault:
        if args.json:
            print(json.dumps({"ok": False, "place": fault.place, "fault": fault.reason}))
        else:
            print(say("audit.fault", place=fault.place, reason=fault.reason))
        return 1
    agreed = all(one.state == "agrees" for one in asked)
    if args.json:
        print(
            json.dumps(
                {
                    "ok": True, "events": found.size, "root": found.root.hex(), "patients": found.patients,
                    "erased": found.erased, "waiting": found.waiting, "maps": found.maps,
                    "checkpoints": found.checkpoints, "cosignatures": found.cosignatures,
                    "witnesses": {one.name: one.state for one in asked},
                }
            )
        )  # fmt: skip
        return 0 if agreed else UNWITNESSED
    print(
        say(
            "audit.sound", events=f"{found.size:,}", patients=f"{found.patients:,}", erased=f"{found.erased:,}",
            waiting=f"{found.waiting:,}", checkpoints=f"{found.checkpoints:,}", cosignatures=f"{found.cosignatures:,}",
            root=found.root.hex(),
        )
    )  # fmt: skip
    for one in asked:
        text = "audit.witness_agrees" if one.state == "agrees" else "audit.witness_silent"
        print(say(text, name=one.name, size=f"{one.size:,}", detail=one.detail))
    return 0 if agreed else UNWITNESSED


def _proof(node: compose.Node, args: argparse.Namespace) -> int:
    if args.out.exists():
        raise Failure("audit.there", file=args.out)
    if not args.out.absolute().parent.is_dir():
        raise Failure("audit.no_folder", file=args.out)
    rids = node.store.people.whole(args.patient)
    if not rids:
        raise Failure("audit.no_patient", id=args.patient)
    event = _event(node, "audit-proof", "R", what=f"Patient/{args.patient}", activity="export")
    made = node.audit.prove(rids, event)
    with os.fdopen(os.open(args.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        json.dump(made, out, ensure_ascii=False, indent=1)
        out.write("\n")
    events = sum(len(record["events"]) for record in made["records"])
    print(say("audit.proved", file=args.out, events=f"{events:,}", vkey=node.audit.verifier))
    return 0


def _erase(node: compose.Node, args: argparse.Namespace) -> int:
    if not args.reason.strip():
        raise Failure("audit.no_reason")
    node.audit.sealer.settle()
    try:
        node.audit.erase(args.event, _event(node, "audit-erase", "D", reason=args.reason.strip()))
    except NotErasable as refused:
        raise Failure(f"audit.erase_{refused.reason}", place=args.event) from refused
    node.audit.sealer.settle()
    print(say("audit.erased", place=args.event))
    return 0


def _export(node: compose.Node, args: argparse.Namespace) -> int:
    since = _since(args.since)
    write = writer(args.format, sys.stdout)
    after = -1
    while True:
        for seq, event in node.audit.events(after):
            after = seq
            if event is not None and event.time >= since:
                write(seq, event)
        sys.stdout.flush()
        if not args.follow:
            return 0
        time.sleep(FOLLOW_SECONDS)


def _unusual(node: compose.Node, args: argparse.Namespace) -> int:
    """Whoever looked at far more people than is usual; it is told to the log that somebody asked."""
    today = from_ms(node.audit.now()).astimezone(VIETNAM).date()
    since = today - timedelta(days=args.days - 1)
    begins = datetime.combine(since - timedelta(days=args.before), datetime.min.time(), VIETNAM)
    node.audit.sealer.settle()
    limits = Limits(args.least, args.least_strangers, args.times)
    found = unusual(node.audit.since(to_ms(begins)), since, limits)
    node.audit.journal.tell([_event(node, "audit-unusual", "R", what=f"{since} {len(found)}")])
    for one in found:
        print(json.dumps(_plain(one), ensure_ascii=False) if args.json else _in_words(one))
    if not found and not args.json:
        print(say("audit.nothing_unusual", since=since))
    return 0


def _plain(one: Finding) -> dict[str, object]:
    return {
        "actor": one.worker.actor, "role": one.worker.role, "facility": one.worker.facility, "day": str(one.day),
        "measure": one.measure, "people": one.people, "usual": one.usual, "peers": one.peers,
    }  # fmt: skip


def _in_words(one: Finding) -> str:
    worker = one.worker
    did = say(f"audit.unusual_{one.measure}", day=f"{one.day:%d/%m/%Y}", people=one.people)
    usual = say("audit.usual", number=f"{one.usual:g}") if one.usual is not None else say("audit.no_usual")
    peers = say("audit.peers", number=f"{one.peers:g}") if one.peers is not None else say("audit.no_peers")
    return f"{worker.actor}\t{worker.role}\t{worker.facility}\t{did} {usual} {peers}"


def _days(text: str) -> int:
    """Raises ValueError for what is no number of days or people."""
    number = int(text)
    if not 1 <= number <= 10_000:
        raise ValueError(text)
    return number


def _since(text: str) -> int:
    """Milliseconds of a date or a time; without a zone it is the machine's."""
    if not text:
        return 0
    try:
        return to_ms(datetime.fromisoformat(text).astimezone())
    except (ValueError, OverflowError) as error:
        raise Failure("audit.bad_time", text=text) from error


def _event(node: compose.Node, kind: str, action: str, **fields: str) -> Event:
    actor = f"node/{node.config.node}"
    return Event(time=node.audit.now(), actor=actor, action=action, kind=kind, channel="command", **fields)  # type: ignore[arg-type]


ACTIONS = {
    "seal": _seal,
    "verify": _verify,
    "proof": _proof,
    "erase": _erase,
    "export": _export,
    "key": _key,
    "unusual": _unusual,
}
