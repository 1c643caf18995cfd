"""`hoso synth --as ksk`: whom a node knows already, packages, class sheets and workbooks, and the truth of each check.

Load facilities.json and known-*.ndjson.gz first; then the rest becomes what truth.json says.
"""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from itertools import groupby
from pathlib import Path

import orjson
import xlsxwriter

from hoso.cli.synth_told import CITIZENS_PER_FOLDER, tell
from hoso.synth import health_checks
from hoso.synth.health_checks import Check
from hoso.synth.population import Citizen


def write(folder: Path, citizens: Iterator[Citizen], seed: int, today: date) -> Counter[str]:
    """Counts of checks, by form, by what is expected, and by fault."""
    parts = enumerate(_parts(citizens), start=1)
    told = (one for number, part in parts for one in _part(folder, number, part, seed, today))
    return tell(folder, seed, today, "checks", told, {"checks": "form", "expected": "expected"})


def _parts(citizens: Iterator[Citizen]) -> Iterator[list[list[Citizen]]]:
    """About a thousand citizens together, household by household."""
    households: list[list[Citizen]] = []
    size = 0
    for _, members in groupby(citizens, lambda one: one.truth["household"]):
        households.append(list(members))
        size += len(households[-1])
        if size >= CITIZENS_PER_FOLDER:
            yield households
            households, size = [], 0
    if households:
        yield households


def _part(
    folder: Path, number: int, households: list[list[Citizen]], seed: int, today: date
) -> Iterator[dict[str, object]]:
    files: dict[tuple[str, str, str], list[Check]] = {}
    unknown: set[int] = set()
    for household in households:
        for citizen, check in health_checks.checks(household, seed, today):
            files.setdefault((check.kind, check.group, check.facility), []).append(check)
            if check.truth["patient"] is None:
                unknown.add(citizen.truth["number"])
    everybody = (one for household in households for one in household)
    _known(folder / f"known-{number:05d}.ndjson.gz", (one for one in everybody if one.truth["number"] not in unknown))
    into = folder / f"{number:05d}"
    into.mkdir(exist_ok=True)
    for at, ((kind, _, facility), checks) in enumerate(sorted(files.items()), start=1):
        path = _file(into / f"{kind}-{facility}-{at:04d}", kind, at, checks, facility, today)
        for place, one in enumerate(checks, start=1):
            yield {"file": f"{into.name}/{path.name}", "place": place, "row": place + 2, **one.truth}


def _known(path: Path, citizens: Iterator[Citizen]) -> None:
    # neither name nor time inside, so that the same seed gives the same bytes
    with path.open("wb") as raw, gzip.GzipFile("", "wb", compresslevel=5, fileobj=raw, mtime=0) as file:
        for one in citizens:
            file.write(orjson.dumps(one.bundle) + b"\n")


def _file(stem: Path, kind: str, at: int, checks: list[Check], facility: str, today: date) -> Path:
    """Packages as XML; sheets by turns as workbook and CSV, titles in the first row and keys in the second."""
    if kind == "package":
        path = stem.with_suffix(".xml")
        path.write_text(health_checks.package(checks, facility, f"{today:%Y%m%d}"), "utf-8")
        return path
    names = list(dict.fromkeys(name for one in checks for name in one.cells))
    rows = [[name.replace("_", " ").capitalize() for name in names], names]
    rows += [[one.cells.get(name, "") for name in names] for one in checks]
    if at % 2:
        path = stem.with_suffix(".xlsx")
        _workbook(path, rows)
    else:
        path = stem.with_suffix(".csv")
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(rows)
    return path


def _workbook(path: Path, rows: list[list[str]]) -> None:
    book = xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"created": datetime(2026, 1, 1)})  # noqa: DTZ001 - else the day on which it is written
    sheet = book.add_worksheet("Danh sach")
    for number, row in enumerate(rows):
        for at, text in enumerate(row):
            sheet.write_string(number, at, text)
    book.close()
