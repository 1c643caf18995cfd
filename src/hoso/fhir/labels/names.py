"""The one list of labels, labels.toml, in the forms that code asks it: names, bits, and a mask for each code."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Label:
    """`bit`: its place in masks. `lists`: codes by kind of system."""

    name: str
    bit: int
    en: str
    vi: str
    source: str
    sealed: bool
    enciphered: bool
    lists: Mapping[str, tuple[str, ...]]


@cache
def labels() -> tuple[Label, ...]:
    """In the order of their bits."""
    return tuple(_label(place, entry) for place, entry in enumerate(table()["label"]))


@cache
def bits() -> dict[str, int]:
    return {label.name: label.bit for label in labels()}


@cache
def sealed() -> frozenset[str]:
    """Labels that no emergency opens."""
    return frozenset(label.name for label in labels() if label.sealed)


NOBODY = 1
"""The bit of the first label: what is shown to nobody, whoever asks."""


def mask(names: Iterable[str]) -> int:
    found = 0
    for name in names:
        found |= bits()[name]
    return found


@cache
def names(mask: int) -> frozenset[str]:
    return frozenset(label.name for label in labels() if label.bit & mask)


@cache
def everything() -> int:
    return mask(label.name for label in labels())


@cache
def system() -> str:
    """Of our own codes for labels."""
    return str(table()["hand"]["system"])


@cache
def table() -> dict[str, Any]:
    return tomllib.loads((files("hoso.fhir.labels") / "labels.toml").read_text("utf-8"))


@cache
def enciphered() -> int:
    """The mask of labels whose records are stored under keys of their own."""
    return mask(label.name for label in labels() if label.enciphered)


_PLAIN = frozenset({"name", "en", "vi", "source", "sealed", "enciphered"})


def _label(place: int, entry: dict[str, Any]) -> Label:
    lists = {kind: tuple(codes) for kind, codes in entry.items() if kind not in _PLAIN}
    closed, apart = entry.get("sealed", False), entry.get("enciphered", False)
    return Label(entry["name"], 1 << place, entry["en"], entry["vi"], entry["source"], closed, apart, lists)
