"""Where certificates are asked for, each speaks for its facility, and nobody without one is answered."""

from __future__ import annotations

import hashlib
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.exchange.hl7v2.hl7_messages import PID, PV1, message
from tests.exchange.mllp.test_listening import Door, _read, codes
from tests.transit.certificates import authority, client, server, trusting

from hoso import streams
from hoso.core import system_clock
from hoso.exchange.mllp import Terms
from hoso.exchange.mllp.framing import Frames, framed
from hoso.store.record_store import RecordStore
from hoso.transit.authority import Authority
from hoso.transit.pair import Pair
from hoso.transit.settings import Transit


class Secured:
    def __init__(self, store: RecordStore, folder: Path) -> None:
        self.trusted = authority(folder / "ca")
        pair = Pair(*server(self.trusted, "door"))
        self.laboratory, self.stranger = client(self.trusted, "lab"), client(self.trusted, "other")
        shown = ssl.PEM_cert_to_DER_cert(
            self.laboratory[0].read_text().split("-----END")[0] + "-----END CERTIFICATE-----"
        )
        senders = {hashlib.sha256(shown).hexdigest(): "01002"}
        settings = streams.Settings(0, "127.0.0.1", "", self.trusted.certificate, self.trusted.revoked, senders)
        self.transit, self.settings = Transit(pair), settings
        terms = Terms("", streams.context_of(settings, self.transit), senders)
        self.door = Door(store, terms)

    def ask(self, by: Authority, shown: tuple[Path, Path] | None, data: bytes) -> str:
        with (
            socket.create_connection(self.door.listener.address, timeout=20) as plain,
            trusting(by, shown).wrap_socket(plain, server_hostname="127.0.0.1") as connection,
        ):
            connection.sendall(framed(data))
            return codes([_read(Frames(connection, 1_000_000, 20, 20))])[0]


@pytest.fixture
def secured(store: RecordStore, tmp_path: Path) -> Iterator[Secured]:
    made = Secured(store, tmp_path)
    yield made
    made.door.listener.close()


def admit(control: str, facility: str) -> bytes:
    return message("ADT^A01", PID, PV1, control=control, facility=facility)


def test_a_certificate_speaks_for_its_facility_alone(secured: Secured) -> None:
    assert secured.ask(secured.trusted, secured.laboratory, admit("A1", "01002")) == "AA A1"
    assert secured.ask(secured.trusted, secured.laboratory, admit("A2", "01001")) == "AR A2"


def test_who_shows_none_or_one_of_no_sender_is_not_answered(secured: Secured) -> None:
    for shown in (None, secured.stranger):
        with pytest.raises((OSError, ssl.SSLError, AssertionError)):
            secured.ask(secured.trusted, shown, admit("A1", "01002"))
    with pytest.raises((OSError, AssertionError)), secured.door.connect() as plain:
        plain.sendall(framed(admit("A1", "01002")))
        _read(Frames(plain, 1_000_000, 20, 20))
    assert secured.door.count("Encounter") == 0
    assert secured.ask(secured.trusted, secured.laboratory, admit("A1", "01002")) == "AA A1"


def test_a_revoked_certificate_is_not_answered_after_the_next_start(secured: Secured, store: RecordStore) -> None:
    assert secured.ask(secured.trusted, secured.laboratory, admit("A1", "01002")) == "AA A1"
    secured.trusted.revoke(secured.laboratory[0], system_clock())
    secured.door.listener.close()
    terms = Terms("", streams.context_of(secured.settings, secured.transit), secured.settings.senders)
    secured.door = Door(store, terms)
    with pytest.raises((OSError, ssl.SSLError, AssertionError)):
        secured.ask(secured.trusted, secured.laboratory, admit("A2", "01002"))


@pytest.mark.parametrize(
    "read",
    [
        {"port": 70_000},
        {"port": True},
        {"port": 2575, "host": "0.0.0.0"},
        {"senders": {"ab" * 32: "01001"}},
        {"revoked": "revoked.pem"},
        {"authorities": "ca.pem", "senders": {"short": "01001"}},
    ],
)
def test_settings_that_cannot_be_meant_are_refused(read: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="mllp"):
        streams.parse(read, Path("node"))
    printed = {"authorities": "ca.pem", "senders": {":".join(["AB"] * 32): "01001"}}
    assert streams.parse(printed, Path("node")).senders == {"ab" * 32: "01001"}
