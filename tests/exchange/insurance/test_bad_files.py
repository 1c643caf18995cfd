"""Files nobody should send: each is refused or set aside with its place, in bounded memory, and the rest goes in."""

from __future__ import annotations

import base64
import io
import tracemalloc
from collections.abc import Iterator
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.exchange.insurance.insurance_files import SUMMARY, envelope, filed, inner, visit

from hoso.core import Refused
from hoso.exchange.insurance import Visit, read
from hoso.exchange.insurance.rows import VALUES_LIMIT
from hoso.fhir.outcome import text

GOOD = {"XML1": [SUMMARY]}
XXE = '<!DOCTYPE TONG_HOP [<!ENTITY x SYSTEM "file:///etc/passwd">]><TONG_HOP><HO_TEN>&x;</HO_TEN></TONG_HOP>'
LAUGHS = '<!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]><TONG_HOP><HO_TEN>&b;</HO_TEN></TONG_HOP>'


def tried(data: bytes) -> tuple[list[Visit], list[tuple[str, str | None]]]:
    """The visits before a file was refused, and why and where it was."""
    found: list[Visit] = []
    try:
        for one in read(io.BytesIO(data)):
            found.append(one)
    except Refused as refused:
        for issue in refused.issues:
            assert "{" not in text(issue, "en") + text(issue, "vi")
        return found, [(issue.key, issue.expression) for issue in refused.issues]
    return found, []


@pytest.mark.parametrize(
    ("data", "key", "place"),
    [
        (b"", "xml.empty", "GIAMDINHHS"),
        (b" \n ", "xml.empty", "GIAMDINHHS"),
        (b"{}", "insurance.malformed", "GIAMDINHHS"),
        (b"<KHAMSUCKHOE/>", "insurance.root", "GIAMDINHHS"),
        (b'<Bundle xmlns="http://hl7.org/fhir"/>', "insurance.root", "GIAMDINHHS"),
        (XXE.encode(), "insurance.doctype", "GIAMDINHHS"),
        (LAUGHS.encode(), "insurance.doctype", "GIAMDINHHS"),
        (envelope(visit(GOOD)).decode().encode("utf-32"), "xml.encoding", "GIAMDINHHS"),
        (b"<GIAMDINHHS><HOSO>" + b"<A>" * 100, "insurance.too-deep", "HOSO[1]"),
        (b"<GIAMDINHHS><HOSO><NOIDUNGFILE>QQ==", "insurance.malformed", "HOSO[1]"),
        (b"<GIAMDINHHS><HOSO></GIAMDINHHS>", "insurance.malformed", "HOSO[1]"),
        (b"<GIAMDINHHS><HS><TONG_HOP><LY_DO_VV>ho & s\xe8t", "insurance.malformed", "HOSO[1]"),
    ],
)
def test_a_file_that_cannot_be_read_says_why_and_where(data: bytes, key: str, place: str) -> None:
    assert tried(data)[1] == [(key, place)]


def test_what_stood_before_a_break_is_given_out() -> None:
    whole = envelope(visit(GOOD), visit(GOOD), visit(GOOD))
    found, issues = tried(whole[: whole.rindex(b"</NOIDUNGFILE>")])
    assert [one.place.visit for one in found] == [1, 2]
    assert issues == [("insurance.malformed", "HOSO[3]")]


@pytest.mark.parametrize(
    ("file", "key"),
    [
        (filed("XML4", "@@@@", plain=True), "insurance.base64"),
        (filed("XML4", "QUJD=QUJD", plain=True), "insurance.base64"),
        (filed("XML4", "", plain=True), "insurance.no-content"),
        (filed("XML4", "no XML at all"), "insurance.malformed"),
        (filed("XML4", "<A><B>1</B></A>"), "insurance.not-a-table"),
        (filed("XML4", XXE), "insurance.doctype"),
        (filed("XML4", LAUGHS), "insurance.doctype"),
        (filed("XML4", inner("XML4", [{"STT": "1"}])[:-9]), "insurance.malformed"),
        (filed("XML4", b"\x00\x01\x02"), "insurance.malformed"),
    ],
)
def test_a_bad_table_is_told_and_the_others_go_in(file: str, key: str) -> None:
    broken = f"<HOSO>{filed('XML1', inner('XML1', [SUMMARY]))}{file}</HOSO>"
    found, issues = tried(envelope(broken, visit(GOOD)))
    assert issues == []
    assert [sorted(one.tables) for one in found] == [["XML1"], ["XML1"]]
    assert [(one.key, one.expression) for one in found[0].issues] == [(key, "HOSO[1].XML4")]
    assert "{" not in text(found[0].issues[0], "vi") + text(found[0].issues[0], "en")


def test_a_table_of_a_kind_nobody_knows_is_only_told() -> None:
    found, _ = tried(envelope(f"<HOSO>{filed('XML1', inner('XML1', [SUMMARY]))}{filed('XML99', '<A/>')}</HOSO>"))
    assert [(one.key, one.severity) for one in found[0].issues] == [("insurance.unknown-table", "warning")]


class Endless(io.RawIOBase):
    """Megabytes of the same after a beginning, made as they are read."""

    def __init__(self, start: bytes, repeated: bytes, times: int, end: bytes = b"") -> None:
        self._pieces = self._all(start, repeated, times, end)
        self.given = 0

    def _all(self, start: bytes, repeated: bytes, times: int, end: bytes) -> Iterator[bytes]:
        yield start
        for _ in range(times):
            yield repeated
        yield end

    def read(self, size: int = -1) -> bytes:
        piece = next((one for one in self._pieces if one), b"")
        self.given += len(piece)
        return piece


MEGABYTE = b"QUJD" * (1 << 18)


@pytest.mark.parametrize(
    ("start", "repeated", "end", "keys"),
    [
        (b"<GIAMDINHHS><HOSO><FILEHOSO><NOIDUNGFILE>", MEGABYTE, b"", ["insurance.malformed"]),
        (b"<GIAMDINHHS><HOSO><TONG_HOP><HO_TEN>", MEGABYTE, b"", ["insurance.malformed"]),
        (b"<GIAMDINHHS><MACSKCB>", MEGABYTE, b"", ["insurance.malformed"]),
        (b"<GIAMDINHHS><A x='", MEGABYTE, b"", ["insurance.long-token"]),
        (b"<GIAMDINHHS><!--", MEGABYTE, b"", ["insurance.long-token"]),
        (b"<GIAMDINHHS><CHUKYDONVI><SIGNATUREVALUE>", MEGABYTE, b"", ["insurance.malformed"]),
        (b"<GIAMDINHHS>", b"<HOSO><NGAYLAP/></HOSO>" * 500, b"</GIAMDINHHS>", []),
    ],
)
def test_memory_stays_bounded_whatever_never_ends(start: bytes, repeated: bytes, end: bytes, keys: list[str]) -> None:
    stream = Endless(start, repeated, 60, end)
    tracemalloc.start()
    found: list[str] = []
    visits = 0
    try:
        for _ in read(cast("io.BytesIO", stream)):
            visits += 1
    except Refused as refused:
        found = [issue.key for issue in refused.issues]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == keys
    assert peak < 45 << 20
    assert visits == (30_000 if not keys else 0)


def test_one_visit_that_is_too_large_does_not_stop_the_next() -> None:
    content = base64.b64encode(b"x" * (26 << 20)).decode()
    large = f"<HOSO>{filed('XML1', inner('XML1', [SUMMARY]))}{filed('XML4', content, plain=True)}</HOSO>"
    many = inner("XML4", [{"STT": "1"}]).replace("<STT>1</STT>", "<A/>" * (VALUES_LIMIT + 1))
    found, issues = tried(envelope(large, f"<HOSO>{filed('XML4', many)}</HOSO>", visit(GOOD)))
    assert issues == []
    assert [[issue.key for issue in one.issues if issue.severity == "error"] for one in found] == [
        ["insurance.too-large"],
        ["insurance.too-large"],
        [],
    ]
    assert [sorted(one.tables) for one in found] == [[], [], ["XML1"]]


@given(st.binary(max_size=200), st.integers(0, 2_000))
@settings(max_examples=100, deadline=None)
def test_any_bytes_anywhere_give_visits_or_a_refusal(noise: bytes, at: int) -> None:
    whole = envelope(visit(GOOD), visit(GOOD, plain=True))
    tried(whole[:at] + noise + whole[at:])
    tried(envelope(f"<HOSO>{filed('XML1', whole[at:] + noise)}</HOSO>"))
