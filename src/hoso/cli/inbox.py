"""`hoso inbox`: what other software brought, what became of each piece, and what can be done about it.

An operator of the node sees and mends what every facility brought. With --json each line is one object.
"""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, get_args

from hoso.access import Unavailable
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import opened
from hoso.cli.texts import language, say
from hoso.core import Refused
from hoso.core.clock import instant
from hoso.exchange import formats
from hoso.exchange.intake import Intake, Item, Sender, Standing, State
from hoso.exchange.intake.report import of_deposit, of_item, of_undone
from hoso.fhir.outcome import text

PAGE = 100
MOST_ISSUES = 8
"""Of an item, told to a person; --json has all."""
Act = Callable[[Intake, Sender, argparse.Namespace], int]
STATES: tuple[str, ...] = get_args(State)


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "inbox", help=say("inbox.help"), description=say("inbox.help"), epilog=say("inbox.exit")
    )
    actions = parser.add_subparsers(dest="action", metavar=say("inbox.metavar"), required=True)
    made: dict[str, argparse.ArgumentParser] = {}
    for name in ACTS:
        action = made[name] = actions.add_parser(name, help=say(f"inbox.{name}"), description=say(f"inbox.{name}"))
        add_data(action)
        if name in ("send", "preview"):
            action.add_argument("file", type=Path, metavar="FILE", help=say("inbox.file"))
            action.add_argument("--format", choices=tuple(formats.FORMATS), help=say("inbox.format"))
            action.add_argument("--facility", default="", metavar="CODE", help=say("inbox.facility"))
        elif name != "list":
            action.add_argument("id", metavar="ID", help=say("inbox.id"))
        if name in ("original", "mend", "set-aside"):
            action.add_argument("number", type=int, metavar="N", help=say("inbox.number"))
        if name not in ("original", "set-aside"):
            action.add_argument("--json", action="store_true", help=say("inbox.json"))
    made["list"].add_argument("--most", type=int, default=PAGE, metavar="N", help=say("inbox.most"))
    made["items"].add_argument("--state", choices=STATES, help=say("inbox.state"))
    made["retry"].add_argument("numbers", type=int, nargs="*", metavar="N", help=say("inbox.numbers"))
    made["mend"].add_argument("file", type=Path, metavar="FILE", help=say("inbox.mended"))
    made["set-aside"].add_argument("--words", required=True, help=say("inbox.words"))


def run(args: argparse.Namespace) -> int:
    sender = Sender(f"user/{getpass.getuser()}", getattr(args, "facility", ""), "command")
    with opened(args.data) as node:
        try:
            return ACTS[args.action](node.intake, sender, args)
        except Refused as refused:
            raise Failure("inbox.refused", reason=_said(refused)) from refused
        except Unavailable as error:
            raise Failure("inbox.unavailable", reason=error) from error
        except OSError as error:
            raise Failure("inbox.unreadable", file=error.filename, reason=error.strerror) from error


def _list(desk: Intake, sender: Sender, args: argparse.Namespace) -> int:
    for one in islice(_deposits(desk, sender), max(0, args.most)):
        _print(args, of_deposit(one), _line(one))
    return 0


def _show(desk: Intake, sender: Sender, args: argparse.Namespace) -> int:
    return _told(args, desk.standing(sender, args.id))


def _items(desk: Intake, sender: Sender, args: argparse.Namespace) -> int:
    for item in _every(desk, sender, args.id, args.state):
        _print(args, of_item(item), _item_lines(item))
    return 0


def _original(desk: Intake, sender: Sender, args: argparse.Namespace) -> int:
    sys.stdout.flush()
    sys.stdout.buffer.write(desk.original(sender, args.id, args.number))
    sys.stdout.buffer.flush()
    return 0


def _send(desk: Intake, sender: Sender, args: argparse.Namespace) -> int:
    with args.file.open("rb") as file:
        name = args.format or _known(file.read(formats.HEAD), args.file)
        file.seek(0)
        receipt = desk.receive(sender, name, args.file.name, file)
    if not receipt.new and not args.json:
        print(say("inbox.again", id=receipt.id), file=sys.stderr)
    return _carried_out(desk, sender, args, receipt.id)


def _preview(desk: Intake, sender: Sender, args: argparse.Namespace) -> int:
    """What each piece would come to, and at the end how many of each."""
    counts: Counter[str] = Counter()
    with args.file.open("rb") as file:
        name = args.format or _known(file.read(formats.HEAD), args.file)
        file.seek(0)
        for item in desk.preview(sender, name, file):
            counts[item.state] += 1
            _print(args, of_item(item), _item_lines(item))
    _print(args, {"items": counts.total(), "counts": dict(counts)}, say("inbox.would", counts=_counted(counts)))
    return 1 if counts["quarantined"] else 0


def _undo(desk: Intake, sender: Sender, args: argparse.Namespace) -> int:
    done = desk.undo(sender, args.id)
    words = [say("inbox.undone", items=done.items, records=done.records)]
    words += [f"\t{one.type}/{one.id}\t{say(f'inbox.left-{one.why}')}" for one in done.left]
    _print(args, of_undone(done), "\n".join(words))
    return 1 if done.left else 0


def _retry(desk: Intake, sender: Sender, args: argparse.Namespace) -> int:
    desk.retry(sender, args.id, args.numbers or None)
    return _carried_out(desk, sender, args, args.id)


def _mend(desk: Intake, sender: Sender, args: argparse.Namespace) -> int:
    desk.mend(sender, args.id, args.number, args.file.read_bytes())
    return _carried_out(desk, sender, args, args.id)


def _set_aside(desk: Intake, sender: Sender, args: argparse.Namespace) -> int:
    desk.set_aside(sender, args.id, args.number, args.words)
    print(say("inbox.aside", number=args.number))
    return 0


def _carried_out(desk: Intake, sender: Sender, args: argparse.Namespace, id: str) -> int:
    """What waits is stored now, in this process, and what cannot be is told with its reason."""
    standing = desk.process(sender, id)
    code = _told(args, standing)
    if not args.json:
        for item in _every(desk, sender, id, "quarantined"):
            print(_item_lines(item))
    return code


def _told(args: argparse.Namespace, one: Standing) -> int:
    _print(args, of_deposit(one), _line(one))
    return 1 if one.counts.get("quarantined") else 0


def _print(args: argparse.Namespace, told: dict[str, Any], words: str) -> None:
    print(json.dumps(told, ensure_ascii=False) if args.json else words)


def _deposits(desk: Intake, sender: Sender) -> Iterator[Standing]:
    before: tuple[int, str] | None = None
    while found := desk.listed(sender, before, PAGE):
        yield from found
        before = (found[-1].received, found[-1].id)


def _every(desk: Intake, sender: Sender, id: str, state: State | None) -> Iterator[Item]:
    after = 0
    while found := desk.items(sender, id, state=state, after=after, most=PAGE):
        yield from found
        after = found[-1].number


def _line(one: Standing) -> str:
    place = one.facility or "–"
    return "\t".join((one.id, instant(one.received), one.format, place, one.name, _counted(one.counts)))


def _counted(counts: Mapping[Any, int]) -> str:
    return ", ".join(f"{say(f'inbox.is-{state}')} {number}" for state, number in counts.items())


def _item_lines(item: Item) -> str:
    whose = say(f"inbox.{item.whose}") if item.whose else ""
    head = "\t".join((str(item.number), item.place, item.label or "–", say(f"inbox.is-{item.state}"), whose, item.code))
    lines = [f"\t{text(issue, language())}" for issue in item.issues]
    if len(lines) > MOST_ISSUES:  # what is wrong comes first, then what only looks odd
        lines[MOST_ISSUES:] = [f"\t{say('inbox.more', number=len(lines) - MOST_ISSUES)}"]
    return "\n".join([head.rstrip(), *lines])


def _known(head: bytes, file: Path) -> str:
    found = formats.known(head)
    if found is None:
        raise Failure("inbox.unknown", file=file, formats=", ".join(formats.FORMATS))
    return found.name


def _said(refused: Refused) -> str:
    return " ".join(map(partial(text, language=language()), refused.issues))


ACTS: dict[str, Act] = {
    "list": _list,
    "show": _show,
    "items": _items,
    "original": _original,
    "send": _send,
    "preview": _preview,
    "retry": _retry,
    "mend": _mend,
    "set-aside": _set_aside,
    "undo": _undo,
}
