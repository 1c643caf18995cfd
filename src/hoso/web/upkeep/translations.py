"""Whether every text of the pages and of the answers is there in both languages, counted from what is served."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from gettext import GNUTranslations
from importlib.resources import files
from typing import Any

from django.http import HttpRequest, HttpResponse

from hoso.access.organisation.facilities import Facility
from hoso.fhir.outcome import Language
from hoso.web.manual import book
from hoso.web.pages import page
from hoso.web.staffing.gate import administrators

LANGUAGES: tuple[Language, ...] = ("vi", "en")
SHOWN = 50


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of one body of texts: how many each language has, and the names of those that one lacks."""

    title: str
    whole: int
    there: dict[str, int]
    lacking: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        return all(number == self.whole for number in self.there.values())


@administrators
def coverage(request: HttpRequest, place: Facility) -> HttpResponse:
    return page(request, "upkeep/translations.html", place=place, rows=list(_all()), languages=LANGUAGES)


@cache
def _all() -> tuple[Coverage, ...]:
    """They change only with the release."""
    manual = {lang: {name for name, one in book.chapters(lang).items() if one.sections} for lang in LANGUAGES}
    return (
        _of("Texts of the pages", {lang: _pages(lang) for lang in LANGUAGES}),
        _of("Answers to systems", _answers()),
        _of("Chapters of the manual", manual),
    )


def _pages(language: Language) -> set[str]:
    """Of ours, without those that come with the framework."""
    with (files("hoso.web") / "locale" / language / "LC_MESSAGES" / "django.mo").open("rb") as source:
        catalogue: dict[Any, str] = GNUTranslations(source)._catalog  # type: ignore[attr-defined]  # has no other way
    return {key if isinstance(key, str) else key[0] for key, text in catalogue.items() if key and text}


def _answers() -> dict[Language, set[str]]:
    found: dict[Language, set[str]] = {lang: set() for lang in LANGUAGES}
    for key, texts in _messages():
        for lang in LANGUAGES:
            if texts.get(lang):
                found[lang].add(key)
    return found


def _messages() -> Iterator[tuple[str, dict[str, str]]]:
    for file in sorted((files("hoso.fhir") / "messages").iterdir(), key=lambda one: one.name):
        if file.name.endswith(".toml"):
            for section, told in tomllib.loads(file.read_text("utf-8")).items():
                if "en" in told or "vi" in told:
                    yield section, told
                else:
                    yield from ((f"{section}.{name}", one) for name, one in told.items() if isinstance(one, dict))


def _of(title: str, texts: dict[Language, set[str]]) -> Coverage:
    every = set().union(*texts.values())
    lacking = sorted(key for key in every if any(key not in texts[lang] for lang in LANGUAGES))
    return Coverage(title, len(every), {lang: len(texts[lang]) for lang in LANGUAGES}, tuple(lacking[:SHOWN]))
