"""The small tables in `identity/data`, read once: surnames, and the words that stand in name fields beside names."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from hoso.identity.normalise.syllable import unmark

DATA = files("hoso.identity") / "data"
_FREQUENT = 0.4  # percent of a region's people
_RAREST = 0.05  # the least the source gives; 0 marks surnames of ethnic groups, which are surnames

Phrase = tuple[str, ...]


def rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((DATA / name).read_text(encoding="utf-8"))))


@dataclass(frozen=True, slots=True)
class NameTables:
    surnames: frozenset[str]
    """Toned and plain, also of two words."""
    opening_surnames: frozenset[str]
    """Without those so rare that the word is more often a given name."""
    frequent: frozenset[str]
    titles: tuple[Phrase, ...]
    titles_before_surname: tuple[Phrase, ...]
    child_of: tuple[Phrase, ...]
    child_of_father: tuple[Phrase, ...]
    newborn_words: frozenset[str]
    nameless: frozenset[Phrase]
    note_words: frozenset[str]
    clan_marks: frozenset[str]
    clans: frozenset[str]
    turned_round: frozenset[str]
    never_given: frozenset[str]
    next_to_surname: frozenset[str]
    openings: frozenset[str]
    """First words after which a name must be read slowly."""


@cache
def names() -> NameTables:
    table = tomllib.loads((DATA / "names.toml").read_text(encoding="utf-8"))
    weights = {row["name"]: float(row["percent"]) for row in rows("surnames.csv")}
    titles = _phrases(table["titles"])
    before = _phrases(table["titles_before_surname"])
    child = _phrases(table["child_of"])
    father = _phrases(table["child_of_father"])
    nameless = _phrases(table["nameless"])
    opening = {phrase[0] for phrase in (*titles, *before, *child, *father, *nameless)} | {"con"}
    return NameTables(
        surnames=_both(weights) | _both(table["clans"]),
        opening_surnames=_both(name for name, percent in weights.items() if percent != _RAREST) | _both(table["clans"]),
        frequent=_both(name for name, percent in weights.items() if percent >= _FREQUENT),
        titles=titles,
        titles_before_surname=before,
        child_of=child,
        child_of_father=father,
        newborn_words=_both(table["newborn_words"]),
        nameless=frozenset(nameless) | {tuple(map(unmark, phrase)) for phrase in nameless},
        note_words=frozenset(table["note_words"]),
        clan_marks=frozenset(table["clan_marks"]),
        clans=_both(table["clans"]),
        turned_round=frozenset(table["turned_round"]) | frozenset(table["turned_round_plain"]),
        never_given=frozenset(table["never_given"]),
        next_to_surname=frozenset(table["next_to_surname"]),
        openings=_both([*opening, *table["newborn_words"]]),
    )


@cache
def same_words() -> dict[str, str]:
    words: dict[str, str] = tomllib.loads((DATA / "names.toml").read_text(encoding="utf-8"))["same_word"]
    return words


def _phrases(entries: list[str]) -> tuple[Phrase, ...]:
    """Longest first, so that "con của bà" is met before "con"."""
    return tuple(sorted((tuple(entry.split()) for entry in entries), key=len, reverse=True))


def _both(names: Iterable[str]) -> frozenset[str]:
    """With and without marks."""
    listed = list(names)
    return frozenset(listed) | frozenset(map(unmark, listed))
