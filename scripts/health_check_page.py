"""Writes docs/reference/health-checks.md, what becomes of every field: `python scripts/health_check_page.py`."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

from hoso.exchange.health_checks.definitions import Field, lines, listed, rules

PAGE = Path(__file__).parent.parent / "docs/reference/health-checks.md"

_HEAD = """# Health checks, field by field

Made by `scripts/health_check_page.py` from the lists in `src/hoso/exchange/health_checks/data/`. A health check is a
dossier of the package KHAMSUCKHOE or a row of a sheet with the same keys; both become the same records.

Every field, also a "no" and a field nobody knows, is an answer of the form
(`QuestionnaireResponse`, `linkId` is the key): as a value where the value says all that was written, else as the text.
The table says what else becomes of it. A text that cannot be read in the way its field asks for stays in the form
alone, with a warning. A name with `*` gives one resource for each member of a list.
"""


def page() -> str:
    said = rules()
    source = f"Forms of QĐ {said['version']}, from {said['from'].isoformat()}. Source: {said['source']}.\n"
    parts = [_HEAD, source, _forms(), *(_section(section, list(of)) for section, of in groupby(listed(), _title))]
    return "\n".join(parts)


def _title(field: Field) -> str:
    return f"{field.section}: {field.title}"


def _forms() -> str:
    rows = ["## Forms", "", "`TYPE` says which, else the age on the day of the check.", ""]
    rows += ["| TYPE | Form | Age | Questionnaire |", "|---|---|---|---|"]
    for name, one in rules()["form"].items():
        questionnaire = one["questionnaire"].replace("|", "\\|")
        to = f"{one['from']} to under {one['to']}" if one["to"] < 200 else f"{one['from']} and over"
        rows.append(f"| `{name}` | {one['en']} | {to} | `{questionnaire}` |")
    return "\n".join(rows) + "\n"


def _section(title: str, fields: list[Field]) -> str:
    rows = [f"## {title}", "", "| Field | Forms | Kind | Length | Required | Meaning | Becomes |"]
    rows += ["|---|---|---|---|---|---|---|", *map(_row, fields)]
    return "\n".join(rows) + "\n"


def _row(field: Field) -> str:
    length = "" if field.length is None else str(field.length)
    forms = "all" if len(field.forms) == len(rules()["form"]) else ", ".join(field.forms)
    listed = [*rules()["required"]["all"], *(name for form in field.forms for name in rules()["required"][form])]
    required = "yes" if field.name in listed else ""
    becomes = _becomes(field)
    return f"| `{field.name}` | {forms} | {field.kind} | {length} | {required} | {field.en} | {becomes} |"


def _becomes(field: Field) -> str:
    known = lines().get(field.name, ())
    targets = (f"`{'.'.join([line.resource, *line.path])}`" + ("*" if line.each else "") for line in known)
    return "; ".join(dict.fromkeys(targets)) or "an answer of the form"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
