"""What the forms of QĐ 2062 ask for, from the lists in data/: sections, fields, codes, and what becomes of a field."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from hoso.exchange.insurance.mapping import Line
from hoso.exchange.insurance.shape import Shape

PARACLINICAL = "KHAM_CAN_LAM_SANG"
SIGNED = "CKDT_"
"""Names and signatures of examiners begin so; which there are is left to the software."""
FORMS = ("ChildUnder", "Minor", "Adult")


@dataclass(frozen=True, slots=True)
class Field:
    """One key of the form. `section` is XML1 to XML12, `title` its element; `forms` those that ask for it."""

    section: str
    title: str
    forms: tuple[str, ...]
    name: str
    kind: str
    length: int | None
    vi: str
    en: str


@cache
def listed() -> tuple[Field, ...]:
    """Every field of every form, in their order; one that two sections have stands there twice."""
    return tuple(
        Field(
            row["section"],
            row["title"],
            FORMS if row["form"] == "all" else tuple(row["form"].split()),
            row["field"],
            row["kind"],
            int(row["length"]) if row["length"] else None,
            row["vi"],
            row["en"],
        )
        for row in _rows("fields.csv")
    )


@cache
def fields() -> Mapping[str, Field]:
    """By key; the same key means the same in every section."""
    found: dict[str, Field] = {}
    for one in listed():
        found.setdefault(one.name, one)
    return found


def field_of(name: str) -> Field | None:
    return fields().get("CKDT_*" if name.startswith(SIGNED) else name)


@cache
def rules() -> Mapping[str, Any]:
    """forms.toml: forms, what they require, and the codes in them."""
    return tomllib.loads(_text("forms.toml"))


@cache
def lines() -> Mapping[str, tuple[Line, ...]]:
    """By key, in the order of the mapping."""
    found: dict[str, tuple[Line, ...]] = {}
    for row in _rows("mapping.csv"):
        name, _, path = row["to"].partition(".")
        way, _, argument = row["as"].partition(":")
        steps = tuple(path.split(".")) if path else ()
        line = Line("", row["field"], name.rstrip("*"), name.endswith("*"), steps, way, argument)
        found[line.field] = (*found.get(line.field, ()), line)
    return found


@cache
def observations() -> Mapping[str, Mapping[str, str]]:
    return {row["name"]: row for row in _rows("observations.csv")}


@cache
def templates() -> Mapping[str, Any]:
    return tomllib.loads(_text("resources.toml"))


@cache
def package() -> Shape:
    """KHAMSUCKHOE; a section is known by its element, whatever the file around it is called."""
    titles = {one.title: one.title for one in listed()}
    records = frozenset({"HOSO", "HS"})
    return Shape("KHAMSUCKHOE", records, titles, frozenset(), None, frozenset({PARACLINICAL}), "ksk.root")


def _rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(_text(name))))


def _text(name: str) -> str:
    return (files("hoso.exchange.health_checks") / "data" / name).read_text("utf-8")
