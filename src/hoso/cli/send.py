"""`hoso send` and `hoso send status`: visits into the queue for a destination, and how each of them stands.

A node that serves sends what is queued; with --wait it is done here and now. With --json each line is one object.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from pathlib import Path
from typing import Any

from hoso import compose
from hoso.access.outbound.destinations import FORMS
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import opened
from hoso.cli.texts import language, say
from hoso.core import Refused
from hoso.core.clock import instant
from hoso.exchange.outbound.desk import OPEN, Outbox
from hoso.exchange.outbound.shapes import STATES, Sending
from hoso.fhir.outcome import text

SECONDS = 600.0
MOST = 100
MOST_ISSUES = 8
"""Of a sending, told to a person; --json has all."""
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("send", help=say("send.help"), description=say("send.help"), epilog=say("send.exit"))
    parser.add_argument("action", nargs="?", choices=("status",), metavar="status", help=say("send.status"))
    add_data(parser)
    parser.add_argument("--to", default="", metavar="NAME", help=say("send.to"))
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--visit", nargs="+", default=[], metavar="ID", help=say("send.visit"))
    which.add_argument("--since", default="", metavar="DATE", help=say("send.since"))
    parser.add_argument("--facility", default="", metavar="CODE", help=say("send.facility"))
    parser.add_argument("--as", dest="form", choices=FORMS, help=say("send.form"))
    parser.add_argument("--dialect", choices=("4750", "3176"), default="", help=say("send.dialect"))
    parser.add_argument("--partial", action="store_true", help=say("send.partial"))
    parser.add_argument("--out", type=Path, metavar="FILE", help=say("send.out"))
    parser.add_argument("--wait", type=float, nargs="?", const=SECONDS, metavar="SECONDS", help=say("send.wait"))
    parser.add_argument("--state", choices=STATES, help=say("send.state"))
    parser.add_argument("--most", type=int, default=MOST, metavar="N", help=say("send.most"))
    parser.add_argument("--json", action="store_true", help=say("send.json"))


def run(args: argparse.Namespace) -> int:
    with opened(args.data) as node:
        if args.action == "status":
            return _status(node.outbox, args)
        if not args.to or not (args.visit or args.since):
            raise Failure("send.what", code=2)
        try:
            _check(node.outbox, args)
            return _written(node, args) if args.out else _sent(node, args)
        except Refused as refused:
            reason = " ".join(text(one, language()) for one in refused.issues[:MOST_ISSUES])
            raise Failure("send.not_queued", reason=reason) from refused


def _check(outbox: Outbox, args: argparse.Namespace) -> None:
    """What the destination says already may be repeated, and must be the same."""
    to = outbox.destinations.living(args.to)
    if to is None:
        raise Refused.because(404, "not-found", "outbound.no-destination", name=args.to[:80])
    if args.form and args.form != to.form:
        raise Failure("send.other_form", name=to.name, form=to.form, asked=args.form)
    if args.facility and args.facility != to.facility:
        raise Failure("send.other_facility", name=to.name, facility=to.facility, asked=args.facility)
    if args.since and not _DAY.match(args.since):
        raise Failure("send.no_day", code=2, text=args.since[:40])


def _written(node: compose.Node, args: argparse.Namespace) -> int:
    if len(args.visit) != 1:
        raise Failure("send.one_visit", code=2)
    errand = compose.operator(node.config)
    body = node.outbox.written(errand, args.to, args.visit[0], dialect=args.dialect, partial=args.partial)
    try:
        with os.fdopen(os.open(args.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(body)
    except OSError as error:
        raise Failure("send.cannot_write", file=args.out, reason=error.strerror) from error
    return 0


def _sent(node: compose.Node, args: argparse.Namespace) -> int:
    errand, outbox = compose.operator(node.config), node.outbox
    more = {"dialect": args.dialect, "partial": args.partial}
    if args.visit:
        asked = outbox.ask(errand, args.to, list(dict.fromkeys(args.visit)), **more)
    else:
        asked = outbox.ask_since(errand, args.to, args.since, **more)
    counted = {"queued": len(asked.sendings), "waiting": asked.waiting}
    if args.wait is None:
        _print(args, {**counted, "sendings": asked.sendings}, say("send.queued", **counted))
        return 0
    bad: list[str] = []

    def seen(one: Sending) -> None:
        _print(args, _of(one), _lines(one))
        if one.state in ("refused", "given-up", "stopped"):
            bad.append(one.id)

    left = outbox.wait(asked.sendings, args.wait, seen)
    for one in left:
        _print(args, _of(one), _lines(one))
    if left:
        raise Failure("send.left", number=len(left))
    return 1 if bad else 0


def _status(outbox: Outbox, args: argparse.Namespace) -> int:
    for one in outbox.listed(args.to, (args.state,) if args.state else STATES, most=max(0, args.most)):
        _print(args, _of(one), _lines(one))
    return 0


def _of(one: Sending) -> dict[str, Any]:
    faults = [
        {"text": text(issue, language()), **({"place": issue.expression} if issue.expression else {})}
        for issue in one.issues
    ]
    return {
        "id": one.id, "visit": one.visit, "to": one.destination, "state": one.state, "asked": instant(one.asked),
        "attempts": one.attempts, **({"due": instant(one.due)} if one.state in OPEN else {}),
        **({"settled": instant(one.settled)} if one.settled else {}), **({"number": one.number} if one.number else {}),
        "withheld": one.withheld, "issues": faults,
    }  # fmt: skip


def _lines(one: Sending) -> str:
    when = one.settled or one.due
    found = [f"{one.id}\t{one.visit}\t{one.destination}\t{say(f'send.{one.state}')}\t{instant(when)}\t{one.number}"]
    if one.withheld:
        found.append(f"  {say('send.withheld', number=one.withheld)}")
    for issue in one.issues[:MOST_ISSUES]:
        place = f"{issue.expression}: " if issue.expression else ""
        found.append(f"  {place}{text(issue, language())}")
    if len(one.issues) > MOST_ISSUES:
        found.append(f"  {say('send.more', number=len(one.issues) - MOST_ISSUES)}")
    return "\n".join(found)


def _print(args: argparse.Namespace, value: dict[str, Any], line: str) -> None:
    print(json.dumps(value, ensure_ascii=False) if args.json else line, flush=True)
