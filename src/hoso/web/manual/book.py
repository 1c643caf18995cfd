"""The chapters of the manual by role, and its search: words without accents, best places first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

from hoso.core import fold
from hoso.fhir.outcome import Language
from hoso.web.manual.markdown import Section, sections

CHAPTERS = (
    "start",
    "receptionist",
    "nurse",
    "doctor",
    "pharmacist",
    "laboratory",
    "steward",
    "facility-administrator",
    "privacy-officer",
    "citizen",
)
PICTURES = Path(__file__).parent / "pictures"
"""Made by `make manual`; what was not made is left out of the pages."""
MOST = 30
_AROUND = 70


@dataclass(frozen=True, slots=True)
class Chapter:
    name: str
    title: str
    sections: tuple[Section, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    chapter: Chapter
    section: Section
    excerpt: str


@cache
def chapters(language: Language) -> Mapping[str, Chapter]:
    return {name: _chapter(language, name) for name in CHAPTERS}


def _chapter(language: Language, name: str) -> Chapter:
    source = (files("hoso.web.manual") / language / f"{name}.md").read_text("utf-8")
    found = sections(source, _picture)
    return Chapter(name, found[0].title, tuple(found))


def _picture(name: str) -> str | None:
    return f"/manual/pictures/{name}.png" if (PICTURES / f"{name}.png").is_file() else None


def pictured() -> set[str]:
    """The pictures that the chapters show."""
    sources = (
        (files("hoso.web.manual") / language / f"{name}.md").read_text("utf-8")
        for language in ("vi", "en")
        for name in CHAPTERS
    )
    return {found for source in sources for found in re.findall(r"^!\[[^\]]+\]\(([a-z0-9-]+)\)$", source, re.M)}


def search(language: Language, asked: str) -> list[Hit]:
    """Sections that hold every word; those whose heading does come first."""
    words = fold(asked).split()[:8]
    if not words:
        return []
    found = []
    for chapter in chapters(language).values():
        for section in chapter.sections:
            heading, text = fold(section.title), fold(" ".join(section.text))
            if all(word in heading or word in text for word in words):
                found.append(
                    (not all(word in heading for word in words), Hit(chapter, section, _excerpt(section, words)))
                )
    return [hit for _, hit in sorted(found, key=lambda one: one[0])][:MOST]


def _excerpt(section: Section, words: list[str]) -> str:
    """The text around the first word; folding keeps the number of letters of what is written in one form."""
    text = " ".join(section.text)
    at = max(0, fold(text).find(words[0]) - _AROUND)
    begin, end = text.rfind(" ", 0, at) + 1 if at else 0, at + 3 * _AROUND
    return ("… " if begin else "") + text[begin:end].rpartition(" ")[0] + (" …" if end < len(text) else "")
