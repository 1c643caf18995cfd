"""Case 39: HL7 v2 by MLLP. There is no such listener yet (issue 5 brings it), and no other door takes its messages.

A certificate instead of MSH-4, idempotence by MSH-10, a bound before the end block: to be tested when it listens.
"""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import pytest
from tests.security.conftest import hoso
from tests.security.scene import FOREIGN_NUMBER, Scene

START, END = b"\x0b", b"\x1c\r"
MESSAGE = (
    f"MSH|^~\\&|LAB|35002|HOSO|35001|20261126||ADT^A08|1|P|2.5\rPID|1||{FOREIGN_NUMBER}^^^VN||Doi^Ten\rPV1|1|I\r"
).encode()
INJECTED = MESSAGE.replace(b"Doi^Ten", b"Doi^Ten\rOBX|1|NM|718-7||99")


def test_case_39_nothing_listens_for_it(scene: Scene) -> None:
    made = hoso(scene.site.folder, "mllp", "--port", "2575")
    assert made.returncode == 2 and "mllp" in made.stderr


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
