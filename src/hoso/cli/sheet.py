"""`hoso sheet inspect | map | template | check | load | repairs | rejects | undo`: spreadsheets of any program."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from hoso import compose
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import opened
from hoso.cli.texts import language, say
from hoso.core import Issue, Refused, system_clock
from hoso.exchange.intake import Sender, Standing
from hoso.exchange.intake.report import of_undone
from hoso.exchange.sheets import answers, template
from hoso.exchange.sheets.desk import Check, Look, SheetDesk
from hoso.exchange.sheets.kinds import KINDS
from hoso.exchange.sheets.mapping import Mapping, from_toml
from hoso.fhir.outcome import text

OPERATOR = Sender("node/load", channel="command")
TOLD = 40
"""Lines of a kind that are printed; --json has all."""
LARGEST_MAPPING = 1 << 20


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("sheet", help=say("sheet.help"), description=say("sheet.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("sheet.metavar"), required=True)
    made = {
        name: actions.add_parser(name, help=say(f"sheet.{name}"), description=say(f"sheet.{name}")) for name in _RUN
    }
    for name, one in made.items():
        if name != "template":
            add_data(one)
        one.add_argument("--json", action="store_true", help=say("sheet.json"))
    for name in ("inspect", "map", "check", "load"):
        made[name].add_argument("file", type=Path, metavar="FILE", help=say("sheet.file"))
        made[name].add_argument("--facility", default="", metavar="CODE", help=say("sheet.facility"))
        made[name].add_argument("--kind", default="", choices=["", *KINDS], metavar="KIND", help=_kinds())
        made[name].add_argument("--sheet", default="", metavar="NAME", help=say("sheet.sheet"))
    for name in ("check", "load"):
        made[name].add_argument("--mapping", type=Path, metavar="FILE", help=say("sheet.mapping"))
    made["load"].add_argument("--yes", action="store_true", help=say("sheet.yes"))
    for name in ("repairs", "rejects", "undo"):
        made[name].add_argument("deposit", metavar="ID", help=say("sheet.deposit"))
    made["template"].add_argument("kind", choices=KINDS, metavar="KIND", help=_kinds())
    for name in ("map", "template", "rejects"):
        made[name].add_argument("--out", type=Path, required=name != "map", metavar="FILE", help=say("sheet.out"))


def _kinds() -> str:
    return say("sheet.kind", kinds=", ".join(KINDS))


def run(args: argparse.Namespace) -> int:
    try:
        if args.action == "template":
            return _template(args)
        with opened(args.data) as node:
            return _RUN[args.action](node, args)
    except Refused as refused:
        raise Failure(
            "sheet.refused", reason=" ".join(text(one, language()) for one in refused.issues[:5])
        ) from refused


def desk(node: compose.Node) -> SheetDesk:
    return SheetDesk(node.intake, lambda: system_clock().date())


@contextmanager
def _file(path: Path) -> Iterator[IO[bytes]]:
    try:
        with path.open("rb") as stream:
            yield stream
    except OSError as error:
        raise Failure("sheet.no_file", file=path, reason=error.strerror or error) from error


def _look(node: compose.Node, args: argparse.Namespace, stream: IO[bytes]) -> Look:
    return desk(node).look(OPERATOR, stream, args.file.name, args.facility, args.kind, args.sheet)


def _inspect(node: compose.Node, args: argparse.Namespace) -> int:
    with _file(args.file) as stream:
        look = _look(node, args, stream)
        told = answers.look(look, language())
    if args.json:
        print(json.dumps(told, ensure_ascii=False))
        return 0
    for sheet in told["sheets"]:
        print(say("sheet.is", name=sheet["name"], hidden=say("sheet.hidden") if sheet["hidden"] else ""))
    print(say("sheet.read_as", kind=told["kind"], format=told["format"], encoding=told["encoding"] or "-"))
    print(say("sheet.header", rows=", ".join(map(str, told["header"]["rows"])) or "-", first=told["header"]["first"]))
    for column in told["columns"]:
        because = "; ".join(column["because"])
        field = column["field"] or "-"
        print(f"  {column['column'][:34]:34}  {field[:22]:22} {column['confidence']:4.0%}  {because}")
    key = "sheet.remembered" if look.remembered else "sheet.certain" if look.certain else "sheet.uncertain"
    print(say(key, file=args.file))
    return 0


def _map(node: compose.Node, args: argparse.Namespace) -> int:
    """The mapping as a file to be mended by hand."""
    with _file(args.file) as stream:
        mapping = _look(node, args, stream).mapping
    told = json.dumps(mapping.as_json(), ensure_ascii=False) if args.json else mapping.as_toml()
    if args.out:
        _write(args.out, told.encode())
        print(say("sheet.written", file=args.out))
    else:
        print(told, end="" if told.endswith("\n") else "\n")
    return 0


def _mapping(node: compose.Node, args: argparse.Namespace, stream: IO[bytes], *, unseen: bool) -> Mapping:
    """As the file says, else remembered, else guessed; a guess that is not certain goes in only when people said so."""
    if args.mapping:
        with _file(args.mapping) as file:
            mapping = from_toml(file.read(LARGEST_MAPPING).decode("utf-8", "replace"))
        if args.facility:
            mapping.facility = args.facility
        return mapping
    look = _look(node, args, stream)
    if not look.mapping.facility:
        raise Failure("sheet.whose", file=args.file)
    if unseen and not look.certain:
        raise Failure("sheet.not_certain", file=args.file, facility=look.mapping.facility)
    return look.mapping


def _check(node: compose.Node, args: argparse.Namespace) -> int:
    found = Check()
    with _file(args.file) as stream:
        mapping = _mapping(node, args, stream, unseen=False)
        for found in desk(node).check(OPERATOR, mapping, stream, args.file.name):
            _progress(say("sheet.checked", number=f"{found.read:,}"))
    _progress("", end=True)
    told = answers.check(found, language())
    if args.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(say("sheet.would", read=found.read, good=found.good, refused=found.refused))
        if found.twice:
            print(say("sheet.twice", number=found.twice))
        for outcome, number in told["persons"].items():
            print(f"  {say(f'sheet.person_{outcome}'):40} {number:>8,}")
        _print_repairs(told["repairs"])
        _print_left(found.left_out)
    return 1 if found.refused else 0


def _load(node: compose.Node, args: argparse.Namespace) -> int:
    with _file(args.file) as stream:
        mapping = _mapping(node, args, stream, unseen=not args.yes)
        loaded = desk(node).load(OPERATOR, mapping, stream, args.file.name)
    standings = [_processed(node, id) for id in dict.fromkeys([*loaded.mended, *([loaded.id] if loaded.id else [])])]
    told = answers.loaded(loaded, standings, language())
    refused = sum(one.counts.get("quarantined", 0) for one in standings)
    if args.json:
        print(json.dumps(told, ensure_ascii=False))
        return 1 if refused else 0
    for one in standings:
        print(say("sheet.deposit_is", id=one.id, items=f"{one.items:,}"))
        for state, number in one.counts.items():
            print(f"  {say('sheet.state_' + state.replace('-', '_')):40} {number:>8,}")
    if loaded.id and not loaded.new:
        print(say("sheet.known_deposit"))
    if loaded.mended:
        print(say("sheet.mended", number=sum(map(len, loaded.mended.values()))))
    _print_left(loaded.left_out + loaded.not_taken)
    for one in standings:
        if one.counts.get("quarantined"):
            _print_repairs(answers.repairs(desk(node).repairs(OPERATOR, one.id), language()))
            print(say("sheet.how_to_mend", id=one.id))
    return 1 if refused else 0


def _processed(node: compose.Node, id: str) -> Standing:
    """Carried out with progress shown."""
    while True:
        standing = desk(node).process(OPERATOR, id, 0.5)
        waiting = sum(standing.counts.get(state, 0) for state in ("waiting", "put-off"))
        _progress(say("sheet.stored", done=f"{standing.items - waiting:,}", all=f"{standing.items:,}"))
        if standing.over or not waiting:
            _progress("", end=True)
            return standing


def _repairs(node: compose.Node, args: argparse.Namespace) -> int:
    told = answers.repairs(desk(node).repairs(OPERATOR, args.deposit), language())
    if args.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        _print_repairs(told)
    return 0


def _rejects(node: compose.Node, args: argparse.Namespace) -> int:
    temporary = args.out.with_name(f".{args.out.name}.part")
    try:
        with os.fdopen(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as target:
            number = desk(node).rejects(OPERATOR, args.deposit, target, language())
        temporary.replace(args.out)
    except OSError as error:
        raise Failure("sheet.cannot_write", file=args.out, reason=error.strerror or error) from error
    finally:
        temporary.unlink(missing_ok=True)
    print(json.dumps({"rows": number}) if args.json else say("sheet.rejected", number=f"{number:,}", file=args.out))
    return 0


def _undo(node: compose.Node, args: argparse.Namespace) -> int:
    undone = desk(node).undo(OPERATOR, args.deposit)
    told = of_undone(undone)
    if args.json:
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(say("sheet.undone", items=f"{undone.items:,}", records=f"{undone.records:,}", left=len(undone.left)))
        for one in undone.left[:TOLD]:
            print(f"  {one.type}/{one.id}: {say('sheet.left_' + one.why.replace('-', '_'))}")
    return 0


def _template(args: argparse.Namespace) -> int:
    _write(args.out, template.write(args.kind, language()))
    print(json.dumps({"file": str(args.out)}) if args.json else say("sheet.written", file=args.out))
    return 0


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise Failure("sheet.cannot_write", file=path, reason=error.strerror or error) from error


def _print_repairs(repairs: Sequence[dict[str, Any]]) -> None:
    for one in repairs[:TOLD]:
        print(
            say("sheet.repair", severity=say(f"sheet.{one['severity']}"), number=f"{one['count']:,}", text=one["text"])
        )
        rows = ", ".join(map(str, one["rows"])) + (" …" if one["count"] > len(one["rows"]) else "")
        print(f"      {say('sheet.in_rows', rows=rows)}")
        for found in [found for found in one["found"] if found["fix"]][:5]:
            print(f"      {found['text']} → {found['fix']}")


def _print_left(issues: Sequence[Issue]) -> None:
    for issue in issues[:TOLD]:
        print(f"  {text(issue, language())}")


def _progress(line: str, *, end: bool = False) -> None:
    if sys.stderr.isatty():
        print("\r\033[K" if end else f"\r{line}\033[K", end="", file=sys.stderr, flush=True)


_RUN = {
    "inspect": _inspect,
    "map": _map,
    "template": lambda node, args: _template(args),
    "check": _check,
    "load": _load,
    "repairs": _repairs,
    "rejects": _rejects,
    "undo": _undo,
}
