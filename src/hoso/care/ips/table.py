"""The sections of a summary and its words, as rules/ips.toml has them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Language = Literal["vi", "en"]


@dataclass(frozen=True, slots=True)
class Part:
    """`titles` by language."""

    key: str
    code: str
    display: str
    titles: Mapping[str, str]
    required: bool


@cache
def rules() -> Mapping[str, Any]:
    return tomllib.loads((files("hoso.care.rules") / "ips.toml").read_text("utf-8"))


@cache
def parts() -> tuple[Part, ...]:
    return tuple(
        Part(one["key"], one["code"], one["display"], {"vi": one["vi"], "en": one["en"]}, one.get("required", False))
        for one in rules()["section"]
    )


def word(name: str, language: Language) -> str:
    return str(rules()["words"][name][language])
