"""A list of facilities as CSV: read whole, checked whole, and only then added; each fault names its line.

Columns: code, gln, kind, name, under, address; the order is free, and only kind and name have to be there.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

from hoso.access.errand import Errand
from hoso.access.organisation.facilities import Facilities, Wanted, place_of
from hoso.core.errors import Issue, Refused
from hoso.core.text import fold

COLUMNS = ("code", "gln", "kind", "name", "under", "address")
_NEEDED = frozenset({"kind", "name"})
MOST_LINES = 50_000
_WIDEST = 2_000


@dataclass(frozen=True, slots=True)
class Fault:
    """`line` counts from 1, the heading included."""

    line: int
    issue: Issue


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    wanted: Wanted


def read(data: bytes) -> tuple[list[Row], list[Fault]]:
    """The rows, and what can be said about them without knowing any other facility."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return [], [_fault(data[: error.start].count(b"\n") + 1, "organisation.encoding")]
    rows: list[Row] = []
    faults: list[Fault] = []
    reader = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        heading = [fold(name) for name in next(reader, [])]
        if not set(COLUMNS) >= set(heading) >= _NEEDED or len(set(heading)) != len(heading):
            return [], [_fault(1, "organisation.columns", columns=", ".join(COLUMNS))]
        for cells in reader:
            if len(rows) + len(faults) >= MOST_LINES:
                return [], [_fault(reader.line_num, "organisation.too-long", most=str(MOST_LINES))]
            line = reader.line_num
            if not any(cells):
                continue
            if len(cells) != len(heading) or max(map(len, cells)) > _WIDEST:
                faults.append(_fault(line, "organisation.cells", number=str(len(heading))))
                continue
            rows.append(Row(line, Wanted(**{"code": "", **dict(zip(heading, map(str.strip, cells), strict=True))})))
    except csv.Error:
        faults.append(_fault(reader.line_num, "organisation.csv"))
    return rows, faults


def check(facilities: Facilities, rows: list[Row]) -> Iterator[Fault]:
    """What is wrong with a row, alone or beside the others and those on record."""
    numbers: dict[str, int] = {}
    kinds = {row.wanted.code or row.wanted.gln: row.wanted.kind for row in rows}
    for row in rows:
        try:
            facilities.check(row.wanted)
            for number in filter(None, (row.wanted.code, row.wanted.gln)):
                if number in numbers:
                    raise Refused.because(
                        422, "duplicate", "organisation.same-line", number=number, line=str(numbers[number])
                    )
                numbers[number] = row.line
            place_of(row.wanted, kinds.get(row.wanted.under), facilities.by_code(row.wanted.under))
        except Refused as refused:
            yield Fault(row.line, refused.issues[0])


def add(facilities: Facilities, errand: Errand, rows: list[Row]) -> tuple[int, int, list[Fault]]:
    """Those above first; (added, there already, faults). What is on record with the same name stays as it is."""
    faults: list[Fault] = []
    added, there, waiting = 0, 0, list(rows)
    while waiting:
        listed = {number for row in waiting for number in (row.wanted.code, row.wanted.gln) if number}
        ready = [row for row in waiting if row.wanted.under not in listed]
        if not ready:
            return added, there, [*faults, *(_fault(row.line, "organisation.circle") for row in waiting)]
        for row in ready:
            try:
                added, there = _added(facilities, errand, row.wanted, added, there)
            except Refused as refused:
                faults.append(Fault(row.line, refused.issues[0]))
        waiting = [row for row in waiting if row not in ready]
    return added, there, faults


def _added(facilities: Facilities, errand: Errand, wanted: Wanted, added: int, there: int) -> tuple[int, int]:
    known = facilities.by_code(wanted.code or wanted.gln)
    if known is None:
        facilities.add(errand, wanted)
        return added + 1, there
    if known.name != wanted.name or (known.kind and known.kind != wanted.kind):
        raise Refused.because(409, "duplicate", "organisation.other-name", number=known.code, name=known.name)
    return added, there + 1


def _fault(line: int, key: str, **values: str) -> Fault:
    return Fault(line, Issue("invalid", key, values))
