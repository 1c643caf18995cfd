"""What each decision says of each field, from the lists in data/: kind, length, whether it must be there.

Which decision a visit follows, its end decides, never the day on which it is read.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal, get_args

Kind = Literal["text", "number", "day", "moment", "birth", "list", "days"]
OLDEST = "4210"
_CHANGED_IN = ("4750", "3176", "1931")
"""The decisions whose lengths are the second column of the list."""


@dataclass(frozen=True, slots=True)
class Decision:
    number: str
    title: str
    first: date
    fields: str
    source: str


@dataclass(frozen=True, slots=True)
class Table:
    """`row` is the element of one record, `wraps` the elements that stand around it."""

    name: str
    title: str
    row: str
    wraps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """`now` is the name the field has had since QĐ 130. `required` is "yes", "when" (then `when` says when) or ""."""

    table: str
    name: str
    now: str
    kind: Kind
    meaning: str
    length: int | None = None
    required: str = ""
    when: str = ""


Fields = Mapping[tuple[str, str], Field]


@cache
def decisions() -> tuple[Decision, ...]:
    """Oldest first."""
    listed = tomllib.loads(_text("decisions.toml"))
    return tuple(sorted((Decision(number, **entry) for number, entry in listed.items()), key=lambda one: one.first))


def decision(ended: date | None, names: frozenset[str] = frozenset()) -> Decision:
    """The decision for a visit that ended then; without a date, the newest.

    `names` are the fields of its summary: those that only QĐ 4210 has, and those it has not, say more than a date.
    """
    known = decisions()
    if names & _only_old() and not names & _only_new():
        return known[0]
    found = [one for one in known if ended is None or one.first <= ended]
    return known[1] if found[-1] is known[0] else found[-1]


@cache
def tables() -> dict[str, Table]:
    listed = tomllib.loads(_text("tables.toml"))
    return {name: Table(name, entry["title"], entry["row"], tuple(entry["wraps"])) for name, entry in listed.items()}


@cache
def fields(number: str) -> Fields:
    """Every field of a decision, by table and name."""
    if number == OLDEST:
        return {(one.table, one.name): one for one in _old()}
    found = {(one.table, one.name): one for one in _listed(number)}
    for table, name, length in _widened(number):
        for key in [key for key in found if key[1] == name and table in ("*", key[0])]:
            found[key] = replace(found[key], length=length)
    return found


@cache
def required(number: str, table: str) -> tuple[str, ...]:
    """The fields of a table that are always asked for."""
    return tuple(name for (of, name), one in fields(number).items() if of == table and one.required == "yes")


def _old() -> list[Field]:
    return [
        Field(row["table"], row["field"], row["now"] or row["field"], _kind(row["kind"]), row["meaning"])
        for row in _rows("fields_4210.csv")
    ]


def _listed(number: str) -> list[Field]:
    column = "length" if number in _CHANGED_IN else "length_130"
    return [
        Field(
            row["table"],
            row["field"],
            row["field"],
            _kind(row["kind"]),
            row["meaning"],
            int(row[column]) if row[column] else None,
            row["required"],
            row["when"],
        )
        for row in _rows("fields.csv")
        if row["since"] != "4750" or number in _CHANGED_IN
    ]


def _widened(number: str) -> list[tuple[str, str, int]]:
    """What a decision and those before it widened."""
    order = [one.number for one in decisions()]
    upto = order[: order.index(number) + 1]
    return [(row["table"], row["field"], int(row["length"])) for row in _rows("widened.csv") if row["decision"] in upto]


@cache
def _only_old() -> frozenset[str]:
    return frozenset(one.name for one in _old() if one.table == "XML1") - _summary()


@cache
def _only_new() -> frozenset[str]:
    return _summary() - frozenset(one.name for one in _old() if one.table == "XML1")


@cache
def _summary() -> frozenset[str]:
    return frozenset(name for table, name in fields("4750") if table == "XML1")


def _kind(text: str) -> Kind:
    for kind in get_args(Kind):
        if kind == text:
            return kind  # type: ignore[no-any-return]
    raise ValueError(text)


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(_text(name))))


def _text(name: str) -> str:
    return (files("hoso.exchange.insurance") / "data" / name).read_text("utf-8")
