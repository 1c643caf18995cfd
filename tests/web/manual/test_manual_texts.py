"""The manual says the words of the screens, in both languages; its search needs no accents; its marks are few."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from hoso import web
from hoso.fhir.outcome import Language
from hoso.web.manual import book
from hoso.web.manual.markdown import anchor, plain, sections
from hoso.web.roles import staff

LANGUAGES: tuple[Language, ...] = ("vi", "en")


def screens(language: Language) -> set[str]:
    """Every text of the pages, as a reader of the language sees it."""
    found = set()
    with (Path(web.__file__).parent / "locale" / language / "LC_MESSAGES/django.po").open("rb") as source:
        catalogue = read_po(source, locale=language)
    for message in catalogue:
        for text in message.string if isinstance(message.string, tuple | list) else (message.string,):
            found.add(text)
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_stands_in_bold_is_a_text_of_a_page(language: Language) -> None:
    shown = screens(language)
    unknown = {
        name: words
        for name in book.CHAPTERS
        if (
            words := [
                word
                for word in re.findall(
                    r"\*\*(.+?)\*\*", (files("hoso.web.manual") / language / f"{name}.md").read_text("utf-8")
                )
                if word not in shown
            ]
        )
    }
    assert unknown == {}


def test_each_role_that_works_here_has_its_chapter_with_the_same_parts_in_both_languages() -> None:
    ours = {
        "doctor",
        "nurse",
        "pharmacist",
        "laboratory",
        "receptionist",
        "steward",
        "facility-administrator",
        "privacy-officer",
    }
    assert ours <= set(staff()) and ours <= set(book.CHAPTERS)
    for name in book.CHAPTERS:
        assert len(book.chapters("vi")[name].sections) == len(book.chapters("en")[name].sections) > 1, name


@pytest.mark.parametrize(
    ("language", "asked", "chapter", "title"),
    [
        ("vi", "tiem chung", "nurse", "Tiêm chủng"),
        ("vi", "TIÊM CHỦNG", "nurse", "Tiêm chủng"),
        ("en", "newborn mother", "receptionist", "Newborns and people without papers"),
        ("vi", "cap cuu", "doctor", "Cấp cứu"),
    ],
)
def test_a_place_is_found_by_words_without_accents(language: Language, asked: str, chapter: str, title: str) -> None:
    found = book.search(language, asked)
    assert (found[0].chapter.name, found[0].section.title) == (chapter, title)
    assert found[0].excerpt


def test_words_that_stand_nowhere_find_nothing_and_no_words_find_nothing() -> None:
    assert book.search("vi", "khongcotunay") == book.search("vi", "  ") == []


def test_marks_become_elements_and_anything_else_is_text() -> None:
    (one,) = sections(
        "# A & B\n\nSee **the <x>** and `/`.\n\n1. one\n2. **two**\n\n- dot\n\n![shot](a-b)", lambda name: f"/{name}"
    )
    assert one.html == [
        "<p>See <b>the &lt;x&gt;</b> and <kbd>/</kbd>.</p>",
        '<ol class="steps"><li>one</li><li><b>two</b></li></ol>',
        '<ul class="dots"><li>dot</li></ul>',
        '<img class="shot" src="/a-b" alt="shot" loading="lazy">',
    ]
    assert one.text[1] == "one two" and plain("- **a** `b`") == "a b"
    assert anchor("Đo chỉ số") == "do-chi-so"
    assert sections("# A\n\n![shot](none)")[0].html == [""]


@pytest.mark.parametrize(
    "wrong", ["text first", "# A\n\n> quoted", "# A\n\n### deep", "# A\n\n[a](b)", "# A\n\n<b>x</b>"]
)
def test_a_mark_that_the_manual_does_not_know_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match=r"manual knows|begins with"):
        sections(wrong)
