"""Acknowledgements as text: what they repeat of a message cannot break them, and each fault has its place and code."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.exchange.hl7v2.hl7_messages import keys, message, read

from hoso.core import Issue
from hoso.exchange.hl7v2.acks import acknowledgement, escaped, fault, head
from hoso.exchange.hl7v2.parsing import Message, parse

NOON = datetime(2026, 11, 27, 5, tzinfo=UTC)
PLACE = {"segment": "PID", "sequence": "1", "field": "3", "repetition": "2", "component": "0"}


def acknowledged(data: bytes, *issues: Issue) -> Message:
    return parse(acknowledgement(head(parse(data)), "AE", issues, "7", NOON))


def test_who_asked_is_answered_with_what_it_said() -> None:
    answer = acknowledged(message("ADT^A01", control="M 1"))
    msh = answer.segments[0]
    assert [msh.get(at) for at in (3, 4, 5, 6, 10, 11, 12)] == ["HOSO", "VN", "HIS", "01001", "7", "P", "2.5.1"]
    assert [msh.get(9, at) for at in (1, 2, 3)] == ["ACK", "A01", "ACK"]
    assert answer.segments[1].raw == ["MSA", "AE", "M 1"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=12), min_size=6, max_size=6))
def test_nothing_that_a_message_says_adds_a_segment_or_field(texts: list[str]) -> None:
    sender, facility, event, control, processing, version = (escaped(text) for text in texts)
    data = f"MSH|^~\\&|{sender}|{facility}|X|Y|20261127||ADT^{event}|{control}|{processing}|{version}\r"
    answer = acknowledgement(head(parse(data.encode())), "AA", [], "7", NOON).decode()
    assert [line.split("|")[0] for line in answer.split("\r")] == ["MSH", "MSA", ""]
    assert len(answer.split("\r")[0].split("|")) == 18
    assert len(answer.split("\r")[1].split("|")) <= 3


@pytest.mark.parametrize(
    ("code", "number"),
    [("required", "101"), ("value", "102"), ("code-invalid", "103"), ("not-supported", "201"), ("not-found", "204"),
     ("transient", "207"), ("exception", "207"), ("forbidden", "199"), ("too-costly", "199")],
)  # fmt: skip
def test_a_fault_has_the_code_of_its_kind(code: str, number: str) -> None:
    line = fault(head(parse(message("ADT^A01"))), Issue(code, "hl7v2-map.patient-missing", PLACE)).split("|")
    assert line[3].split("^")[0] == number
    assert (line[2], line[4]) == ("PID^1^3^2", "E")
    assert line[7] and line[8] and line[7] != line[8]


def test_an_old_version_gets_place_and_code_in_one_field() -> None:
    old = head(parse(message("ADT^A01").replace(b"2.5.1", b"2.3.1")))
    line = fault(old, Issue("required", "hl7v2-map.patient-missing", PLACE))
    assert line == "ERR|PID^1^3^101&Required field missing"


def test_a_kind_of_message_that_is_not_known_is_an_unsupported_event() -> None:
    document = read(message("ZZZ^Z99"))
    assert keys(document) == [("kind-unknown", "MSH[1]-9")]
    (issue,) = document.faults[0].issues
    answer = acknowledged(message("ZZZ^Z99"), issue)
    assert (answer.segments[2].get(2, 3), answer.segments[2].get(3)) == ("9", "201")
