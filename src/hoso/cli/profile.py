"""`hoso profile load|list`: guides (FHIR packages, folders, JSON files) for `$validate`; also beside a serving node."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import explained, opened
from hoso.cli.texts import language, say
from hoso.compose import operator
from hoso.core import Refused
from hoso.fhir.added import active
from hoso.fhir.json import encode, parse
from hoso.fhir.outcome import text
from hoso.fhir.profiles import Broken, definitions_of
from hoso.fhir.search.values import is_id

if TYPE_CHECKING:
    from hoso.compose import Node

PARAMETER = "SearchParameter"
Tree = dict[str, Any]


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("profile", help=say("profile.help"), description=say("profile.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("profile.metavar"), required=True)
    load = actions.add_parser("load", help=say("profile.load"), description=say("profile.load"))
    load.add_argument("paths", nargs="+", type=Path, metavar="PACKAGE|FOLDER|FILE", help=say("profile.paths"))
    shown = actions.add_parser("list", help=say("profile.list"), description=say("profile.list"))
    for action in (load, shown):
        add_data(action)


def run(args: argparse.Namespace) -> int:
    with explained(args.data), opened(args.data) as node:
        guides = node.guides
        if args.action == "list":
            for one in guides.known().shelf.all("StructureDefinition"):
                print(f"{one['url']}\t{one.get('version', '')}\t{one['type']}")
            return 0
        found = [pair for path in args.paths for pair in _read(path)]
        if not found:
            raise Failure("profile.nothing", paths=", ".join(map(str, args.paths)))
        try:
            done = guides.load(found)
        except Refused as refused:
            raise Failure("profile.refused", reason=_told(refused)) from refused
        told = list(_parameters(node, [one for _, one in found]))
    kinds = Counter(one["resourceType"] for _, one in found)
    print(say("profile.found", kinds=", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items()))))
    print(say("profile.done", stored=done.stored, unchanged=done.unchanged))
    for line in told:
        print(line)
    return 0


def _parameters(node: Node, found: list[Tree]) -> Iterator[str]:
    """Active search parameters become records, which the node makes an index for; what becomes of each, in words."""
    who = operator(node.config)
    for one in found:
        if one["resourceType"] != PARAMETER or not active(one):
            continue
        id = one["id"] if is_id(str(one.get("id", ""))) else uuid5(NAMESPACE_URL, one["url"]).hex
        wanted = one | {"id": id}
        head = node.records.read(who, PARAMETER, id)
        if head is not None and not head.deleted and _same(parse(head.body), wanted):
            continue
        try:
            node.records.update(who, PARAMETER, id, encode(wanted))
            yield say("profile.parameter", code=one.get("code", ""), id=id)
        except Refused as refused:
            yield say("profile.parameter-passed", code=one.get("code", ""), reason=_told(refused))


def _same(stored: Tree, wanted: Tree) -> bool:
    return {**stored, "meta": None} == {**wanted, "meta": None}


def _told(refused: Refused) -> str:
    """The first two sentences with their places: what is wrong with which definition, and why."""
    said = [f"{one.expression}: {text(one, language())}" if one.expression else text(one, language())
            for one in refused.issues[:2]]  # fmt: skip
    return " ".join(said)


def _read(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    try:
        for _, one in definitions_of(path):
            yield path.name, one
    except OSError as fault:
        raise Failure("profile.unopened", path=path, reason=fault.strerror or fault) from fault
    except Broken as broken:
        if broken.refused is not None:
            reason = text(broken.refused.issues[0], language())
            raise Failure("profile.unreadable", where=broken.where, reason=reason) from broken
        raise Failure(f"profile.{broken.reason}", where=broken.where) from broken
