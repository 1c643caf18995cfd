"""`hoso synth --as csv`: spreadsheets of every kind, dialect, encoding and format, and the truth about every row."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Any

import xlsxwriter

from hoso.cli.synth_told import tell, thousands
from hoso.fhir import systems
from hoso.synth import sheets
from hoso.synth.population import Citizen, facilities
from hoso.synth.tables import settings

FORMS = ("utf-8", "utf-8-bom-semicolon", "windows-1258", "tcvn3", "utf-16-tab", "xlsx", "xlsx")
"""How a file is written; xlsx twice, because most are."""
_TONES = "\u0300\u0301\u0303\u0309\u0323"


def write(folder: Path, citizens: Iterator[Citizen], seed: int, today: date) -> Counter[str]:
    """facilities.json (FHIR), NNNNN/FACILITY-KIND.(csv|xlsx) and truth.json; counts of rows by kind, form, fault."""
    codes = _codes(facilities(seed))
    told = (one for name, part in thousands(citizens) for one in _part(folder / name, part, codes, seed))
    return tell(folder, seed, today, "rows", told, {"rows": "kind", "form": "form"})


def _codes(bundle: dict[str, Any]) -> dict[str, str]:
    found = {}
    for entry in bundle["entry"]:
        resource = entry["resource"]
        for identifier in resource.get("identifier", ()) if resource["resourceType"] == "Organization" else ():
            if identifier.get("system") == systems.FACILITY_CODE:
                found[resource["id"]] = identifier["value"]
    return found


def _part(folder: Path, citizens: Iterable[Citizen], codes: dict[str, str], seed: int) -> Iterator[dict[str, Any]]:
    books: dict[tuple[str, str], list[sheets.Line]] = {}
    for citizen in citizens:
        rng = Random(f"{seed}/sheets/{citizen.truth['number']}")
        for line in sheets.lines(citizen.bundle, citizen.truth, codes, rng):
            books.setdefault((line.facility, line.kind), []).append(line)
    folder.mkdir(exist_ok=True)
    for (facility, kind), lines in sorted(books.items()):
        rng = Random(f"{seed}/sheets/{folder.name}/{facility}/{kind}")
        form, dialect = rng.choice(FORMS), rng.choice(settings("sheets.toml")[kind])
        yield from _book(folder, facility, kind, lines, form, dialect)


def _book(
    folder: Path, facility: str, kind: str, lines: Sequence[sheets.Line], form: str, dialect: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    """One file; the truth of each row with the number it has there."""
    titles = list(dialect["columns"].values())
    head = [[text] for text in dialect["above"]] + [[]] * bool(dialect["above"])
    grouped = any("|" in title for title in titles)
    head.append([title.partition("|")[0] if not _again(titles, at) else "" for at, title in enumerate(titles)])
    if grouped:
        head.append([title.partition("|")[2] for title in titles])
    rows = []
    for order, line in enumerate(lines, 1):
        values = {**line.values, "order": str(order)}
        rows.append([values.get(field, "") for field in dialect["columns"]])
    path = folder / f"{facility}-{kind}.{'xlsx' if form == 'xlsx' else 'csv'}"
    _write(path, form, [*head, *rows], titles, len(head))
    for number, (line, row) in enumerate(zip(lines, rows, strict=True), start=len(head) + 1):
        fault = line.truth["fault"] if _shows(line, dialect, form, row) else ""
        told = {"file": f"{folder.name}/{path.name}", "row": number, "form": form, "dialect": dialect["name"]}
        yield {**told, **line.truth, "fault": fault}


def _shows(line: sheets.Line, dialect: dict[str, Any], form: str, row: Sequence[str]) -> bool:
    """Whether the fault is in a column the dialect has; a workbook cannot hold a NUL."""
    fault, columns = line.truth["fault"], dialect["columns"]
    if fault == "broken-cell":
        return form != "xlsx"
    return not (fault == "lost-digits" and "cccd" not in columns)


def _again(titles: Sequence[str], at: int) -> bool:
    """Whether a column continues the group of the one before."""
    group, _, part = titles[at].partition("|")
    return bool(part and at and titles[at - 1].partition("|")[0] == group)


def _write(path: Path, form: str, rows: Sequence[Sequence[str]], titles: Sequence[str], head: int) -> None:
    if form == "xlsx":
        _write_workbook(path, rows, titles, head)
        return
    held = io.StringIO()
    separator = {"utf-8-bom-semicolon": ";", "utf-16-tab": "\t"}.get(form, ",")
    csv.writer(held, delimiter=separator, lineterminator="\r\n").writerows(rows)
    path.write_bytes(encoded(held.getvalue(), form))


def encoded(text: str, form: str) -> bytes:
    if form == "windows-1258":
        return "".join(map(_apart, text)).encode("cp1258", "replace")
    if form == "tcvn3":
        table = _tcvn3()
        return b"".join(table.get(ch) or ch.encode("latin-1", "replace") for ch in text)
    name = {"utf-8-bom-semicolon": "utf-8-sig", "utf-16-tab": "utf-16"}.get(form, "utf-8")
    return text.encode(name)


def _apart(letter: str) -> str:
    """The letter and its tone by themselves, as windows-1258 writes them."""
    if letter.isascii():
        return letter
    parts = unicodedata.normalize("NFD", letter)
    tone = "".join(part for part in parts if part in _TONES)
    return unicodedata.normalize("NFC", "".join(part for part in parts if part not in _TONES)) + tone


@cache
def _tcvn3() -> dict[str, bytes]:
    rows = csv.DictReader(io.StringIO((files("hoso.identity") / "data/fonts.csv").read_text("utf-8")))
    found = {row["letter"]: bytes.fromhex(row["tcvn3"]) for row in rows if row["tcvn3"]}
    return found | {big: found[big.lower()] for big in map(str.upper, list(found)) if big not in found}


def _write_workbook(path: Path, rows: Sequence[Sequence[str]], titles: Sequence[str], head: int) -> None:
    with xlsxwriter.Workbook(str(path), {"constant_memory": False, "strings_to_formulas": False}) as book:
        book.set_properties({"created": _EPOCH})
        sheet = book.add_worksheet("Danh sách")
        for number, row in enumerate(rows):
            for column, text in enumerate(row):
                if text:
                    sheet.write_string(number, column, text.replace("\x00", ""))
        if any("|" in title for title in titles):
            for at, title in enumerate(titles):
                if "|" in title and not _again(titles, at):
                    sheet.merge_range(head - 2, at, head - 2, at + 1, title.partition("|")[0])
                elif "|" not in title:
                    sheet.merge_range(head - 2, at, head - 1, at, title)


_EPOCH = datetime(2026, 1, 1)  # noqa: DTZ001 - a workbook knows no zone
"""Inside a workbook, so that the same seed gives the same bytes."""
