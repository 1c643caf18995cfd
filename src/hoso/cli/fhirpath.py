"""`hoso fhirpath EXPRESSION FILE`: what a FHIRPath expression finds in a resource, as JSON of types and values."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hoso.cli.failure import Failure
from hoso.cli.texts import say
from hoso.core import Refused, system_clock
from hoso.fhir.json import encode, exact, parse
from hoso.fhir.path import PathError, compile


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("fhirpath", help=say("fhirpath.help"), description=say("fhirpath.help"))
    parser.add_argument("expression", metavar="EXPRESSION", help=say("fhirpath.expression"))
    parser.add_argument("file", metavar="FILE", help=say("fhirpath.file"))


def run(args: argparse.Namespace) -> int:
    try:
        expression = compile(args.expression, strict=True)
        found = expression.evaluate(_resource(args.file), now=system_clock())
    except PathError as fault:
        place = fault.position + 1
        raise Failure("fhirpath.fault", kind=fault.kind, place=place, message=fault.message) from fault
    print(encode([{"type": item.type, "value": item.value} for item in found]).decode())
    return 0


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
