"""Writes docs/reference/insurance-xml.md, what becomes of every field: `python scripts/insurance_page.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hoso.exchange.insurance.definitions import OLDEST, Field, decisions, fields, tables
from hoso.exchange.insurance.mapping import KEPT, KEYS, Line, home, lines
from hoso.exchange.insurance.saying import LAST, UNSAID

PAGE = Path(__file__).parent.parent / "docs/reference/insurance-xml.md"
NEWEST = "1931"

_HEAD = f"""# Insurance XML, field by field

Made by `scripts/insurance_page.py` from the lists in `src/hoso/exchange/insurance/data/`. Every field is mapped, or
kept as it was written: in an extension `{KEPT}` with the name of the
field and its text. A mapped field whose text cannot be read (a day that does not exist, words where a number belongs)
is kept in the same way, and so are fields nobody knows, and the original of a text in an old encoding that was mended.
`MA_LK` and `STT` are in the ids of what is made of a row, so that the same visit sent again finds what it made before.

The last column says what `$insurance-xml` writes back of a visit that came so: `same` is the text that came, `one form`
the same meaning in one way of writing (moments whole, codes with their zeros, capital letters of ICD codes, `<=` for
`≤`). Of the person it writes what is known today, which a later visit may have told.

`XML0` counts until `XML1` of the same visit is there. A name with `*` gives one resource for each member of a list.
"""


def page() -> str:
    return "\n".join([_HEAD, _decisions(), *(_table(name) for name in tables()), _old()])


def _decisions() -> str:
    rows = ["## Decisions", "", "The end of the visit says which one it follows.", ""]
    rows += ["| Decision | For visits that end from | Fields from |", "|---|---|---|"]
    for one in decisions():
        since = "the beginning" if one.number == OLDEST else one.first.isoformat()
        rows.append(f"| {one.title} | {since} | {one.source} |")
    return "\n".join(rows) + "\n"


def _table(name: str) -> str:
    shape = tables()[name]
    rows = [f"## {name}: {shape.title}", "", f"Record: `{shape.row}`. Kept fields are on: {_shown(home(name))}.", ""]
    rows += ["| Field | Kind | Length | Required | Becomes | Back |", "|---|---|---|---|---|---|"]
    rows += [_row(field) for (table, _), field in fields(NEWEST).items() if table == name]
    return "\n".join(rows) + "\n"


def _row(field: Field) -> str:
    length = "" if field.length is None else str(field.length)
    required, becomes = field.when or field.required, _becomes(field)
    return f"| `{field.name}` | {field.kind} | {length} | {required} | {becomes} | {_back(field)} |"


_ONE_FORM = {
    "birth", "code", "concept", "concepts", "day", "days", "ethnic", "icd10", "icd10-concepts", "instant", "line",
    "moment", "money", "nationality", "occupation", "place", "quantity", "result", "weight",
}  # fmt: skip
"""Ways that read several ways of writing as the same."""


def _back(field: Field) -> str:
    ways = {line.way for line in lines().get(field.table, {}).get(field.now, ())} - UNSAID - LAST
    return "one form" if ways and ways <= _ONE_FORM else "same"


def _becomes(field: Field) -> str:
    known = lines().get(field.table, {}).get(field.now, ())
    if known:
        return "; ".join(dict.fromkeys(_target(line) for line in known))
    return "names the record" if field.now in KEYS else "kept"


def _target(line: Line) -> str:
    if line.way == "kept":
        return f"kept on {_shown(line.resource)}"
    target = f"`{line.target.replace('.lines[]', ' text')}`"
    return target + ("*" if line.each else "")


def _shown(resource: str) -> str:
    return resource.replace("Item", "Claim.item")


def _old() -> str:
    rows = ["## Fields of QĐ 4210", "", "| Table | Field | Today | Becomes |", "|---|---|---|---|"]
    return "\n".join([*rows, *_old_rows()]) + "\n"


def _old_rows() -> Iterator[str]:
    today = fields(NEWEST)
    for field in fields(OLDEST).values():
        if field.now != field.name or (field.table, field.name) not in today:
            now = f"`{field.now}`" if field.now != field.name else ""
            yield f"| {field.table} | `{field.name}` | {now} | {_becomes(field)} |"


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
