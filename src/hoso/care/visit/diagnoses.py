"""Diagnoses by the words a clinician types, in Vietnamese with or without accents, in English, or by their code.

The codes are those of ICD-10 as Viet Nam uses it; words stand beside the common ones only, so a code alone is enough.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from hoso.core import fold
from hoso.fhir.terminology.tables import rows, several

_CODE = re.compile(r"([A-Z]\d\d)(?:\.?(\d{1,2}))?[†*+]?(?=\s|\Z|[-–·:,;])", re.IGNORECASE | re.ASCII)
_EDGES = " -–·:,;"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`code` is empty for words alone; names are empty for a code without words of ours."""

    code: str
    vi: str = ""
    en: str = ""

    def name(self, language: str) -> str:
        return (self.en if language == "en" else self.vi) or self.vi

    def line(self, language: str) -> str:
        """As it stands in a field: "I10 Tăng huyết áp nguyên phát"."""
        return f"{self.code} {self.name(language)}".strip()


@dataclass(frozen=True, slots=True)
class _Entry:
    diagnosis: Diagnosis
    words: frozenset[str]
    phrases: tuple[str, ...]


def named(text: str) -> Diagnosis | None:
    """The diagnosis that a line begins with the code of; None when it begins with none that is in the list."""
    match = _CODE.match(text.strip())
    if match is None:
        return None
    code = match[1].upper() + (f".{match[2]}" if match[2] else "")
    found = of_code(code)
    if found is None:
        return None
    own = text.strip()[match.end() :].strip(_EDGES)
    known = {fold(found.vi), fold(found.en)}
    return found if not own or fold(own) in known else Diagnosis(code, own[:200])


def of_code(code: str) -> Diagnosis | None:
    if code not in _codes():
        return None
    return _named().get(code, Diagnosis(code))


def search(text: str, most: int = 12) -> list[Diagnosis]:
    """Whose code begins so, or whose words all begin with the words typed; whole phrases first."""
    wanted = fold(text)
    if len(wanted.replace(" ", "")) < 2:
        return []
    if re.match(r"[a-z]\d", wanted):
        prefix = wanted.replace(" ", "").upper()
        found = [code for code in _codes() if code.replace(".", "").startswith(prefix.replace(".", ""))]
        return [_named().get(code, Diagnosis(code)) for code in sorted(found)[:most]]
    tokens = wanted.split()
    hits = [entry for entry in _entries() if all(any(word.startswith(t) for word in entry.words) for t in tokens)]
    return [entry.diagnosis for entry in sorted(hits, key=lambda e: _rank(e, wanted))[:most]]


def _rank(entry: _Entry, wanted: str) -> tuple[int, int, int, str]:
    """By the name itself before the other words; what is not specified before its kinds."""
    code = entry.diagnosis.code
    names, others = entry.phrases[:2], entry.phrases[2:]
    kind = 0 if len(code) == 3 else 1 if code.endswith(".9") else 2
    near = min(_nearness(one, wanted) for one in names)
    return near, min((_nearness(one, wanted) for one in others), default=3), kind, code


def _nearness(phrase: str, wanted: str) -> int:
    return 0 if phrase == wanted else 1 if phrase.startswith(wanted) else 2 if wanted in phrase else 3


@cache
def _codes() -> frozenset[str]:
    return frozenset(row["code"] for row in rows("icd10vn.csv.gz"))


@cache
def _named() -> dict[str, Diagnosis]:
    return {entry.diagnosis.code: entry.diagnosis for entry in _entries()}


@cache
def _entries() -> tuple[_Entry, ...]:
    found = []
    for row in rows("diagnosis_words.csv"):
        phrases = [row["vi"], row["en"], row["lay_vi"], row["lay_en"], *several(row["words"])]
        folded = tuple(dict.fromkeys(fold(phrase) for phrase in phrases if phrase))
        words = frozenset(word for phrase in folded for word in phrase.split())
        found.append(_Entry(Diagnosis(row["code"], row["vi"], row["en"]), words, folded))
    return tuple(found)
