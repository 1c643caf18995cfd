"""A code list in CSV, made into the CodeSystem it stands for; what is wrong is told with its line and column.

Columns: code (needed), display (Vietnamese), display_en, parent, from, to. The list says nothing of itself, so whoever
hands it in names its system.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from hoso.fhir.terminology.codesystem import Broken, Concept, check_hierarchy
from hoso.fhir.terminology.library import Tree
from hoso.fhir.terminology.reading import EFFECTIVE

COLUMNS = ("code", "display", "display_en", "parent", "from", "to")
MOST_ROWS = 400_000
MOST_LETTERS = 4_000
MOST_FAULTS = 20


class Fault(NamedTuple):
    line: int
    column: str
    key: str
    """In the catalogue of texts."""
    value: str = ""


class Faulty(Exception):
    def __init__(self, faults: list[Fault]) -> None:
        super().__init__(f"{len(faults)} faults")
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Named:
    """What the list does not say of itself."""

    system: str
    version: str = ""
    title: str = ""
    start: str = ""
    end: str = ""


def code_system(text: str, named: Named) -> Tree:
    """Raises Faulty with up to 20 faults."""
    concepts, lines = _concepts(text)
    try:
        check_hierarchy(concepts)
    except Broken as broken:
        raise Faulty([Fault(lines[broken.concept], "parent", broken.key, broken.concept)]) from broken
    tree: Tree = {"resourceType": "CodeSystem", "language": "vi", "url": named.system}
    if named.start or named.end:
        period = {key: day for key, day in (("start", named.start), ("end", named.end)) if day}
        tree["extension"] = [{"url": EFFECTIVE, "valuePeriod": period}]
    tree |= {key: value for key, value in (("version", named.version), ("title", named.title)) if value}
    tree |= {"status": "active", "caseSensitive": True, "hierarchyMeaning": "is-a", "content": "complete"}
    tree |= {"count": len(concepts)}
    if any(one.start or one.end for one in concepts.values()):
        tree["property"] = [{"code": "from", "type": "dateTime"}, {"code": "to", "type": "dateTime"}]
    tree["concept"] = _nested(concepts)
    return tree


def _concepts(text: str) -> tuple[dict[str, Concept], dict[str, int]]:
    found: dict[str, Concept] = {}
    lines: dict[str, int] = {}
    faults: list[Fault] = []
    for line, row in _rows(text):
        wrong = list(_faults(line, row))
        code = row["code"]
        if code in lines:
            wrong.append(Fault(line, "code", "terminology.twice", code))
        if not wrong:
            days = row.get("from", ""), row.get("to", "")
            found[code] = Concept(code, row.get("display", ""), row.get("display_en", ""), row.get("parent", ""), *days)
        lines.setdefault(code, line)
        faults += wrong
        if len(faults) >= MOST_FAULTS:
            break
    if faults:
        raise Faulty(faults[:MOST_FAULTS])
    if not found:
        raise Faulty([Fault(1, "code", "terminology.empty")])
    return found, lines


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Raises Faulty where the table itself is broken; then nothing after it can be trusted."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    names = next(_lines(reader), (1, []))[1]
    for name in names:
        if name not in COLUMNS or names.count(name) > 1:
            raise Faulty([Fault(1, name[:40], "terminology.column", ", ".join(COLUMNS))])
    if "code" not in names:
        raise Faulty([Fault(1, "code", "terminology.column", ", ".join(COLUMNS))])
    for number, (line, row) in enumerate(_lines(reader)):
        if not row:
            continue
        if len(row) != len(names):
            raise Faulty([Fault(line, "", "terminology.cells", str(len(names)))])
        if number >= MOST_ROWS:
            raise Faulty([Fault(line, "", "terminology.rows", str(MOST_ROWS))])
        yield line, {name: cell.strip() for name, cell in zip(names, row, strict=True)}


def _lines(reader: Any) -> Iterator[tuple[int, list[str]]]:
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise Faulty([Fault(reader.line_num, "", "terminology.table")]) from error
        yield reader.line_num, row


def _faults(line: int, row: dict[str, str]) -> Iterator[Fault]:
    for name, cell in row.items():
        if len(cell) > MOST_LETTERS:
            yield Fault(line, name, "terminology.long", str(MOST_LETTERS))
        elif any(ord(letter) < 32 for letter in cell):
            yield Fault(line, name, "terminology.control")
        elif name in ("from", "to") and cell and not is_day(cell):
            yield Fault(line, name, "terminology.day", cell[:40])
    if not row["code"] or row["code"] != " ".join(row["code"].split()):
        yield Fault(line, "code", "terminology.code", row["code"][:40])
    if row.get("from") and row.get("to") and row["to"] < row["from"]:
        yield Fault(line, "to", "terminology.backwards", row["to"][:40])


def is_day(text: str) -> bool:
    try:
        return len(text) == 10 and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _nested(concepts: dict[str, Concept]) -> list[Tree]:
    trees = {code: _tree(one) for code, one in concepts.items()}
    for code, one in concepts.items():
        if one.parent:
            trees[one.parent].setdefault("concept", []).append(trees[code])
    return [trees[code] for code, one in concepts.items() if not one.parent]


def _tree(one: Concept) -> Tree:
    found: Tree = {"code": one.code}
    if one.vi or one.en:
        found["display"] = one.vi or one.en
    named = [{"language": language, "value": text} for language, text in (("vi", one.vi), ("en", one.en)) if text]
    if one.en:
        found["designation"] = named
    days = [{"code": name, "valueDateTime": day} for name, day in (("from", one.start), ("to", one.end)) if day]
    if days:
        found["property"] = days
    return found
