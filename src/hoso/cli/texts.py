"""What the command says, in Vietnamese and English: `say("token.created", name=…)`.

The language is `--lang`, else the first of LC_ALL, LC_MESSAGES, LANG that is set: "vi…" is vi, others en.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from hoso.fhir.outcome import Language

LANGUAGES: dict[str, Language] = {"en": "en", "vi": "vi"}
FOLDER = Path(__file__).parent / "messages"

_chosen: Language = "en"


def choose(argv: Sequence[str], environment: Mapping[str, str] = os.environ) -> Language:
    """Settles the language before the arguments are parsed, so that `--help` is already in it."""
    global _chosen
    _chosen = _from_arguments(argv) or _from_environment(environment)
    return _chosen


def language() -> Language:
    return _chosen


def say(key: str, **values: object) -> str:
    """The text under `key` ("command.name" in messages/command.toml) with its blanks filled."""
    area, name = key.split(".", 1)
    return catalogue(area)[name][_chosen].format(**values)


@cache
def catalogue(area: str) -> dict[str, dict[str, str]]:
    with (FOLDER / f"{area}.toml").open("rb") as file:
        return tomllib.load(file)


def _from_arguments(argv: Sequence[str]) -> Language | None:
    for place, argument in enumerate(argv):
        value = argument.removeprefix("--lang=") if argument.startswith("--lang=") else None
        if argument == "--lang" and place + 1 < len(argv):
            value = argv[place + 1]
        if value in LANGUAGES:
            return LANGUAGES[value]
    return None


def _from_environment(environment: Mapping[str, str]) -> Language:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if environment.get(name):
            return "vi" if environment[name].lower().startswith("vi") else "en"
    return "en"
