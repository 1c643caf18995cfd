"""What can be ordered, found by words: tests and panels by LOINC, medicines by ATC, as the clinic calls them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from hoso.care.orders.wanted import Wanted
from hoso.care.rules import table
from hoso.core import fold
from hoso.fhir.terminology.tables import rows, several

_MEASURED_AT_THE_BEDSIDE = {
    "8480-6", "8462-4", "85354-9", "8867-4", "9279-1", "8310-5", "59408-5", "29463-7", "8302-2", "39156-5", "8339-4",
    "9843-4", "8287-5", "8280-0", "72514-3", "9269-2", "72166-2", "8665-2", "11996-6", "11977-6", "11884-4", "11885-1",
    "11881-0", "55283-6",
}  # fmt: skip
MOST = 12

Kind = Literal["test", "medicine"]


@dataclass(frozen=True, slots=True)
class Choice:
    kind: Kind
    code: str
    vi: str
    en: str
    words: tuple[str, ...]
    panel: bool = False

    def name(self, language: str) -> str:
        return self.en if language == "en" else self.vi

    def wanted(self) -> Wanted:
        """Records are written in Vietnamese, whatever the page speaks."""
        return Wanted(self.kind, self.vi, (("loinc" if self.kind == "test" else "atc", self.code),))


def search(text: str) -> list[Choice]:
    """Every word typed begins a word of the choice; those that begin with the text come first, panels before parts."""
    typed = fold(text)
    words = typed.split()
    if not words:
        return []
    found = [(_rank(choice, typed), choice) for choice, tokens in _folded() if _fits(tokens, words)]
    return [choice for _, choice in sorted(found, key=lambda one: one[0])][:MOST]


def chosen(kind: str, code: str) -> Choice | None:
    return _by_code().get((kind, code))


def _fits(tokens: tuple[str, ...], words: list[str]) -> bool:
    return all(any(token.startswith(word) for token in tokens) for word in words)


def _rank(choice: Choice, typed: str) -> tuple[bool, bool, int, str]:
    names = [fold(name) for name in (choice.vi, choice.en, *choice.words)]
    return typed not in names, not any(name.startswith(typed) for name in names), not choice.panel, choice.vi


@cache
def _folded() -> tuple[tuple[Choice, tuple[str, ...]], ...]:
    return tuple((one, tuple(_tokens(one))) for one in _by_code().values())


def _tokens(choice: Choice) -> Iterator[str]:
    for name in (choice.vi, choice.en, *choice.words):
        plain = fold(name)
        yield from plain.split()
        yield from (part for part in "".join(c if c.isalnum() else " " for c in plain).split())


@cache
def _by_code() -> dict[tuple[str, str], Choice]:
    found: dict[tuple[str, str], Choice] = {}
    for rule in table("order_tests")["test"]:
        if not rule.get("each"):
            found["test", rule["loinc"][0]] = Choice(
                "test", rule["loinc"][0], rule["vi"], rule["en"], tuple(rule["words"]), panel=True
            )
    for row in rows("tests.csv"):
        if row["code"] not in _MEASURED_AT_THE_BEDSIDE:
            one = Choice("test", row["code"], row["vi"], row["en"], several(row["words"]))
            found.setdefault(("test", row["code"]), one)
    for row in rows("medicines.csv"):
        one = Choice("medicine", row["code"], row["vi"], row["en"], several(row["words"]))
        found["medicine", row["code"]] = one
    return found
