"""Takes every resource of a FHIR package (.tgz of npm) or folder from JSON to XML and back, and counts the equal ones.

Equal means the same JSON tree with every decimal's digits. `make conformance` shows it as a row.
"""

from __future__ import annotations

import argparse
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import msgspec

from hoso.core.errors import Refused
from hoso.fhir import xml


class Digits(str):
    """A decimal by its digits: 1.10 is not 1.1."""


_tree = msgspec.json.Decoder(float_hook=Digits).decode


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("source", type=Path, help="hl7.fhir.r4.examples-4.0.1.tgz, or a folder of JSON files")
    chosen = options.parse_args()
    right, total = 0, 0
    for name, body in resources(chosen.source):
        total += 1
        fault = difference(body)
        right += fault is None
        if fault is not None:
            print(f"{name}: {fault}")
    print(f"{right} of {total} resources are equal after JSON, XML, JSON")
    return 0 if right == total > 0 else 1


def resources(source: Path) -> Iterator[tuple[str, bytes]]:
    for name, body in _files(source):
        if b'"resourceType"' in body:
            yield name, body


def _files(source: Path) -> Iterator[tuple[str, bytes]]:
    if source.is_dir():
        for path in sorted(source.rglob("*.json")):
            yield str(path), path.read_bytes()
        return
    with tarfile.open(source) as package:
        for member in package:
            file = package.extractfile(member) if member.isfile() and member.name.endswith(".json") else None
            if file is not None:
                yield member.name, file.read()


def difference(body: bytes) -> str | None:
    """Why the resource does not come back as it was; None when it does."""
    try:
        back = xml.read(xml.write(body))
    except Refused as refused:
        issue = refused.issues[0]
        return f"{issue.key} at {issue.expression}"
    return None if _tree(back) == _tree(body) else "differs"


if __name__ == "__main__":
    sys.exit(main())
