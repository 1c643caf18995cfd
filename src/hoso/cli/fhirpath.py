"""`hoso fhirpath EXPRESSION FILE`: what a FHIRPath expression finds in a resource, as JSON of types and values."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hoso.cli.failure import Failure
from hoso.cli.node import opened
from hoso.cli.texts import say
from hoso.core import Refused, system_clock
from hoso.fhir.json import encode, exact, parse
from hoso.fhir.path import PathError, compile
from hoso.fhir.profiles import LibraryTerms, Shelf, asking, shipped
from hoso.fhir.profiles.asking import Asking
from hoso.fhir.terminology import shipped as shipped_lists


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("fhirpath", help=say("fhirpath.help"), description=say("fhirpath.help"))
    parser.add_argument("expression", metavar="EXPRESSION", help=say("fhirpath.expression"))
    parser.add_argument("file", metavar="FILE", help=say("fhirpath.file"))
    parser.add_argument("--data", metavar="DIR", help=say("fhirpath.data"))


def run(args: argparse.Namespace) -> int:
    try:
        expression = compile(args.expression, strict=True)
        found = expression.evaluate(_resource(args.file), now=system_clock(), knowledge=_knowledge(args.data))
    except PathError as fault:
        place = fault.position + 1
        raise Failure("fhirpath.fault", kind=fault.kind, place=place, message=fault.message) from fault
    print(encode([{"type": item.type, "value": item.value} for item in found]).decode())
    return 0


def _knowledge(data: str | None) -> Asking:
    """The guides and lists that HoSo brings, or those of a node."""
    if data is None:
        shelf = Shelf(shipped())
        return asking(shelf, LibraryTerms(shelf, shipped_lists()))
    with opened(data) as node:
        known = node.guides.known()
        return asking(known.shelf, known.terms)


def _resource(file: str) -> dict[str, object]:
    try:
        body = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as fault:
        raise Failure("fhirpath.unreadable", file=file, reason=fault.strerror or fault) from fault
    try:
        parse(body)
    except Refused as fault:
        raise Failure("fhirpath.no_resource", file=file) from fault
    resource: dict[str, object] = exact(body)
    return resource
