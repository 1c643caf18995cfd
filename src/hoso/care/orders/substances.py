"""Which medicines a name or code stands for: ATC codes, found by INN when none is given, and the groups they are in."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache

from hoso.care.rules import table
from hoso.core import fold
from hoso.fhir.terminology.tables import rows, several

_NOT_LETTERS = re.compile(r"[^a-z0-9]+")
_DOUBLED = re.compile(r"([a-z])\1")
_BRACKETS = re.compile(r"\(.*?\)")
_BETWEEN = re.compile(r" \+ | và | and |, ")
_SOUNDS = (("ph", "f"), ("th", "t"), ("ch", "c"), ("y", "i"))
_FULL_CODE = 7


@dataclass(frozen=True, slots=True)
class Substance:
    """A medicine, or what somebody is allergic to."""

    name: str
    codes: frozenset[str]
    """ATC, as given or as found by the name; a group's beginning when only the group is given."""
    groups: frozenset[str]
    local: bool
    """For one place of the body: cream, drops."""

    def same(self, other: Substance) -> bool:
        """One substance: a whole ATC code in common, or one name without its strength."""
        whole = {code for code in self.codes & other.codes if len(code) >= _FULL_CODE}
        return bool(whole) or (bool(self.name) and plain(self.name) == plain(other.name))


@lru_cache(maxsize=4096)
def substance(name: str, codes: tuple[tuple[str, str], ...] = ()) -> Substance:
    given = {code.upper() for system, code in codes if system == "atc"}
    local = _local(name, given)
    atc = frozenset(given or _by_name(name, local))
    return Substance(name, atc, frozenset(_groups(name, atc)), local or _local("", atc))


@lru_cache(maxsize=16_384)
def plain(text: str) -> str:
    """Without marks, doubled letters and national endings: "Amoxicilline" and "amoxicilin" are one."""
    return " ".join(_spelled(word) for word in _NOT_LETTERS.sub(" ", fold(text)).split())


def _spelled(word: str) -> str:
    if len(word) < 4:
        return word
    for written, heard in _SOUNDS:
        word = word.replace(written, heard)
    return _DOUBLED.sub(r"\1", word).removesuffix("e")


def mentions(text: str, words: Iterable[str]) -> bool:
    """Whether one of the words stands in the text as a whole word or words."""
    padded = f" {plain(text)} "
    return any(f" {plain(word)} " in padded for word in words)


def _local(name: str, codes: Iterable[str]) -> bool:
    rule = table("order_groups")["local"]
    known = list(codes)
    if known:
        return all(code.startswith(tuple(rule["atc"])) for code in known)
    return mentions(name, rule["words"])


def _groups(name: str, codes: frozenset[str]) -> Iterable[str]:
    for key, group in table("order_groups")["group"].items():
        if _begins(codes, group["atc"], group.get("not_atc", ())) or mentions(name, group.get("words", ())):
            yield key


def _begins(codes: Iterable[str], wanted: Iterable[str], kept_out: Iterable[str]) -> bool:
    begins, not_these = tuple(wanted), tuple(kept_out)
    return any(code.startswith(begins) and not code.startswith(not_these) for code in codes)


def _by_name(name: str, local: bool) -> set[str]:
    """Of a name that has both, the form for the whole body, unless the name says that it is for one place."""
    padded = f" {plain(name)} "
    found = {code for spelled, listed in _names().items() if f" {spelled} " in padded for code in listed}
    here = {code for code in found if _local("", (code,)) == local}
    return here or found


@cache
def _names() -> dict[str, frozenset[str]]:
    """ATC codes by name, from the list of common medicines; of a combination the first part is known alone as well."""
    names: dict[str, set[str]] = {}
    for row in rows("medicines.csv"):
        for said in (row["vi"], row["en"], *several(row["words"])):
            bare = _BRACKETS.sub("", said).strip()
            names.setdefault(plain(bare), set()).add(row["code"])
    for row in rows("medicines.csv"):
        for said in (row["vi"], row["en"]):
            first, *more = _BETWEEN.split(_BRACKETS.sub("", said).strip())
            if more:
                names.setdefault(plain(first), {row["code"]})
    return {name: frozenset(codes) for name, codes in names.items() if name}
