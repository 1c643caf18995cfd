"""HL7 v2 messages as tests write them, and the place they are read at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hoso.access import Version
from hoso.exchange.documents import Document
from hoso.exchange.hl7v2 import messages
from hoso.fhir.validate import validate

PID = "PID|1||BN0001^^^^MR~079085001234^^^CCCD^NI||NGUYỄN^AN^VĂN||19850312|M|||12 Lê Lợi^^Huế||0905123456"
Resource = dict[str, Any]


def segment(name: str, fields: dict[int, str]) -> str:
    return "|".join([name, *(fields.get(at, "") for at in range(1, max(fields) + 1))])


VISIT = {1: "1", 2: "I", 3: "K01^P12^G3", 7: "BS07^TRẦN^BÌNH^THỊ", 19: "V0001"}
PV1 = segment("PV1", VISIT)


class Nowhere:
    """A door behind which there is nothing yet."""

    def heads(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Version]:
        return {}

    def find(self, criteria: str) -> Version | None:
        return None


def message(
    kind: str, *segments: str, at: str = "20261127083000", control: str = "M1", facility: str = "01001", end: str = "\r"
) -> bytes:
    head = f"MSH|^~\\&|HIS|{facility}|HOSO|VN|{at}||{kind}|{control}|P|2.5.1"
    return (end.join((head, *segments)) + end).encode()


def read(data: bytes, facility: str = "") -> Document:
    """The document of a message; every record in it is valid."""
    document = messages.read(data, 1, Nowhere(), facility)
    for one in document.arrived:
        wrong = [issue for issue in validate(one.resource) if issue.severity in ("error", "fatal")]
        assert not wrong, (one.type, wrong)
    return document


def made(data: bytes, type: str) -> list[Resource]:
    document = read(data)
    assert not document.faults, document.faults
    return [one.resource for one in document.arrived if one.type == type]


def single(data: bytes, type: str) -> Resource:
    (found,) = made(data, type)
    return found


def keys(document: Document) -> list[tuple[str, str]]:
    """What is wrong and where: (key, place)."""
    return [
        (issue.key.removeprefix("hl7v2-map."), str(issue.expression))
        for fault in document.faults
        for issue in fault.issues
    ]


def odd(document: Document) -> list[tuple[str, str]]:
    return [(issue.key.removeprefix("hl7v2-map."), str(issue.expression)) for issue in document.warnings]
