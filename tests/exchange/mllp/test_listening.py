"""HL7 v2 over MLLP on real sockets: every message is answered, once its records are stored, whatever comes between."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.exchange.hl7v2.hl7_messages import PID, PV1, message
from tests.exchange.intake.test_intake import OPERATOR, House

from hoso.core import new_id, system_clock
from hoso.exchange.mllp import Listener, Messages, Terms
from hoso.exchange.mllp.framing import Frames, framed
from hoso.fhir.search import parse
from hoso.store.contract import Unavailable
from hoso.store.record_store import RecordStore
from hoso.store.streams import StreamTable

Segments = list[list[str]]


class Door:
    def __init__(self, store: RecordStore, terms: Terms | None = None) -> None:
        self.house = House(store)
        messages = Messages(self.house.intake, StreamTable(store.engine), system_clock, new_id)
        self.listener = Listener("127.0.0.1", 0, terms or Terms(), messages)

    def connect(self) -> socket.socket:
        return socket.create_connection(self.listener.address, timeout=20)

    def ask(self, *messages: bytes) -> list[Segments]:
        """One answer for each, over one connection."""
        with self.connect() as connection:
            frames = Frames(connection, 1_000_000, 20, 20)
            found = []
            for one in messages:
                connection.sendall(framed(one))
                found.append(_read(frames))
            return found

    def count(self, type: str) -> int:
        query = parse(type, [("_summary", "count")])
        return self.house.node.records.search(OPERATOR.errand, query).total or 0


def _read(frames: Frames) -> Segments:
    data = frames.next()
    assert data is not None
    return [line.split("|") for line in data.decode().split("\r") if line]


def codes(answers: list[Segments]) -> list[str]:
    return [f"{one[1][1]} {one[1][2]}" for one in answers]


@pytest.fixture
def door(store: RecordStore) -> Iterator[Door]:
    door = Door(store)
    yield door
    door.listener.close()


def admit(control: str, **more: Any) -> bytes:
    return message("ADT^A01", PID, PV1, control=control, **more)


def test_a_message_is_answered_when_its_records_are_there(door: Door) -> None:
    [answer] = door.ask(admit("A1"))
    assert codes([answer]) == ["AA A1"]
    msh = answer[0]
    assert (msh[2], msh[3], msh[4], msh[5], msh[8], msh[11]) == ("HOSO", "VN", "HIS", "01001", "ACK^A01^ACK", "2.5.1")
    assert door.count("Encounter") == 1


def test_the_same_message_again_is_answered_alike_and_stored_once(door: Door) -> None:
    assert codes(door.ask(admit("A1"), admit("A1"), admit("A1"))) == ["AA A1"] * 3
    [deposit] = door.house.intake.listed(OPERATOR)
    assert (deposit.format, deposit.items, deposit.facility) == ("hl7v2", 1, "01001")


def test_another_message_under_the_same_number_is_taken_and_told(door: Door) -> None:
    other = message("ADT^A01", PID.replace("BN0001", "BN0002"), PV1.replace("V0001", "V0002"), control="A1")
    assert codes(door.ask(admit("A1"), other, other)) == ["AA A1"] * 3
    items = door.house.intake.items(OPERATOR, door.house.intake.listed(OPERATOR)[0].id)
    assert [issue.key for issue in items[1].issues] == ["mllp.other-message"]
    assert (len(items), door.count("Encounter")) == (2, 2)


def test_what_cannot_be_stored_is_told_with_its_place_and_kept(door: Door) -> None:
    bad = message("ADT^A01", "PID|1||||NGUYỄN^AN", PV1, control="B1")
    [answer] = door.ask(bad)
    assert codes([answer]) == ["AE B1"]
    assert answer[2][0] == "ERR"
    assert answer[2][2].startswith("PID^1^3")
    assert answer[2][3].startswith("101^")
    assert answer[2][8]
    [item] = door.house.intake.items(OPERATOR, door.house.intake.listed(OPERATOR)[0].id)
    assert (item.state, item.label) == ("quarantined", "B1")
    assert door.house.intake.original(OPERATOR, door.house.intake.listed(OPERATOR)[0].id, 1) == bad
    assert codes(door.ask(bad)) == ["AE B1"]


def test_an_older_version_is_told_in_its_own_shape(door: Door) -> None:
    bad = message("ADT^A01", "PID|1||||NGUYỄN^AN", control="B1").replace(b"|2.5.1", b"|2.3")
    [answer] = door.ask(bad)
    assert answer[2][1].split("^")[:3] == ["PID", "1", "3"]
    assert answer[2][1].split("^")[3].startswith("101&")
    assert answer[1][3]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"hello", "AR"),
        (b"MSH", "AR"),
        (message("ZZZ^Z99", control="Z1"), "AE"),
        (message("ADT^A01", PID, control=""), "AR"),
    ],
)
def test_what_is_no_message_for_us_is_refused_and_the_connection_goes_on(door: Door, data: bytes, code: str) -> None:
    answers = door.ask(data, admit("A1"))
    assert [one[1][1] for one in answers] == [code, "AA"]


def test_noise_between_frames_and_messages_in_one_packet_are_understood(door: Door) -> None:
    with door.connect() as connection:
        frames = Frames(connection, 1_000_000, 20, 20)
        connection.sendall(b"\r\n\r\nnoise" + framed(admit("A1")) + b"\n" + framed(admit("A2"))[:40])
        assert codes([_read(frames)]) == ["AA A1"]
        connection.sendall(framed(admit("A2"))[40:])
        assert codes([_read(frames)]) == ["AA A2"]


def test_a_message_that_breaks_off_is_not_stored(door: Door) -> None:
    with door.connect() as connection:
        connection.sendall(framed(admit("A1"))[:-2])
        connection.shutdown(socket.SHUT_WR)
        assert codes([_read(Frames(connection, 1_000_000, 20, 20))]) == ["AR "]
    assert door.count("Encounter") == 0


def test_what_never_frames_a_message_and_what_is_too_large_are_cut_off(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hoso.exchange.mllp.listener.LIMIT", 100_000)
    for data in (b"GET / HTTP/1.1\r\n" * 8_000, b"\x0b" + b"x" * 300_000):
        with door.connect() as connection:
            try:
                connection.sendall(data)
                answer = Frames(connection, 1_000_000, 20, 20).next()
            except ConnectionError:
                continue
            assert answer is not None
            assert b"MSA|AR" in answer
    assert codes(door.ask(admit("A1"))) == ["AA A1"]


def test_many_connections_at_once_lose_and_double_nothing(door: Door) -> None:
    def talk(number: int) -> list[str]:
        one = [
            message("ADT^A04", PID.replace("BN0001", f"BN{number}x{n}"), control=f"C{number}x{n}") for n in range(10)
        ]
        return codes(door.ask(*one))

    with ThreadPoolExecutor(8) as pool:
        answers = [code for found in pool.map(talk, range(8)) for code in found]
    assert sorted(answers) == sorted(f"AA C{number}x{n}" for number in range(8) for n in range(10))
    assert door.house.intake.listed(OPERATOR)[0].items == 80
    raw = door.house.node.records.search(OPERATOR.errand, parse("Binary", [("_summary", "count")])).total
    assert raw == 80


def test_in_enhanced_mode_the_sender_says_which_answers_it_wants(door: Door) -> None:
    def enhanced(control: str, accept: str, application: str, *, good: bool = True) -> bytes:
        sent = admit(control) if good else message("ADT^A01", "PID|1||||A^B", control=control)
        return sent.replace(b"|P|2.5.1\r", f"|P|2.5.1|||{accept}|{application}\r".encode(), 1)

    with door.connect() as connection:
        frames = Frames(connection, 1_000_000, 20, 20)
        connection.sendall(framed(enhanced("E1", "AL", "AL")))
        assert codes([_read(frames), _read(frames)]) == ["CA E1", "AA E1"]
        connection.sendall(framed(enhanced("E2", "NE", "ER")) + framed(enhanced("E3", "ER", "ER", good=False)))
        assert codes([_read(frames)]) == ["AE E3"]
        connection.sendall(framed(enhanced("E4", "AL", "NE")))
        assert codes([_read(frames)]) == ["CA E4"]


@pytest.mark.parametrize("mark", [b"T", b"D", b"T^A"])
def test_what_somebody_tries_out_is_not_stored(door: Door, mark: bytes) -> None:
    answers = door.ask(admit("T1").replace(b"|P|2.5.1", b"|" + mark + b"|2.5.1"), admit("A1"))
    assert codes(answers) == ["AR T1", "AA A1"]
    assert answers[0][2][2:4] == ["MSH^1^11", "202^Unsupported processing id^HL70357"]
    assert door.count("Encounter") == 1


def test_messages_that_are_counted_come_in_step(door: Door) -> None:
    def numbered(control: str, number: int) -> bytes:
        return admit(control).replace(b"|P|2.5.1\r", f"|P|2.5.1|{number}\r".encode(), 1)

    answers = door.ask(numbered("S1", 1), numbered("S2", 2), numbered("S4", 4), numbered("S0", -1), numbered("S3", 3))
    assert codes(answers) == ["AA S1", "AA S2", "AR S4", "AA S0", "AA S3"]
    assert (answers[2][1][4], answers[3][1][4]) == ("3", "3")


def test_a_bound_connection_speaks_for_no_other_facility(store: RecordStore) -> None:
    door = Door(store, Terms("01001"))
    try:
        answers = door.ask(admit("A1"), admit("A2", facility="01002"), admit("A3", facility="LAB"))
        assert codes(answers) == ["AA A1", "AR A2", "AA A3"]
        assert answers[1][2][2] == "MSH^1^4"
        assert {one.facility for one in door.house.intake.listed(OPERATOR)} == {"01001"}
    finally:
        door.listener.close()


def test_while_the_database_takes_nothing_the_sender_is_told_to_come_again(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: Any) -> None:
        raise Unavailable("disk full")

    with monkeypatch.context() as patch:
        patch.setattr("hoso.exchange.mllp.desk.carry_out", full)
        assert codes(door.ask(admit("A1"))) == ["AR A1"]
    assert codes(door.ask(admit("A1"))) == ["AA A1"]


def test_a_listener_that_is_closed_has_answered_what_it_read(store: RecordStore) -> None:
    door = Door(store)
    with door.connect() as connection:
        connection.sendall(framed(admit("A1")))
        frames = Frames(connection, 1_000_000, 20, 20)
        assert codes([_read(frames)]) == ["AA A1"]
        door.listener.close()
        assert frames.next() is None
    with pytest.raises(OSError):
        door.connect()


def test_results_of_a_patient_come_in_whole(door: Door) -> None:
    obx = "OBX|1|NM|718-7^Hemoglobin^LN||132|g/L|120-160|N|||F"
    oru = message("ORU^R01", PID, PV1, "OBR|1|X1|Y1|58410-2^CBC^LN|||20261127080000", obx, control="R1")
    assert codes(door.ask(oru)) == ["AA R1"]
    [found] = door.house.found("Observation")
    assert found["valueQuantity"]["value"] == 132
