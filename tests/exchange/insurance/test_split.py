"""A file is cut into files of one visit, which read together are the same visits as the whole."""

from __future__ import annotations

import io
import tracemalloc
from typing import cast

import pytest
from tests.exchange.insurance.insurance_files import SUMMARY, envelope, inner, visit
from tests.exchange.insurance.test_bad_files import MEGABYTE, Endless

from hoso.core import Refused
from hoso.exchange.insurance import Splitting, is_insurance, read

BARE = inner("XML1", [SUMMARY])


@pytest.mark.parametrize(
    "data",
    [
        envelope(*(visit({"XML1": [{**SUMMARY, "MA_LK": str(number)}]}) for number in range(300))),
        envelope(visit({"XML1": [SUMMARY]}, plain=True), f"<HS>{BARE}</HS>", f"<HOSO>{BARE}</HOSO  >"),
        envelope(visit({"XML1": [SUMMARY]}, plain=True)).decode().encode("utf-16"),
        f"<HS><HOSO>{BARE}</HOSO><HOSO>{BARE}</HOSO></HS>".encode(),
        f"<HS>{BARE}</HS>".encode(),
        BARE.encode(),
        envelope(),
    ],
)
def test_the_pieces_hold_what_the_whole_holds(data: bytes) -> None:
    whole = [[row.values for row in one.rows("XML1")] for one in read(io.BytesIO(data))]
    pieces = list(Splitting(io.BytesIO(data)))
    assert [one.number for one in pieces] == list(range(1, len(whole) + 1))
    found = []
    for piece in pieces:
        assert piece.data is not None
        assert is_insurance(piece.data[:4096])
        found += list(read(io.BytesIO(piece.data), "", piece.number))
    assert [[row.values for row in one.rows("XML1")] for one in found] == whole
    assert [one.place.visit for one in found] == [one.number for one in pieces]


def test_sender_and_day_go_with_every_piece() -> None:
    [piece] = Splitting(io.BytesIO(envelope(visit({"XML1": [SUMMARY]}), facility="79001")))
    reading = read(io.BytesIO(piece.data or b""))
    assert [one.facility for one in reading] == ["79001"]
    assert reading.made == "20260719"


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b'<?xml version="1.0"?>\n<GIAMDINHHS>', True),
        (b"\xef\xbb\xbf<HS>", True),
        ("<?xml version='1.0'?><GIAMDINHHS>".encode("utf-16"), True),
        (b"<!DOCTYPE GIAMDINHHS><GIAMDINHHS>", True),
        (b"<TONG_HOP><MA_LK>", True),
        (b'<Patient xmlns="http://hl7.org/fhir">', False),
        (b'{"x": "<HS>"}', False),
        (b"", False),
    ],
)
def test_its_first_bytes_say_what_a_file_is(head: bytes, expected: bool) -> None:
    assert is_insurance(head) is expected


def test_a_visit_without_end_is_told_and_not_held() -> None:
    stream = Endless(b"<GIAMDINHHS><HOSO><NOIDUNGFILE>", MEGABYTE, 80, b"</NOIDUNGFILE></HOSO><HOSO/></GIAMDINHHS>")
    tracemalloc.start()
    pieces = list(Splitting(cast("io.BytesIO", stream)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(one.number, one.data is None) for one in pieces] == [(1, True), (2, False)]
    assert peak < 80 << 20
    with pytest.raises(Refused):
        list(Splitting(cast("io.BytesIO", Endless(b"<GIAMDINHHS><HOSO>", MEGABYTE, 3))))
