"""`hoso terms load FILE|FOLDER`: code lists of the operator's own become records, and answer at once.

A list has the same id each time it is loaded, so a second load changes nothing and a new edition is a new version.
The id is one that only this command may write: by it these lists go before what others store.
"""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

from hoso.access import Actor, Errand, Records, Scopes
from hoso.access.code_lists import OPERATORS
from hoso.access.intake import check
from hoso.api.terminology import is_shipped
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import opened
from hoso.cli.texts import language, say
from hoso.core import Refused
from hoso.core.errors import Issue
from hoso.fhir.json import encode, exact, parse
from hoso.fhir.outcome import text
from hoso.fhir.terminology import CodeSystem, ConceptMap
from hoso.fhir.terminology.library import Tree
from hoso.fhir.terminology.listing import Fault, Faulty, Named, code_system, is_day
from hoso.fhir.terminology.reading import TYPES, known

LARGEST = 100_000_000
"""Bytes of one file."""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("terms", help=say("terms.help"), description=say("terms.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("terms.metavar"), required=True)
    load = actions.add_parser("load", help=say("terms.load"), description=say("terms.load"))
    add_data(load)
    load.add_argument("path", metavar="FILE|FOLDER", type=Path, help=say("terms.path"))
    load.add_argument("--system", metavar="URL", default="", help=say("terms.system"))
    load.add_argument("--version", metavar="VERSION", default="", help=say("terms.version"))
    load.add_argument("--title", metavar="TITLE", default="", help=say("terms.title"))
    load.add_argument("--from", dest="start", metavar="DAY", default="", help=say("terms.from"))
    load.add_argument("--to", dest="end", metavar="DAY", default="", help=say("terms.to"))


def run(args: argparse.Namespace) -> int:
    for day in (args.start, args.end):
        if day and not is_day(day):
            raise Failure("terms.day", value=day[:40])
    named = Named(args.system, args.version, args.title, args.start, args.end)
    lists = [(file, _list(file, named)) for file in _files(args.path, args.system)]  # all before any is kept
    errand = Errand(Actor(f"user/{getpass.getuser()}", Scopes.parse("system/*.cruds")), "SYSADMIN", channel="command")
    with opened(args.data) as node:
        for file, tree in lists:
            _keep(node.records, errand, file, tree)
    return 0


def _files(path: Path, system: str) -> list[Path]:
    if not path.is_dir():
        return [path]
    found = sorted(one for one in path.iterdir() if one.suffix.lower() in (".json", ".csv") and one.is_file())
    if not found:
        raise Failure("terms.none", file=path)
    if system and sum(one.suffix.lower() == ".csv" for one in found) > 1:
        raise Failure("terms.one_system", file=path)
    return found


def _list(file: Path, named: Named) -> Tree:
    raw = _bytes(file)
    tree = _of_csv(file, raw, named) if file.suffix.lower() == ".csv" else _of_json(file, raw)
    if not str(tree.get("id", "")).startswith(OPERATORS):
        address = f"{tree['url']}|{tree.get('version', '')}"
        tree["id"] = f"{OPERATORS}{blake2b(address.encode(), digest_size=16).hexdigest()}"
    try:
        check(raw := encode(tree), parse(raw), tree["resourceType"], tree["id"])
    except Refused as refused:
        raise _refused(file, refused) from refused
    return tree


def _bytes(file: Path) -> bytes:
    try:
        if file.stat().st_size > LARGEST:
            raise Failure("terms.large", file=file, limit=LARGEST // 1_000_000)
        return file.read_bytes()
    except OSError as fault:
        raise Failure("terms.unreadable", file=file, reason=fault.strerror or fault) from fault


def _of_csv(file: Path, raw: bytes, named: Named) -> Tree:
    if not named.system:
        raise Failure("terms.no_system", file=file)
    try:
        return code_system(raw.decode("utf-8-sig"), named)
    except UnicodeDecodeError as fault:
        raise Failure("terms.not_utf8", file=file, line=raw.count(b"\n", 0, fault.start) + 1) from fault
    except Faulty as faulty:
        raise Failure("terms.faults", file=file, faults="\n".join(map(_said, faulty.faults))) from faulty


def _said(fault: Fault) -> str:
    reason = text(Issue("invalid", fault.key, {"value": fault.value, "concept": fault.value}), language())
    return f"  {say('terms.place', line=fault.line, column=fault.column or '–')}: {reason}"


def _of_json(file: Path, raw: bytes) -> Tree:
    try:
        tree = parse(raw)
        if tree["resourceType"] not in TYPES or not tree.get("url"):
            raise Failure("terms.no_list", file=file)
        if is_shipped(tree["resourceType"], tree.get("id")):
            raise Failure("terms.reserved", file=file, id=tree["id"])
        found = known(raw)
        if isinstance(found, CodeSystem):
            _ = found.concepts  # raises Refused where a code stands twice
        elif isinstance(found, ConceptMap):
            _ = found.forward
    except Refused as refused:
        raise _refused(file, refused) from refused
    whole: Tree = exact(raw)
    return whole


def _keep(records: Records, errand: Errand, file: Path, tree: Tree) -> None:
    type, id = tree["resourceType"], tree["id"]
    try:
        head = records.read(errand, type, id)
        if head is not None and not head.deleted and _plain(exact(head.body)) == _plain(tree):
            print(say("terms.same", file=file, place=f"{type}/{id}"))
            return
        saved = records.update(errand, type, id, encode(tree)).saved
    except Refused as refused:
        raise _refused(file, refused) from refused
    print(say("terms.kept", file=file, place=f"{type}/{id}", url=tree["url"], version=saved.version))


def _plain(tree: Tree) -> Tree:
    """Without what the server adds to every version."""
    meta = {key: value for key, value in tree.get("meta", {}).items() if key not in ("versionId", "lastUpdated")}
    return {key: value for key, value in tree.items() if key != "meta"} | ({"meta": meta} if meta else {})


def _refused(file: Path, refused: Refused) -> Failure:
    return Failure("terms.refused", file=file, reasons="\n".join(_reasons(refused)))


def _reasons(refused: Refused) -> Iterator[str]:
    for issue in refused.issues[:20]:
        yield f"  {issue.expression or '–'}: {text(issue, language())}"
