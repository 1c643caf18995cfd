"""Turns issues into an OperationOutcome whose texts a person can read, in English and Vietnamese at once.

The catalogue is every TOML file in messages/, one per area: a key, and its sentence in both languages.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from hoso.core.errors import Issue

Language = Literal["en", "vi"]
TRANSLATION = "http://hl7.org/fhir/StructureDefinition/translation"
OTHER: dict[Language, Language] = {"en": "vi", "vi": "en"}
ALL_WELL = Issue("informational", "outcome.all-well", severity="information")


def outcome(issues: Iterable[Issue], language: Language = "en") -> dict[str, Any]:
    """`details.text` is in the language asked for; its translation extension carries the other one.

    `diagnostics` is the issue's key, unless a profile prescribes the text (the value of that name).
    """
    found = [_issue(issue, language) for issue in issues] or [_issue(ALL_WELL, language)]
    return {"resourceType": "OperationOutcome", "issue": found}


def text(issue: Issue, language: Language = "en") -> str:
    """The sentence for a person: the issue's text with its blanks filled."""
    return messages()[issue.key][language].format_map(_Blanks(issue.values))


def preferred(accept_language: str | None) -> Language:
    """The language a caller asks for in Accept-Language; English when it names neither of ours."""
    if not accept_language:
        return "en"
    ranked: list[tuple[float, int, Language]] = []
    for place, part in enumerate(accept_language.split(",")[:20]):
        tag, _, weight = part.partition(";")
        name = tag.strip().lower().split("-")[0]
        quality = _quality(weight)
        if quality > 0 and (name == "en" or name == "vi"):
            ranked.append((-quality, place, "vi" if name == "vi" else "en"))
    return min(ranked)[2] if ranked else "en"


@cache
def messages() -> dict[str, dict[Language, str]]:
    found: dict[str, dict[Language, str]] = {}
    for file in sorted((files("hoso.fhir") / "messages").iterdir(), key=lambda f: f.name):
        if file.name.endswith(".toml"):
            _flatten(tomllib.loads(file.read_text("utf-8")), "", found)
    return found


def _flatten(table: Mapping[str, Any], prefix: str, into: dict[str, dict[Language, str]]) -> None:
    for name, value in table.items():
        if "en" in value and isinstance(value["en"], str):
            into[prefix + name] = value
        else:
            _flatten(value, f"{prefix}{name}.", into)


class _Blanks(dict[str, str]):
    """A blank nobody filled shows its own name: an error about an error helps no one."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"


def _issue(issue: Issue, language: Language) -> dict[str, Any]:
    other = OTHER[language]
    translation = {
        "url": TRANSLATION,
        "extension": [
            {"url": "lang", "valueCode": other},
            {"url": "content", "valueString": text(issue, other)},
        ],
    }
    found: dict[str, Any] = {
        "severity": issue.severity,
        "code": issue.code,
        "details": {"text": text(issue, language), "_text": {"extension": [translation]}},
        "diagnostics": issue.values.get("diagnostics", issue.key),
    }
    if issue.expression:
        found["expression"] = [issue.expression]
    return found


def _quality(weight: str) -> float:
    name, _, value = weight.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
