"""One SMART scope (v2) in parsed form, such as `patient/Observation.rs?category=laboratory`.

What stands behind the `?` is a search by tokens that is kept to parameters we can enforce on every path; chains,
modifiers and `_filter` are refused, and so is everything else that would have to be ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from hoso.core.errors import Refused
from hoso.fhir.model import load

Right = Literal["c", "r", "u", "d", "s"]
"""create, read (with vread and instance history), update (with patch), delete, search (with history)."""
Context = Literal["patient", "user", "system"]
"""Of one patient; what the person signed in may reach; everything that was approved for a system."""

LETTERS = "cruds"
MOST_VALUES = 20
GRANULAR: dict[str, tuple[str, ...]] = {
    "CarePlan": ("category",),
    "Condition": ("category",),
    "DiagnosticReport": ("category",),
    "DocumentReference": ("category", "type"),
    "Observation": ("category", "code"),
    "ServiceRequest": ("category",),
}
"""The parameters by which a scope may narrow a type: tokens that are plainly in the record, and so in the index."""

_SCOPE = re.compile(
    r"(patient|system|user)/(\*|[A-Z][A-Za-z]{1,63})\.(read|write|\*|[cruds]{1,5})(\?[!-~]{1,1000})?\Z", re.ASCII
)
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}
_VALUE = re.compile(r"(?:(?P<system>[^|,&?%\\=#]*)\|)?(?P<code>[^|,&?%\\=#]+)\Z", re.ASCII)

Value = tuple[str | None, str]
"""(system, code): None for any system, "" for none."""


@dataclass(frozen=True, slots=True, order=True)
class Criterion:
    """`param` must have one of these values."""

    param: str
    values: tuple[Value, ...]

    def allows(self, other: Criterion) -> bool:
        """Whether every record that `other` lets through is let through here too."""
        if self.param != other.param:
            return False
        return all(
            any(ours[1] == value[1] and ours[0] in (None, value[0]) for ours in self.values) for value in other.values
        )

    def __str__(self) -> str:
        written = (code if system is None else f"{system}|{code}" for system, code in self.values)
        return f"{self.param}={','.join(written)}"


@dataclass(frozen=True, slots=True)
class Grain:
    """Rights on one type ("*": every type), in one context, on the records that meet every criterion."""

    context: Context
    type: str
    letters: frozenset[Right]
    criteria: tuple[Criterion, ...] = ()

    def covers(self, other: Grain, right: Right) -> bool:
        """Whether it gives `right` on all that `other` does."""
        if self.context != other.context or right not in self.letters or self.type not in ("*", other.type):
            return False
        return all(any(ours.allows(theirs) for theirs in other.criteria) for ours in self.criteria)

    def __str__(self) -> str:
        asked = f"?{'&'.join(map(str, self.criteria))}" if self.criteria else ""
        return f"{self.context}/{self.type}.{in_order(self.letters)}{asked}"


def parse(text: str, *, old: bool = False) -> Grain:
    """Reads one scope; `old` also takes the letters of version 1. Raises Refused for what we could not enforce."""
    match = _SCOPE.match(text)
    if not match or (match[3] in _VERSION_1 and not old):
        raise Refused.because(400, "value", "scope.unknown", scope=text[:100])
    context, type, rights, asked = match.groups()
    if type != "*" and type not in load().type_number:
        raise Refused.because(400, "value", "scope.type", scope=text[:100], type=type)
    letters = _VERSION_1.get(rights, rights)
    if rights not in _VERSION_1 and rights != in_order(rights):
        raise Refused.because(400, "value", "scope.order", scope=text[:100])
    criteria = _criteria(text, type, asked[1:]) if asked else ()
    return Grain(context, type, frozenset(letters), criteria)  # type: ignore[arg-type]


def covered(wanted: Iterable[Grain], allowed: Iterable[Grain]) -> bool:
    """Whether all that is wanted is allowed. Each right must be within one scope: two halves make no whole."""
    given = list(allowed)
    return all(any(one.covers(grain, right) for one in given) for grain in wanted for right in grain.letters)


def _criteria(scope: str, type: str, asked: str) -> tuple[Criterion, ...]:
    found: dict[str, Criterion] = {}
    for part in asked.split("&"):
        param, equals, text = part.partition("=")
        values = text.split(",")
        if not equals or param not in GRANULAR.get(type, ()) or param in found or len(values) > MOST_VALUES:
            raise Refused.because(400, "value", "scope.granular", scope=scope[:100], allowed=_taken(type))
        matches = [_VALUE.match(value) for value in values]
        if not all(matches):
            raise Refused.because(400, "value", "scope.granular", scope=scope[:100], allowed=_taken(type))
        pairs = {(match["system"], match["code"]) for match in matches if match}
        found[param] = Criterion(param, tuple(sorted(pairs, key=lambda pair: (pair[0] or "", pair[1]))))
    return tuple(sorted(found.values()))


def _taken(type: str) -> str:
    return ", ".join(GRANULAR.get(type, ())) or "-"


def in_order(letters: Iterable[str]) -> str:
    """As SMART writes them; a letter that is there twice is there once, so what was written otherwise shows."""
    held = set(letters)
    return "".join(letter for letter in LETTERS if letter in held)
