"""The topics of topics.toml: what is subscribed to by name. R4 has no resource for them, so their canonical is all
there is to see of them; the CapabilityStatement lists those.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl

from hoso.fhir.search import Query, parse

BASE = "https://hoso.vn/SubscriptionTopic/"


@dataclass(frozen=True, slots=True)
class Topic:
    """`becomes`, `when`: by type, a search that must find the record; with `becomes` it must not have before."""

    url: str
    title: str
    types: tuple[str, ...]
    on: frozenset[str]
    becomes: dict[str, Query]
    when: dict[str, Query]


def topic(url: str) -> Topic | None:
    """By its canonical, with or without a version."""
    return topics().get(url.partition("|")[0])


@cache
def topics() -> dict[str, Topic]:
    table = tomllib.loads((files("hoso.fhir.subscriptions") / "topics.toml").read_text("utf-8"))
    return {f"{BASE}{name}": _topic(f"{BASE}{name}", entry) for name, entry in table.items()}


def _topic(url: str, entry: dict[str, Any]) -> Topic:
    types = tuple(entry["types"])
    return Topic(
        url,
        entry["title"],
        types,
        frozenset(entry["on"]),
        _searches(types, entry.get("becomes")),
        _searches(types, entry.get("when")),
    )


def _searches(types: tuple[str, ...], text: str | None) -> dict[str, Query]:
    return {type: parse(type, parse_qsl(text)) for type in types} if text else {}
