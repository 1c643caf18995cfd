"""`hoso code lease|import|status|key|trust|card`: citizen codes of the centre and of nodes that work without a line."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from hoso import compose
from hoso.access import Actor, Errand, Scopes
from hoso.care.elements import human_name
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import opened
from hoso.cli.texts import language, say
from hoso.core import Refused, citizen_code
from hoso.core.clock import from_ms
from hoso.core.dates import VIETNAM
from hoso.fhir.outcome import text
from hoso.fhir.search import parse
from hoso.fhir.systems import CITIZEN_CODE
from hoso.identity.code import born_of, initials_of
from hoso.identity.code.codes import DAYS

if TYPE_CHECKING:
    from hoso.identity.code.paper import Face

NUMBER = 2_000
SHORT = 100
"""Leased codes left at which a node should ask for more."""

MOST_SHOWN = 20

_PRINTING = Errand(Actor("node/card", Scopes.parse("system/Patient.rs")), "HOPERAT", "print", "print")


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("code", help=say("code.help"), description=say("code.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("code.metavar"), required=True)
    made = {}
    for name in ("lease", "import", "status", "key", "trust", "card"):
        made[name] = actions.add_parser(name, help=say(f"code.{name}"), description=say(f"code.{name}"))
        add_data(made[name])
    lease = made["lease"]
    lease.add_argument("--facility", required=True, help=say("code.facility"))
    lease.add_argument("--node", required=True, help=say("code.node"))
    lease.add_argument("--number", type=int, default=NUMBER, help=say("code.number", number=f"{NUMBER:,}"))
    lease.add_argument("--days", type=int, default=DAYS, help=say("code.days", number=DAYS))
    lease.add_argument("--out", type=Path, required=True, metavar="FILE", help=say("code.out"))
    made["import"].add_argument("file", type=Path, metavar="FILE", help=say("code.file"))
    made["status"].add_argument("code", nargs="?", metavar="CODE", help=say("code.code"))
    made["trust"].add_argument("key", metavar="KEY", help=say("code.key_text"))
    card = made["card"]
    card.add_argument("codes", nargs="*", metavar="CODE", help=say("code.code"))
    card.add_argument("--new", type=int, default=0, metavar="N", help=say("code.new"))
    card.add_argument("--sheet", action="store_true", help=say("code.sheet"))
    card.add_argument("--details", action="store_true", help=say("code.details"))
    card.add_argument("--out", type=Path, required=True, metavar="FILE", help=say("code.out"))


def run(args: argparse.Namespace) -> int:
    work = {"lease": _lease, "import": _import, "status": _status, "key": _key, "trust": _trust, "card": _card}
    with opened(args.data) as node:
        try:
            return work[args.action](args, node)
        except Refused as refused:
            raise Failure("code.refused", reason=text(refused.issues[0], language())) from refused


def _lease(args: argparse.Namespace, node: compose.Node) -> int:
    if not 1 <= args.days <= 3_650:
        raise Failure("code.bad_days")
    _check_new(args.out)
    _write(args.out, node.codes.lease(args.facility, args.node, args.number, args.days))
    values = {"number": f"{args.number:,}", "node": args.node, "facility": args.facility, "file": args.out}
    print(say("code.leased", day=_day(node.codes.status().grants[-1].expires), **values))
    return 0


def _import(args: argparse.Namespace, node: compose.Node) -> int:
    from hoso.identity.code.lease import LARGEST_FILE

    try:
        if args.file.stat().st_size > LARGEST_FILE:
            raise Failure("code.too_large", file=args.file)
        lease, fresh = node.codes.take_in(args.file.read_bytes())
    except OSError as error:
        raise Failure("code.cannot_read", file=args.file, reason=error.strerror or error) from error
    values = {"lease": lease.id, "number": f"{lease.number:,}", "day": _day(lease.expires)}
    print(say("code.imported" if fresh else "code.imported_before", **values))
    return 0


def _key(args: argparse.Namespace, node: compose.Node) -> int:
    from hoso.identity.code.signing import key_text

    print(key_text(node.codes.public()))
    return 0


def _trust(args: argparse.Namespace, node: compose.Node) -> int:
    from hoso.identity.code.signing import key_id, read_key

    try:
        public = read_key(args.key)
    except ValueError as error:
        raise Failure("code.bad_key") from error
    print(say("code.trusted" if node.codes.trust(public) else "code.trusted_before", name=key_id(public)))
    return 0


def _status(args: argparse.Namespace, node: compose.Node) -> int:
    if args.code is not None:
        return _one(_parsed(args.code), node)
    from hoso.identity.code.signing import key_id

    status = node.codes.status()
    print(say("code.this_node", node=node.codes.node))
    if status.given is not None:
        print(say("code.given", number=f"{status.given:,}", leases=len(status.grants)))
        if len(status.grants) > MOST_SHOWN:
            print(say("code.earlier", number=f"{len(status.grants) - MOST_SHOWN:,}"))
        for grant in status.grants[-MOST_SHOWN:]:
            values = {"number": f"{grant.number:,}", "node": grant.node, "facility": grant.facility}
            print(say("code.grant", made=_day(grant.made), day=_day(grant.expires), **values))
    if status.held or status.given is None:
        print(say("code.left", number=f"{status.left:,}"))
    for held in status.held:
        values = {"lease": held.lease.id, "facility": held.lease.facility, "left": f"{held.left:,}"}
        values |= {"number": f"{held.lease.number:,}", "day": _day(held.lease.expires)}
        print(say("code.held_ended" if held.expired else "code.held", **values))
    print(say("code.keys", keys=", ".join(map(key_id, status.keys)) or "–"))
    print(say("code.aliases", number=f"{status.aliases:,}"))
    if status.given is None and status.left < SHORT:
        print(say("code.short", node=node.codes.node))
        return 1
    return 0


def _one(code: str, node: compose.Node) -> int:
    row = node.codes.find(code)
    since = say("code.since", day=_day(row.changed)) if row and row.changed else ""
    state = say(f"code.state_{row.state if row else 'none'}")
    print(say("code.one", code=citizen_code.show(code), state=state, since=since))
    if (surviving := node.codes.resolve(code)) != code:
        print(say("code.one_merged", code=citizen_code.show(surviving)))
    if row and row.lease:
        print(say("code.one_lease", lease=row.lease))
    if row and row.holder:
        print(say("code.one_holder", holder=row.holder))
    return 0


def _card(args: argparse.Namespace, node: compose.Node) -> int:
    from hoso.identity.code.paper import Face, card_pdf, sheet_pdf

    asked = [_parsed(code) for code in args.codes]
    if bool(asked) == bool(args.new):
        raise Failure("code.what_to_print")
    _check_new(args.out)
    if asked:
        faces = [_face(node, code, args.details) for code in asked]
    else:
        faces = [Face(code, node.codes.card(code)) for code in node.codes.new(args.new)]
    _write(args.out, (sheet_pdf if args.sheet else card_pdf)(faces))
    print(say("code.made", number=len(faces), file=args.out))
    return 0


def _face(node: compose.Node, asked: str, details: bool) -> Face:
    from hoso.identity.code.paper import Face

    code = node.codes.resolve(asked)
    if code != asked:
        print(say("code.merged", old=citizen_code.show(asked), code=citizen_code.show(code)))
    names = ",".join(f"{CITIZEN_CODE}|{name}" for name in node.codes.names(code)[:50])
    page = node.records.search(_PRINTING, parse("Patient", [("identifier", names), ("_count", "1")]))
    if not page.matches and node.codes.find(code) is None:
        raise Failure("code.unknown", which=citizen_code.show(code))
    patient = orjson.loads(page.matches[0].body) if page.matches else {}
    name, born = human_name(patient.get("name")), born_of(patient.get("birthDate", ""))
    qr = node.codes.card(code, initials_of(name), born) if details else node.codes.card(code)
    return Face(code, qr, name, born)


def _parsed(code: str) -> str:
    try:
        return citizen_code.parse(code)
    except ValueError as error:
        raise Failure("code.bad_code", which=code) from error


def _check_new(file: Path) -> None:
    """Before any code is used up for it."""
    if file.exists():
        raise Failure("code.there", file=file)
    if not file.parent.is_dir():
        raise Failure("code.no_folder", folder=file.parent)


def _write(file: Path, content: bytes) -> None:
    """For its owner only: names and codes of people are in it."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
    except OSError as error:
        raise Failure("code.cannot_write", file=file, reason=error.strerror or error) from error


def _day(ms: int) -> str:
    return f"{from_ms(ms).astimezone(VIETNAM):%d/%m/%Y}"
