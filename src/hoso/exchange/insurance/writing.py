"""A visit out of its FHIR resources as insurance XML: each field from where mapping.csv put it, backwards.

A text that was kept as it was written comes out so. What came by another door is written as far as it says what the
table asks for; nothing is made up, and the fields that must be there and are not are told.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from xml.sax.saxutils import escape

from hoso.exchange.insurance.definitions import Kind, fields, tables
from hoso.exchange.insurance.found import Found, found
from hoso.exchange.insurance.mapping import Line, Resource, kept_in, lines
from hoso.exchange.insurance.saying import LAST, UNSAID, Asked, at, moment, said

Dialect = Literal["4750", "3176"]
Reason = Literal["missing", "too-long"]
Fields = dict[str, str]
_DAY = 8
"""Digits of a day."""
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class Missing(NamedTuple):
    """A field that the decision asks for and the record does not say, or says at greater length than it takes."""

    table: str
    row: int
    field: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Written:
    """The file (UTF-8), the tables it was made of, and what a receiver will miss."""

    body: bytes
    tables: Mapping[str, Sequence[Fields]]
    missing: tuple[Missing, ...]


def written(
    resources: Sequence[Mapping[str, Any]], *, dialect: Dialect, facility: str, plain: bool = False, made: str = ""
) -> Written:
    """`resources`: one Encounter, its Patient, and all that belongs to the visit; decimals exact (`fhir.json.exact`).

    `facility`: whose visit it is, by its code. `plain`: inner tables as XML in place of base64. `made`: the day the
    file is made (yyyymmdd); without one, the day the visit ended. Raises ValueError when there is not one Encounter.
    """
    visit = found([dict(one) for one in resources], facility)
    known = [table for table in tables() if visit.rows.get(table)]
    rows = {table: [_row(table, dialect, visit, one) for one in visit.rows[table]] for table in known}
    day = made or moment(str(visit.encounter.get("period", {}).get("end", "")))[:8]
    body = _envelope(rows, facility, day, plain)
    return Written(body, rows, tuple(_missing(rows, dialect)))


def _row(table: str, dialect: Dialect, visit: Found, parts: Mapping[str, list[Resource]]) -> Fields:
    kinds = {name: one.kind for (of, name), one in fields(dialect).items() if of == table}
    kept = _kept(table, parts)
    row = {name: kept.get(name) or _field(table, name, kind, visit, parts) for name, kind in kinds.items()}
    row |= {name: text for name, text in kept.items() if name not in row and "." not in name and "#" not in name}
    if "MA_LK" in row:
        row["MA_LK"] = visit.number
    if "STT" in row:
        row["STT"] = visit.number_of(table, parts)
    return row


def _field(table: str, name: str, kind: Kind, visit: Found, parts: Mapping[str, list[Resource]]) -> str:
    """By the first line of the mapping that has something to say."""
    if table == "XML4" and name in ("MO_TA", "KET_LUAN"):
        return _words(name, parts)
    known = [line for line in lines().get(table, {}).get(name, ()) if line.way not in UNSAID]
    for line in sorted(known, key=lambda line: line.way in LAST):
        if text := _of_line(line, table, visit, parts):
            return text[:_DAY] if kind == "day" else text
    return ""


def _of_line(line: Line, table: str, visit: Found, parts: Mapping[str, list[Resource]]) -> str:
    texts = []
    for resource in parts.get(line.resource, ()):
        path = () if line.path == ("lines[]",) else line.path
        values = [one for one in at(resource, path) if one not in visit.filled_in(line)]
        asked = Asked(values, resource, line.argument, visit.facility, table, line.field)
        if text := said(line.way, asked):
            texts.append(text)
    return ";".join(texts) if line.each else texts[0] if texts else ""


def _kept(table: str, parts: Mapping[str, list[Resource]]) -> Fields:
    """Fields of this table that stand as they were written, on any resource of the row; the first counts."""
    found: Fields = {}
    for resource in (one for some in parts.values() for one in some):
        for of, name, text in kept_in(resource):
            if of == table:
                found.setdefault(name, text)
    return found


def _words(name: str, parts: Mapping[str, list[Resource]]) -> str:
    """Description and conclusion are notes of one result; the conclusion is in its report, too."""
    (result,) = parts.get("Observation", [{}])[:1]
    notes = [str(one.get("text", "")) for one in result.get("note", ())]
    reports = parts.get("DiagnosticReport", ())
    concluded = {line for one in reports for line in str(one.get("conclusion", "")).split("\n")}
    if len(notes) > 1:
        return notes[name == "KET_LUAN"]
    is_conclusion = bool(notes) and set(notes[0].split("\n")) <= concluded
    return notes[0] if notes and is_conclusion == (name == "KET_LUAN") else ""


def _missing(rows: Mapping[str, Sequence[Fields]], dialect: Dialect) -> Iterator[Missing]:
    asked = fields(dialect)
    for table, some in rows.items():
        for place, row in enumerate(some, 1):
            for (of, name), field in asked.items():
                if of != table:
                    continue
                if field.required == "yes" and not row.get(name):
                    yield Missing(table, place, name, "missing")
                elif field.length is not None and len(row.get(name, "")) > field.length:
                    yield Missing(table, place, name, "too-long")


def _envelope(rows: Mapping[str, Sequence[Fields]], facility: str, day: str, plain: bool) -> bytes:
    files = "".join(_file(table, some, plain) for table, some in rows.items())
    text = (
        '<?xml version="1.0" encoding="utf-8"?>\n<GIAMDINHHS><THONGTINDONVI>'
        f"<MACSKCB>{escape(facility)}</MACSKCB></THONGTINDONVI><THONGTINHOSO><NGAYLAP>{day}</NGAYLAP>"
        f"<SOLUONGHOSO>1</SOLUONGHOSO><DANHSACHHOSO><HOSO>{files}</HOSO></DANHSACHHOSO></THONGTINHOSO>"
        "<CHUKYDONVI/></GIAMDINHHS>\n"
    )
    return text.encode()


def _file(table: str, rows: Sequence[Fields], plain: bool) -> str:
    shape = tables()[table]
    records = "".join(f"<{shape.row}>{_elements(row)}</{shape.row}>" for row in rows)
    for wrap in reversed(shape.wraps):
        records = f"<{wrap}>{records}</{wrap}>"
    content = records if plain else base64.b64encode(records.encode()).decode()
    return f"<FILEHOSO><LOAIHOSO>{table}</LOAIHOSO><NOIDUNGFILE>{content}</NOIDUNGFILE></FILEHOSO>"


def _elements(row: Fields) -> str:
    return "".join(f"<{name}>{escape(_UNPRINTABLE.sub('', text))}</{name}>" for name, text in row.items())
