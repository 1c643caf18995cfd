"""The report of a roster as a workbook to print: a sheet by class or workplace, and one by person.

Every text is written as text and made harmless, so that no cell can run as a formula.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, Any

import xlsxwriter

from hoso.exchange.health_checks.definitions import rules
from hoso.exchange.health_checks.report import BECAME, Group, Line, Report, reasons, words
from hoso.exchange.sheets.neutral import neutral
from hoso.fhir.outcome import Language

_LONGEST = 32_767
Value = str | int
_COLUMNS = (
    "group", "place", "name", "born", "became", "code", "class", "diagnoses", "findings", "reasons", "warnings",
)  # fmt: skip


def write(target: IO[bytes], made: Report, language: Language) -> None:
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(target, options)
    _sheet(book, "by-group", [_heads_of_groups(language), *_groups(made, language)], language)
    _sheet(book, "by-person", [_heads_of_people(language), *_people(made, language)], language)
    book.close()


def _sheet(book: Any, title: str, rows: Sequence[Sequence[Value]], language: Language) -> None:
    sheet = book.add_worksheet(_title(title, language))
    bold, as_text = book.add_format({"bold": True, "text_wrap": True}), book.add_format({"num_format": "@"})
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(rows[0]) - 1, 16)
    for number, row in enumerate(rows):
        for at, value in enumerate(row):
            if isinstance(value, int):
                sheet.write_number(number, at, value)
            else:
                sheet.write_string(number, at, neutral(value)[:_LONGEST], as_text if number else bold)


def _heads_of_groups(language: Language) -> list[Value]:
    grades = [f"{_title('class', language)} {grade}" for grade in rules()["class"]]
    became = [words(name, language) for name in BECAME]
    names = [_title(name, language) for name in ("group", "people")]
    return [*names, *became, *grades, _title("no-class", language), _title("diagnoses", language)]


def _groups(made: Report, language: Language) -> Iterator[list[Value]]:
    for one in made.groups.values():
        yield _group(one.name, one)
    yield _group(_title("whole", language), made.whole)


def _group(name: str, one: Group) -> list[Value]:
    diagnoses = "; ".join(f"{code} ({number})" for code, number in one.diagnoses.most_common())
    grades = [one.grades[int(grade)] for grade in rules()["class"]]
    return [name, one.people, *(one.became[state] for state in BECAME), *grades, one.grades[0], diagnoses]


def _heads_of_people(language: Language) -> list[Value]:
    names = (
        "group",
        "place",
        "name",
        "born",
        "became",
        "code",
        "class",
        "diagnoses",
        "findings",
        "reasons",
        "warnings",
    )
    return [_title(name, language) for name in names]


def _people(made: Report, language: Language) -> Iterator[list[Value]]:
    order = {name: at for at, name in enumerate(made.groups)}
    for line in sorted(made.lines, key=lambda line: order[line.group]):
        yield _person(line, language)


def _person(line: Line, language: Language) -> list[Value]:
    return [
        line.group,
        line.place,
        line.name,
        line.born,
        words(line.became, language),
        line.code,
        line.grade or "",
        "; ".join(line.diagnoses),
        line.findings,
        " ".join(reasons(line, language, "error")),
        " ".join(reasons(line, language, "warning")),
    ]


def _title(name: str, language: Language) -> str:
    return str(rules()["title"][name][language])
