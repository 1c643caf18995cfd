"""Every refusal can be read in English and in Vietnamese."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import hoso
from hoso.core.errors import Issue
from hoso.fhir.outcome import messages, outcome, preferred, text
from hoso.fhir.rules.primitives import CHECKS
from hoso.fhir.validate import validate

SOURCE = Path(hoso.__file__).parent
ISSUE = Issue("value", "validate.unknown-type", {"type": "Thing"}, "Patient.name[0]")
AREAS = sorted({key.split(".")[0] for key in messages()})
KEY = re.compile(rf'"((?:{"|".join(AREAS)})\.[a-z0-9][A-Za-z0-9.\-]*)"')


def keys_in_source() -> set[tuple[str, str]]:
    return {
        (path.name, key)
        for path in sorted(SOURCE.rglob("*.py"))
        if not {"web", "cli"} & set(path.parts)  # these two speak through catalogues of their own
        for key in KEY.findall(path.read_text("utf-8"))
    }


def used_as_issue_key(name: str) -> bool:
    """File names and configuration look alike; a key of the catalogue ends in no file suffix."""
    return not name.endswith((".toml", ".py", ".json", ".db", ".key", ".zst", ".lock"))


def test_every_key_in_the_source_has_its_texts() -> None:
    missing = {(file, key) for file, key in keys_in_source() if key not in messages() and used_as_issue_key(key)}
    assert missing == set()


def test_every_primitive_has_its_text() -> None:
    assert {f"validate.primitive.{name}" for name in (*CHECKS, "xhtml")} <= messages().keys()


@pytest.mark.parametrize("key", sorted(messages()))
def test_both_languages_say_it_with_the_same_blanks(key: str) -> None:
    entry = messages()[key]
    assert set(entry) == {"en", "vi"}
    blanks = [{name for _, name, _, _ in Formatter().parse(entry[language]) if name} for language in ("en", "vi")]
    assert blanks[0] == blanks[1]
    assert all(sentence.strip() == sentence and sentence for sentence in entry.values())


def test_the_text_is_in_the_language_asked_for_and_carries_the_other() -> None:
    (issue,) = outcome([ISSUE], "vi")["issue"]
    assert issue["details"]["text"] == text(ISSUE, "vi")
    (translation,) = issue["details"]["_text"]["extension"]
    assert [part.get("valueCode") or part["valueString"] for part in translation["extension"]] == [
        "en",
        text(ISSUE, "en"),
    ]
    assert issue["expression"] == ["Patient.name[0]"]


@pytest.mark.parametrize("issues", [[], [ISSUE], [ISSUE, Issue("processing", "json.empty")]])
def test_an_outcome_is_itself_a_valid_resource(issues: list[Issue]) -> None:
    assert validate(outcome(issues)) == []


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("", "en"),
        ("vi", "vi"),
        ("vi-VN,vi;q=0.9,en;q=0.8", "vi"),
        ("en;q=0.5, vi;q=0.9", "vi"),
        ("fr, vi;q=0.1", "vi"),
        ("vi;q=0", "en"),
        ("*", "en"),
        ("vi;q=nonsense", "en"),
    ],
)
def test_accept_language_chooses(header: str | None, language: str) -> None:
    assert preferred(header) == language
