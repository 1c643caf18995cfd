"""The kinds of sheets and the fields each can have, from data/*.toml: titles, meaning, format, needs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from hoso.core import Refused, fold
from hoso.fhir.outcome import Language

KINDS = ("persons", "visits", "results", "immunizations", "problems", "allergies")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROW = "row-name"
"""The column of a sheet of rejected rows by which a mended row is known again."""
_BRACKETS = re.compile(r"[(\[{]([^)\]}]*)[)\]}]")
_OTHER = re.compile(r"[^\w]+|_+|\bva\b")


@dataclass(frozen=True, slots=True)
class Field:
    """`headers` are plain (see `plain`); `choices` the words of a list; `many` that several columns may have it."""

    code: str
    vi: str
    en: str
    headers: tuple[str, ...]
    meaning: Mapping[str, str]
    format: str
    example: str
    choices: tuple[str, ...] = ()
    many: bool = False
    own: bool = False
    """Whether it belongs to the kind, and not to the person."""

    def title(self, language: Language) -> str:
        return self.vi if language == "vi" else self.en


@dataclass(frozen=True, slots=True)
class Kind:
    """`need` are groups of fields; a row must have one of each."""

    code: str
    vi: str
    en: str
    need: tuple[tuple[str, ...], ...]
    fields: Mapping[str, Field] = field(default_factory=dict)

    def title(self, language: Language) -> str:
        return self.vi if language == "vi" else self.en


@cache
def kinds() -> Mapping[str, Kind]:
    person = {code: _field(code, told, own=False) for code, told in _read("person").items()}
    found = {}
    for name in KINDS:
        told = _read(name)
        head = told["kind"]
        own = {code: _field(code, one, own=True) for code, one in told.items() if code != "kind"}
        need = tuple(tuple(group) for group in head["need"])
        found[name] = Kind(name, head["vi"], head["en"], need, {**person, **own, ROW: _ROW_FIELD})
    return found


def kind(name: str) -> Kind:
    """Raises Refused for a name that is none."""
    if name not in kinds():
        raise Refused.because(400, "not-found", "sheet.no-kind", name=name[:50], names=", ".join(KINDS))
    return kinds()[name]


def plain(title: str) -> str:
    """A title for comparing: without marks, case, punctuation, "và" and what stands in brackets."""
    return " ".join(_OTHER.sub(" ", fold(_BRACKETS.sub(" ", title))).split())


def in_brackets(title: str) -> str:
    """What a title says in brackets, as a unit does."""
    found = _BRACKETS.search(title)
    return found[1].strip() if found else ""


@cache
def words(name: str) -> Mapping[str, str]:
    """Of a list of words.toml: each word, plain, and what it means."""
    return {plain(word): code for code, listed in _read("words")[name].items() for word in listed}


def _field(code: str, told: Mapping[str, Any], own: bool) -> Field:
    headers = dict.fromkeys(plain(one) for one in (*told["headers"], told["vi"], told["en"]))
    return Field(
        code,
        told["vi"],
        told["en"],
        tuple(headers),
        told["meaning"],
        told["format"],
        told["example"],
        tuple(told.get("list", ())),
        told.get("many", False),
        own,
    )


_ROW_FIELD = Field(
    ROW,
    "Mã dòng HoSo",
    "HoSo row",
    (plain("Mã dòng HoSo"), plain("HoSo row")),
    {
        "vi": "Do HoSo ghi trong tệp dòng bị loại; giữ nguyên",
        "en": "Written by HoSo into rejected rows; leave as it is",
    },
    "ignored",
    "",
)


ROW_TITLES = frozenset(_ROW_FIELD.headers)


@cache
def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((files("hoso.exchange.sheets") / "data" / f"{name}.toml").read_text("utf-8"))
