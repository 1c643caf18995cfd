"""`hoso ksk take | report`: brings a file of health checks to the intake, and tells what became of each person."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import opened
from hoso.cli.texts import language, say
from hoso.compose import Node
from hoso.core import Refused
from hoso.exchange.health_checks.report import BECAME, FORMAT, Group, Report, as_json, report, words
from hoso.exchange.health_checks.table import write
from hoso.exchange.intake import Sender
from hoso.fhir.outcome import Language, text


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("ksk", help=say("ksk.help"), description=say("ksk.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("ksk.metavar"), required=True)
    take = actions.add_parser("take", help=say("ksk.take"), description=say("ksk.take"))
    take.add_argument("file", type=Path, metavar="FILE", help=say("ksk.file"))
    told = actions.add_parser("report", help=say("ksk.report"), description=say("ksk.report"))
    told.add_argument("deposit", metavar="DEPOSIT", help=say("ksk.deposit"))
    for one in (take, told):
        add_data(one)
        one.add_argument("--facility", default="", metavar="CODE", help=say("ksk.facility"))
        one.add_argument("--json", action="store_true", help=say("ksk.json"))
        one.add_argument("--xlsx", type=Path, metavar="FILE", help=say("ksk.xlsx"))


def run(args: argparse.Namespace) -> int:
    """0 when everybody went in, 1 when somebody was refused."""
    sender = Sender("node/command", args.facility, "command")
    with opened(args.data) as node:
        try:
            deposit = _taken(node, sender, args.file) if args.action == "take" else args.deposit
            made = report(node.intake, sender, deposit)
        except Refused as refused:
            raise Failure("ksk.refused", reason=text(refused.issues[0], _language())) from refused
    if args.xlsx:
        _save(args.xlsx, made)
    print(json.dumps(as_json(made, _language()), ensure_ascii=False) if args.json else _shown(made))
    return 1 if made.whole.became["refused"] else 0


def _taken(node: Node, sender: Sender, file: Path) -> str:
    """The number of its deposit, all of which was carried out."""
    try:
        with file.open("rb") as stream:
            receipt = node.intake.receive(sender, FORMAT, file.name, stream)
    except OSError as error:
        raise Failure("ksk.cannot_read", file=file, reason=error.strerror or error) from error
    node.intake.process(sender, receipt.id)
    return receipt.id


def _save(path: Path, made: Report) -> None:
    try:
        with path.open("wb") as target:
            write(target, made, _language())
    except OSError as error:
        raise Failure("ksk.cannot_write", file=path, reason=error.strerror or error) from error


def _language() -> Language:
    return "vi" if language() == "vi" else "en"


def _shown(made: Report) -> str:
    lines = [say("ksk.of", deposit=made.standing.id, name=made.standing.name, people=made.whole.people)]
    lines += [_group(one) for one in made.groups.values()]
    for line in made.lines:
        if line.became in ("refused", "review"):
            reasons = " ".join(text(issue, _language()) for issue in line.issues if issue.severity == "error")
            lines.append(f"  {words(line.became, _language())}: {line.place} {line.name}. {reasons}".rstrip())
    return "\n".join(lines)


def _group(one: Group) -> str:
    became = ", ".join(f"{words(name, _language())} {one.became[name]}" for name in BECAME if one.became[name])
    grades = ", ".join(f"{grade}: {one.grades[grade]}" for grade in sorted(one.grades) if grade)
    return say("ksk.group", group=one.name or "-", people=one.people, became=became, classes=grades or "-")
