"""Input files as units of work: folders walked, .gz and .zip unpacked in a stream, large NDJSON cut into pieces.

What a file is, its first bytes say, not its name. Nothing is ever written to disk and memory stays bounded.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import orjson

from hoso.core import Refused
from hoso.exchange import formats, health_checks
from hoso.exchange.documents import BOM
from hoso.exchange.formats import Format
from hoso.exchange.sheets import package, table
from hoso.exchange.sheets.mapping import Mapping as SheetMapping
from hoso.fhir import xml

UNIT_BYTES = 256 << 20
"""The largest single bundle or resource."""
PIECE_BYTES = 1 << 20
PIECE_LINES = 250
EXPANSION = 200
"""How many times its own size a compressed file may grow to; NDJSON of records stays under 50."""
EXPANSION_FLOOR = 256 << 20
NESTING = 2
"""A .gz inside a .zip is read; anything compressed inside that is not."""

_SUFFIXES = (".json", ".ndjson", ".jsonl", ".gz", ".zip")
_LINE_SUFFIXES = (".ndjson", ".jsonl")
_XML = b"http://hl7.org/fhir"
_NOT_RECORDS = frozenset({"truth.json"})
"""What `hoso synth` writes beside its records: who the invented people are."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One piece of work: a whole document (`line` None) or consecutive NDJSON lines, the first of them `line`.

    `format` is the name of a format that is cut into pieces, of a unit that is one of them, and `piece` its number.
    `cost` is the number of input bytes it stands for, so that progress can be told in terms of the files' sizes.
    """

    source: str
    line: int | None
    data: bytes
    cost: int
    format: str = ""
    piece: int | None = None

    @property
    def digest(self) -> str:
        """The content's name in the journal; the place is left out, so a moved file is still known."""
        return hashlib.sha256(self.data + (b"\n" if self.line else b"")).hexdigest()


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A file, member or line that gives no unit; `key` names the reason in the catalogue."""

    source: str
    line: int | None
    key: str
    values: dict[str, str] = field(default_factory=dict)
    cost: int = 0


Arrival = Unit | Unreadable


class _Bomb(Exception):
    pass


def files(paths: Iterable[Path]) -> tuple[list[Path], list[Path]]:
    """The files to read, in a stable order, and those left out because nothing about them looks like records.

    A file that was named is always read; in a folder it must have a known name or start like JSON, FHIR's XML, gzip or
    zip, and not be the answers to an invented population.
    """
    taken: list[Path] = []
    skipped: list[Path] = []
    for path in paths:
        if not _is_folder(path):
            taken.append(path)
            continue
        for file in sorted(_inside(path)):
            (taken if _looks_like_records(file) else skipped).append(file)
    return taken, skipped


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # behind a folder that may not be entered: reading it will say so
        return False


def _inside(folder: Path) -> Iterator[Path]:
    """Every file below, and every folder that may not be entered: reading it will say so."""
    closed: list[Path] = []
    for where, _, names in os.walk(folder, onerror=lambda error: closed.append(Path(error.filename))):
        files = (Path(where, name) for name in names if not name.startswith("."))
        yield from (file for file in files if file.is_file() or file.is_symlink())
    yield from closed


def _looks_like_records(file: Path) -> bool:
    if file.name in _NOT_RECORDS:
        return False
    if file.name.lower().endswith(_SUFFIXES):
        return True
    try:
        with file.open("rb") as stream:
            head = stream.read(formats.HEAD).removeprefix(BOM).lstrip()
    except OSError:
        return True  # whether it holds records nobody can say: it is tried, and the failure told
    known = head.startswith((b"{", b"\x1f\x8b", b"PK\x03\x04")) or (head[:1] == b"<" and _XML in head)
    return known or formats.known(head) is not None or xml.is_cda(head)


def read(file: Path, sheets: Mapping[Path, SheetMapping | None] | None = None) -> Iterator[Arrival]:
    """All units of one file. Never raises for what the file holds: that becomes an `Unreadable`.

    `sheets` are files that are spreadsheets, with what their columns mean; None where nobody has said so yet.
    """
    try:
        with file.open("rb") as stream:
            if sheets and file in sheets:
                yield from _sheet(_label(str(file)), stream, _Meter(stream, file.stat().st_size), sheets[file])
                return
            yield from _open(_label(str(file)), stream, _Meter(stream, file.stat().st_size), 0)
    except OSError as error:
        yield Unreadable(_label(str(file)), None, "load.file", {"reason": error.strerror or str(error)})


class _Meter:
    """Counts what comes out of a file against what went in: the cost of units, and the guard against bombs."""

    def __init__(self, raw: IO[bytes], size: int) -> None:
        self._raw, self._told, self._out = raw, 0, 0
        self._limit = max(EXPANSION_FLOOR, size * EXPANSION)

    def cost(self) -> int:
        """Input bytes consumed since the last call."""
        position = self._raw.tell()
        step, self._told = max(0, position - self._told), max(position, self._told)
        return step

    def produced(self, count: int) -> None:
        self._out += count
        if self._out > self._limit:
            raise _Bomb


class _Expanded(io.RawIOBase):
    """A decompressing stream that reports to the meter."""

    def __init__(self, inner: IO[bytes], meter: _Meter) -> None:
        self._inner, self._meter = inner, meter

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        chunk = self._inner.read(len(buffer))
        self._meter.produced(len(chunk))
        buffer[: len(chunk)] = chunk
        return len(chunk)


def _open(source: str, stream: IO[bytes], meter: _Meter, depth: int) -> Iterator[Arrival]:
    buffered = io.BufferedReader(stream, 1 << 16) if isinstance(stream, io.RawIOBase) else stream
    try:
        head = buffered.peek(4)[:4]  # type: ignore[attr-defined]
        if head[:2] == b"\x1f\x8b":
            yield from _gunzip(source, buffered, meter, depth)
        elif depth == 0 and _is_roster(buffered):
            yield from _cut(formats.FORMATS["ksk"], source, buffered, meter)
        elif head == b"PK\x03\x04":
            yield from _unzip(source, buffered, meter, depth)
        elif format := formats.known(buffered.peek(formats.HEAD)[: formats.HEAD]):  # type: ignore[attr-defined]
            yield from _cut(format, source, buffered, meter)
        elif xml.is_cda(buffered.peek(formats.HEAD)[: formats.HEAD]):  # type: ignore[attr-defined]
            yield Unreadable(source, None, "xml.cda", {}, meter.cost())
        else:
            yield from _text(source, buffered, meter)
    except _Bomb:
        yield Unreadable(source, None, "load.bomb", {"times": str(EXPANSION)}, meter.cost())
    except (zlib.error, EOFError, gzip.BadGzipFile, zipfile.BadZipFile, NotImplementedError) as error:
        yield Unreadable(source, None, "load.archive", {"reason": str(error)}, meter.cost())


def _sheet(source: str, stream: IO[bytes], meter: _Meter, mapping: SheetMapping | None) -> Iterator[Arrival]:
    if mapping is None:
        yield Unreadable(source, None, "load.sheet", {"file": source}, meter.cost())
        return
    try:
        tables = table.read(stream, source)
        sheet = tables.sheet(mapping.sheet) if mapping.sheet else tables.main
        sheet.name_columns(list(mapping.columns))
    except Refused as refused:
        for issue in refused.issues:
            yield Unreadable(source, None, issue.key, dict(issue.values), meter.cost())
        return
    yield from _cut(formats.FORMATS["sheet"], source, package.packed(mapping, sheet), meter)


def _is_roster(stream: IO[bytes]) -> bool:
    """Whether a workbook has the keys of health checks; of other zips the members are read."""
    head = stream.peek(formats.HEAD)[: formats.HEAD]  # type: ignore[attr-defined]
    return table.knows(head) and stream.seekable() and health_checks.is_roster(stream)


def _gunzip(source: str, stream: IO[bytes], meter: _Meter, depth: int) -> Iterator[Arrival]:
    if depth >= NESTING:
        yield Unreadable(source, None, "load.nesting", {"limit": str(NESTING)}, meter.cost())
        return
    with gzip.GzipFile(fileobj=stream) as unpacked:
        yield from _open(source, _Expanded(unpacked, meter), meter, depth + 1)  # type: ignore[arg-type]


def _unzip(source: str, stream: IO[bytes], meter: _Meter, depth: int) -> Iterator[Arrival]:
    if depth > 0:  # a zip has its directory at the end: one inside a stream would have to be held whole
        yield Unreadable(source, None, "load.nesting", {"limit": str(NESTING)}, meter.cost())
        return
    with zipfile.ZipFile(stream) as archive:
        for member in archive.infolist():
            if member.is_dir():
                continue
            label = f"{source}!{_label(member.filename)}"
            if member.flag_bits & 0x1:
                yield Unreadable(label, None, "load.encrypted", {}, meter.cost())
                continue
            with archive.open(member) as unpacked:
                yield from _open(label, _Expanded(unpacked, meter), meter, depth + 1)  # type: ignore[arg-type]


def _cut(format: Format, source: str, stream: IO[bytes], meter: _Meter) -> Iterator[Arrival]:
    try:
        for piece in formats.cut(format, stream):
            if piece.data is not None:
                yield Unit(source, None, piece.data, meter.cost(), format.name, piece.number)
            for issue in piece.faults:
                yield Unreadable(source, piece.number or None, issue.key, dict(issue.values), meter.cost())
    except Refused as refused:
        for issue in refused.issues:
            yield Unreadable(source, 1, issue.key, dict(issue.values), meter.cost())


def _text(source: str, stream: IO[bytes], meter: _Meter) -> Iterator[Arrival]:
    """NDJSON by its name or because its first line is a whole JSON object; else one document."""
    number, first = 0, b""
    for line in iter(lambda: stream.readline(UNIT_BYTES + 1), b""):
        number, first = number + 1, line.removeprefix(BOM) if number == 0 else line
        if first.strip():
            break
    if not first.strip():
        yield Unreadable(source, None, "load.empty", {}, meter.cost())
    elif first.startswith((b"\xff\xfe", b"\xfe\xff")):
        yield Unreadable(source, None, "load.utf16", {}, meter.cost())
    elif _is_ndjson(source, first):
        yield from _pieces(source, number, first, stream, meter)
    else:
        yield _document(source, first, stream, meter)


def _is_ndjson(source: str, line: bytes) -> bool:
    if source.lower().removesuffix(".gz").endswith(_LINE_SUFFIXES):
        return True
    if not line.rstrip().endswith(b"}"):
        return False
    try:
        orjson.loads(line)
    except orjson.JSONDecodeError:
        return False
    return True


def _pieces(source: str, number: int, line: bytes, stream: IO[bytes], meter: _Meter) -> Iterator[Arrival]:
    """Consecutive lines together; blank ones are kept, so that the number of every line stays true."""
    start, held, size = number, [line], len(line)
    for line in iter(lambda: stream.readline(UNIT_BYTES + 1), b""):
        number += 1
        too_large = len(line) > UNIT_BYTES
        if held and (too_large or size + len(line) > PIECE_BYTES or len(held) >= PIECE_LINES):
            yield Unit(source, start, b"".join(held), meter.cost())
            held, size = [], 0
        if too_large:
            _skip_line(line, stream)
            yield Unreadable(source, number, "load.large", {"limit": str(UNIT_BYTES)}, meter.cost())
            continue
        start = start if held else number
        held.append(line)
        size += len(line)
    if held:
        yield Unit(source, start, b"".join(held), meter.cost())


def _skip_line(line: bytes, stream: IO[bytes]) -> None:
    while line and not line.endswith(b"\n"):
        line = stream.readline(1 << 20)


def _document(source: str, first: bytes, stream: IO[bytes], meter: _Meter) -> Arrival:
    data = first + stream.read(UNIT_BYTES + 1 - len(first)) if len(first) <= UNIT_BYTES else first
    if len(data) > UNIT_BYTES:
        return Unreadable(source, None, "load.large", {"limit": str(UNIT_BYTES)}, meter.cost())
    return Unit(source, None, data, meter.cost())


def _label(name: str) -> str:
    """A name fit for a terminal and a report: it is only ever shown, never used as a path."""
    return "".join(ch if ch.isprintable() else "\N{REPLACEMENT CHARACTER}" for ch in name)
