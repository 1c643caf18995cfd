"""Published examples from JSON to XML and back: each must be the same JSON tree, with every decimal's digits."""

from __future__ import annotations

import msgspec

from conformance_fetch import Files
from conformance_rows import Counts, Row, Suite
from hoso.core.errors import Refused
from hoso.fhir import xml


class Digits(str):
    """A decimal by its digits: 1.10 is not 1.1."""


_tree = msgspec.json.Decoder(float_hook=Digits).decode


def round_trip(name: str, files: Files) -> Suite:
    groups: dict[str, Counts] = {}
    failures: list[str] = []
    for path, body in files():
        file = path.rpartition("/")[2]
        if not _is_resource(body):
            groups.setdefault("(no resource)", Counts()).left_out += 1
            continue
        counts = groups.setdefault(file.partition("-")[0], Counts())
        fault = _difference(body)
        if fault is None:
            counts.right += 1
        else:
            counts.wrong += 1
            failures.append(f"{file}: {fault}")
    right = sum(counts.right for counts in groups.values())
    total = right + len(failures)
    row = Row(f"{name}.xml_round_trip", right, f"equal of {total}", total, total, right == total > 0)
    return Suite(f"{name}, XML", groups, [row], failures)


def _is_resource(body: bytes) -> bool:
    """Text that is no JSON is none either; whether it should have been one, the other suite says."""
    try:
        tree = _tree(body)
    except msgspec.DecodeError:
        return False
    return isinstance(tree, dict) and "resourceType" in tree


def _difference(body: bytes) -> str | None:
    """Why the resource does not come back as it was; None when it does."""
    try:
        back = xml.read(xml.write(body))
    except Refused as refused:
        issue = refused.issues[0]
        return f"{issue.key} at {issue.expression}"
    return None if _tree(back) == _tree(body) else "differs"
