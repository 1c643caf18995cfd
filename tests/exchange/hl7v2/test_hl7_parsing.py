"""The text of a message: separators, escapes, line ends, charsets; and files of many messages."""

from __future__ import annotations

import io
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exchange.hl7v2.hl7_messages import PID, PV1, message, read, single
from tests.identity.normalise.writing import in_font

from hoso.core import Refused
from hoso.exchange.formats import known
from hoso.exchange.hl7v2.parsing import parse
from hoso.exchange.hl7v2.splitting import Splitting, is_messages


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
def test_lines_end_as_the_sender_ends_them(end: str) -> None:
    parsed = parse(message("ADT^A01", PID, PV1, end=end))
    assert [one.name for one in parsed.segments] == ["MSH", "PID", "PV1"]


def test_fields_components_and_repetitions_are_found() -> None:
    pid = parse(message("ADT^A01", "PID|1||A^^^X&Y^MR~B^^^^NI||")).all("PID")[0]
    assert [pid.get(3), pid.get(3, 5), pid.get(3, 4, 2), pid.get(3, 1, 1, 2), pid.get(3, 9), pid.get(40)] == [
        "A", "MR", "Y", "B", "", "",
    ]  # fmt: skip
    assert [len(pid.repetitions(at)) for at in (1, 2, 3, 5)] == [1, 0, 2, 0]


def test_other_separators_are_taken_from_the_header() -> None:
    data = b"MSH*!?/@*HIS*01001***20261127**ADT!A01*1*P*2.3\rPID*1**A!!!X@Y!MR?B\r"
    pid = parse(data).first("PID")
    assert pid is not None
    assert (pid.get(3, 4, 2), pid.get(3, 1, 1, 2)) == ("Y", "B")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"a\T\b", "a&b"), (r"a\F\b\S\c\R\d\E\e", "a|b^c~d\\e"), (r"a\.br\b", "a\nb"), (r"\X4869\!", "Hi!"),
        (r"\XZZ\ ", "\\XZZ\\ "), (r"C:\temp", "C:\\temp"), (r"\H\đậm\N\ ", "đậm "),
    ],
)  # fmt: skip
def test_escapes_stand_for_their_characters(written: str, read: str) -> None:
    assert parse(message("ADT^A01", f"NTE|1||{written}")).all("NTE")[0].get(3) == read


def test_the_charset_of_the_header_is_used() -> None:
    head = "MSH|^~\\&|HIS|01001|||20261127||ADT^A01|1|P|2.5||||||8859/1"
    nte = parse(f"{head}\rNTE|1||Müller\r".encode("latin-1")).first("NTE")
    assert nte is not None
    assert nte.get(3) == "Müller"


def in_code_page(text: str) -> bytes:
    """In Windows-1258: letters, with their tones behind them."""
    tones = "\u0300\u0301\u0303\u0309\u0323"
    apart = [unicodedata.normalize("NFD", one) for one in text]
    letters = (unicodedata.normalize("NFC", "".join(mark for mark in one if mark not in tones)) for one in apart)
    behind = ("".join(mark for mark in one if mark in tones) for one in apart)
    return "".join(map(str.__add__, letters, behind)).encode("cp1258")


@pytest.mark.parametrize("charset", ["", "8859/1"])
@pytest.mark.parametrize("font", ["tcvn3", "vni"])
def test_names_in_the_fonts_of_before_unicode_are_mended(font: str, charset: str) -> None:
    name = in_font("nguyễn", font), in_font("thị huệ", font)
    data = message("ADT^A04", "PID|1||B1^^^^MR||NAME^HERE").replace(b"|2.5.1", f"|2.5.1||||||{charset}".encode())
    data = data.replace(b"NAME^HERE", "^".join(name).encode("latin-1"))
    patient = single(data, "Patient")
    assert (patient["name"][0]["family"], patient["name"][0]["given"]) == ("nguyễn", ["thị huệ"])


def test_a_message_without_a_charset_may_be_in_the_code_page() -> None:
    data = message("ADT^A04", "PID|1||B1^^^^MR||NAME").replace(b"NAME", in_code_page("Nguyễn^Văn Đức Hậu"))
    patient = single(data, "Patient")
    assert patient["name"][0]["text"] == "Nguyễn Văn Đức Hậu"


@pytest.mark.parametrize(
    ("charset", "codec"), [("8859/2", "iso8859-2"), ("8859/15", "iso8859-15"), ("8859/5", "iso8859-5")]
)
def test_the_parts_of_8859_are_read(charset: str, codec: str) -> None:
    text = "Ž" if codec != "iso8859-5" else "Ж"
    data = f"MSH|^~\\&|A|B|||2026||ADT^A01|1|P|2.5||||||{charset}\rNTE|1||{text}\r".encode(codec)
    assert parse(data).segments[1].get(3) == text


def test_a_message_of_single_bytes_is_never_utf_16() -> None:
    data = message("ADT^A01", "NTE|1||Huế").replace(b"|2.5.1", b"|2.5.1||||||UNICODE UTF-16")
    assert parse(data).segments[1].get(3) == "Huế"


def test_endless_short_lines_are_refused_before_they_become_segments() -> None:
    with pytest.raises(Refused) as refused:
        parse(message("ADT^A01") + b"A\r" * 200_000)
    assert refused.value.issues[0].key == "hl7v2-map.too-many-segments"


@pytest.mark.parametrize("data", [b"", b"PID|1", b"MSH", b"MSH|||||", b"MSH|^^^^|", b"\x00" * 9, b"{}"])
def test_what_is_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        parse(data)


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for text in (data, b"MSH|^~\\&|" + data):
        try:
            parsed = parse(text)
        except Refused:
            continue
        for segment in parsed.segments:
            for at in range(1, 6):
                segment.get(at, 2, 2, 2)


def test_a_file_is_cut_into_its_messages() -> None:
    one, two = message("ADT^A01", PID, control="1"), message("ADT^A01", PID, control="2", end="\n")
    batch = b"FHS|^~\\&|HIS\rBHS|^~\\&|HIS\r" + one + two + b"BTS|2\rFTS|1\r"
    for data in (
        one + two,
        b"\xef\xbb\xbf" + one + b"\r\n" + two,
        batch,
        b"\x0b" + one + b"\x1c\r\x0b" + two + b"\x1c\r",
    ):
        assert is_messages(data)
        pieces = list(Splitting(io.BytesIO(data)))
        assert [piece.number for piece in pieces] == [1, 2]
        assert [parse(piece.data or b"").segments[0].get(10) for piece in pieces] == ["1", "2"]


def test_messages_over_the_chunks_of_a_file_are_whole() -> None:
    data = b"".join(message("ADT^A01", PID, f"NTE|1||{'x' * 3_000}", control=str(at)) for at in range(100))
    pieces = list(Splitting(io.BytesIO(data)))
    assert b"".join(piece.data or b"" for piece in pieces) == data


def test_the_format_is_known_by_its_first_bytes() -> None:
    found = known(message("ADT^A01", PID)[:100])
    assert found is not None
    assert found.name == "hl7v2"
    assert known(b'{"resourceType": "Patient"}') is None


_WORDS = st.sampled_from(
    ["", '""', "x", "20261399", "-1", "9" * 20, "a^b^c", "^^^", "a~b~", "&&", "<5", "\x00", "ED", "SN", "D"]
)
_WHOLE = {
    "ADT^A08": (PID, PV1, "NK1|1|A^B|MTH", "AL1|1|DA|X^Y^L|SV", "DG1|1||I10^X^I10|||F", "IN1|1|P|Q|R", "GT1|1|G|A^B"),
    "ORU^R01": (PID, PV1, "ORC|RE|P1", "OBR|1|P1|F1|C^N^L|||2026", "OBX|1|NM|7^Hb^LN||13|g/L|1-2|H|||F", "SPM|1|S|"),
    "VXU^V04": (PID, "ORC|RE||V1", "RXA|0|1|20260801||20^D^CVX|0.5|mL||00", "RXR|IM|LA", "OBX|1|TS|29768-9^D|1|2026"),
    "RDS^O13": (PID, "ORC|NW|P", "TQ1|1||BID||||2026|2026", "RXE||M^N^L|1||v", "RXR|PO", "RXD|1|M^N^L|2026|1|v||R"),
    "SIU^S12": ("SCH|A|B|||||||30|min", PID, "RGS|1", "AIS|1|A|S^T^L|20261130090000", "AIP|1||P^Q", "AIL|1||W^R"),
    "MDM^T02": (PID, "TXA|1|DS|TX|2026||||||||D1", "OBX|1|TX|D||T", "OBX|2|ED|D||^application^pdf^Base64^QQ=="),
    "PPR^PC2": (PID, "PRB|UP|2026|E11^D^I10|P1|||||2026||||C|Active"),
}  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(_WHOLE)), st.lists(st.tuples(st.integers(0, 9), st.integers(1, 25), _WORDS), max_size=5))
def test_whatever_stands_in_a_field_becomes_valid_records_or_faults(
    kind: str, changes: list[tuple[int, int, str]]
) -> None:
    segments = [one.split("|") for one in _WHOLE[kind]]
    for place, field, text in changes:
        segment = segments[place % len(segments)]
        segment += [""] * (field + 1 - len(segment))
        segment[field] = text
    read(message(kind, *("|".join(one) for one in segments)))  # which looks at every record
