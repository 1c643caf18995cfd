"""SMART scopes in parsed form: what a token permits, compared as sets of rights and never as text.

Only the `system/` and `user/` contexts exist here; a scope we could not enforce (patient/…, ?query) is refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from hoso.core.errors import Refused
from hoso.fhir.model import load

Right = Literal["c", "r", "u", "d", "s"]
"""create, read (with vread and instance history), update (with patch), delete, search (with history)."""

LONGEST = 4_000
_LETTERS = "cruds"
_SCOPE = re.compile(r"(system|user)/(\*|[A-Z][A-Za-z]{1,63})\.(read|write|\*|[cruds]{1,5})\Z", re.ASCII)
_VERSION_1 = {"read": "rs", "write": "cud", "*": "cruds"}
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Scopes:
    """Rights per resource type; the type "*" stands for every type. The empty one permits nothing."""

    rights: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Scopes:
        """Reads "system/*.rs user/Patient.cruds". Raises Refused when any part is not a scope we enforce."""
        if len(text) > LONGEST or not text.strip(" "):
            raise Refused.because(400, "value", "scope.length", limit=str(LONGEST))
        rights: dict[str, frozenset[str]] = {}
        for part in text.split(" "):
            if part:
                type, letters = _parse_one(part)
                rights[type] = rights.get(type, _NOTHING) | letters
        return cls(rights)

    def permits(self, type: str, right: Right) -> bool:
        return right in self.rights.get(type, _NOTHING) or right in self.rights.get("*", _NOTHING)

    def reaches(self, type: str) -> bool:
        """Whether there is any right at all on the type."""
        return bool(self.rights.get(type) or self.rights.get("*"))

    def types(self, right: Right) -> frozenset[str] | None:
        """The types on which `right` is held; None when it is held on every type."""
        if right in self.rights.get("*", _NOTHING):
            return None
        return frozenset(type for type, letters in self.rights.items() if right in letters)

    def contains(self, other: Scopes) -> bool:
        everywhere = self.rights.get("*", _NOTHING)
        return all(letters <= everywhere | self.rights.get(type, _NOTHING) for type, letters in other.rights.items())

    def __str__(self) -> str:
        return " ".join(f"system/{type}.{_in_order(letters)}" for type, letters in sorted(self.rights.items()))


def _parse_one(part: str) -> tuple[str, frozenset[str]]:
    match = _SCOPE.match(part)
    if not match:
        raise Refused.because(400, "value", "scope.unknown", scope=part[:100])
    type, rights = match[2], match[3]
    if type != "*" and type not in load().type_number:
        raise Refused.because(400, "value", "scope.type", scope=part[:100], type=type)
    letters = _VERSION_1.get(rights, rights)
    if rights not in _VERSION_1 and rights != _in_order(frozenset(rights)):
        raise Refused.because(400, "value", "scope.order", scope=part[:100])
    return type, frozenset(letters)


def _in_order(letters: frozenset[str]) -> str:
    return "".join(letter for letter in _LETTERS if letter in letters)
