"""Case 39: HL7 v2 by MLLP. A facility speaks for itself alone, whatever its messages say; no other door takes them.

Certificates in place of MSH-4: `tests/exchange/mllp/test_certificates_of_senders.py`; the rest beside it.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.cli.serving import hoso
from tests.security.scene import FOREIGN_NUMBER, Scene

from hoso import compose, streams
from hoso.exchange.mllp.framing import Frames
from hoso.fhir.search import parse

START, END = b"\x0b", b"\x1c\r"
MESSAGE = (
    f"MSH|^~\\&|LAB|35002|HOSO|35001|20261126||ADT^A08|1|P|2.5\rPID|1||{FOREIGN_NUMBER}^^^VN||Doi^Ten\rPV1|1|I|||||||||||||||||V1\r"
).encode()
INJECTED = MESSAGE.replace(b"Doi^Ten", b"Doi^Ten\rOBX|1|NM|718-7||99")
OWN = MESSAGE.replace(b"|35002|", b"|35001|").replace(b"Doi^Ten", b"Xaxoi^A")


class Node:
    """Two listeners, each bound to a facility."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        assert hoso("init", "--data", folder).returncode == 0
        self._node = compose.open(folder)
        stack.callback(self._node.close)
        self._ports = {}
        for code in ("35001", "35002"):
            settings = streams.Settings(facility=code)
            node = self._node
            listener = streams.listen(settings, node.config.transit, node.store, node.intake)
            stack.callback(listener.close)
            self._ports[code] = listener.address

    def say(self, facility: str, sent: bytes) -> list[str]:
        """The segments of the answer to what that facility sends."""
        with socket.create_connection(self._ports[facility], timeout=30) as connection:
            connection.sendall(sent)
            answer = Frames(connection, 1_000_000, 30, 30).next()
        assert answer is not None
        return answer.decode().split("\r")

    def families(self) -> list[str]:
        """Of all records of patients that facilities sent."""
        found = self._node.records.search(compose.operator(self._node.config), parse("Patient", [("_count", "50")]))
        return sorted(name for one in found.matches if b"record-kind" not in one.body for name in _family(one.body))


def _family(body: bytes) -> list[str]:
    return [name for name in ("Xaxoi", "Doi") if name.encode() in body]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    with ExitStack() as stack:
        yield Node(tmp_path / "node", stack)


def framed(data: bytes) -> bytes:
    return START + data + END


def test_case_39_a_facility_speaks_for_no_other(node: Node) -> None:
    assert node.say("35001", framed(OWN))[1].startswith("MSA|AA|1")
    answer = node.say("35002", framed(OWN))
    assert answer[1].startswith("MSA|AR|1") and answer[2].startswith("ERR||MSH^1^4")
    assert node.say("35002", framed(MESSAGE))[1].startswith("MSA|AA|1")
    assert node.families() == ["Doi", "Xaxoi"]  # the number of another's patient is only a number


def test_case_39_what_never_ends_is_cut_off_and_nothing_of_it_stored(node: Node) -> None:
    answer = node.say("35002", START + MESSAGE + b"A" * 16_100_000)
    assert answer[1].startswith("MSA|AR")
    assert node.families() == []
    assert node.say("35002", framed(MESSAGE))[1].startswith("MSA|AA")


def test_case_39_questions_come_under_the_name_of_who_is_bound(node: Node) -> None:
    node.say("35001", framed(OWN))
    asked = f"MSH|^~\\&|LAB|{{}}|H|V|20261126||QBP^Q23|9|P|2.5\rQPD|PIX|t|{FOREIGN_NUMBER}^^^{{}}\rRCP|I\r"
    assert "MSA|AR|9" in node.say("35002", framed(asked.format("35001", "VN").encode()))[1]
    assert "MSA|AE|9" in node.say("35002", framed(asked.format("35002", "VN").encode()))[1]


@pytest.mark.parametrize(
    "sent", [START + MESSAGE + END, START + INJECTED + END, START + b"MSH|" + b"A" * 5_000_000, MESSAGE * 100]
)
def test_case_39_the_web_port_takes_no_message(scene: Scene, sent: bytes) -> None:
    parts = urlsplit(scene.site.address)
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=15) as connection:
        try:
            connection.sendall(sent)
            answer = connection.recv(1000)
        except OSError:
            answer = b""
    assert b"MSA" not in answer and b" 200 " not in answer
    assert scene.get("Patient/s-far", scene.site.token).json["name"] == [{"family": "Xaxoi"}]


@pytest.mark.parametrize("kind", ["application/hl7-v2", "x-application/hl7-v2+er7", "text/plain"])
def test_case_39_nor_does_an_http_door(scene: Scene, kind: str) -> None:
    for path in ("", "Patient", "$process-message"):
        answer = scene.ask("POST", path, MESSAGE, scene.site.token, Content_Type=kind)
        assert answer.status in (404, 415) and answer.json["resourceType"] == "OperationOutcome"
    assert scene.site.ask("POST", "/hl7", MESSAGE, Content_Type=kind).status in (403, 404)


def test_case_39_a_message_bundle_is_not_carried_out(scene: Scene) -> None:
    header = {"resourceType": "MessageHeader", "eventUri": "urn:x", "source": {"endpoint": "urn:y"}}
    message = {"resourceType": "Bundle", "type": "message", "entry": [{"resource": header}]}
    for path in ("", "$process-message"):
        answer = scene.ask("POST", path, message, scene.site.token)
        assert answer.status in (400, 404, 422), answer.body
