"""SMART scopes in parsed form: what a token permits, compared as sets of rights and never as text.

`rights` hold for every record of a type; `grains` only for those of one patient, or of some categories. A scope we
could not enforce is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hoso.access.grain import Context, Grain, Right, covered, in_order, parse
from hoso.core.errors import Refused
from hoso.fhir.model import load

__all__ = ["LONGEST", "Right", "Scopes"]

LONGEST = 4_000
_NOTHING: frozenset[Right] = frozenset()
_READ: frozenset[Right] = frozenset({"r", "s"})
_WRITE: frozenset[Right] = frozenset({"c", "u"})


@dataclass(frozen=True, slots=True)
class Scopes:
    """Rights per resource type; the type "*" stands for every type. The empty one permits nothing."""

    rights: Mapping[str, frozenset[Right]] = field(default_factory=dict)
    grains: frozenset[Grain] = frozenset()

    @classmethod
    def parse(cls, text: str) -> Scopes:
        """An operator's "system/*.rs user/Patient.cruds". Raises Refused when any part is not a scope we enforce."""
        return cls.of(read(text, ("system", "user"), old=True))

    @classmethod
    def of(cls, grains: Iterable[Grain]) -> Scopes:
        rights: dict[str, frozenset[Right]] = {}
        narrow: set[Grain] = set()
        for grain in grains:
            if grain.context == "patient" or grain.criteria:
                narrow.add(grain)
            else:
                rights[grain.type] = rights.get(grain.type, _NOTHING) | grain.letters
        return cls(rights, frozenset(narrow))

    @classmethod
    def over(cls, read: Iterable[str], written: Iterable[str]) -> Scopes:
        """Of a role: to read and search some types, to create and update some."""
        rights: dict[str, frozenset[Right]] = dict.fromkeys(read, _READ)
        return cls(rights | {type: rights.get(type, _NOTHING) | _WRITE for type in written})

    def permits(self, type: str, right: Right) -> bool:
        """Whether the right is held on any record of the type; which ones is for `narrowed` to say."""
        return self.everywhere(type, right) or any(
            right in grain.letters and grain.type in (type, "*") for grain in self.grains
        )

    def everywhere(self, type: str, right: Right) -> bool:
        """Whether it is held on every record of the type."""
        return right in self.rights.get(type, _NOTHING) or right in self.rights.get("*", _NOTHING)

    def narrowed(self, type: str, right: Right) -> tuple[Grain, ...] | None:
        """The grains of which one must let a record of the type through; None when every record is."""
        if not self.grains or self.everywhere(type, right):
            return None
        return tuple(grain for grain in self.grains if right in grain.letters and grain.type in (type, "*"))

    def reaches(self, type: str) -> bool:
        """Whether there is any right at all on the type."""
        return any(self.permits(type, right) for right in _ALL)

    def types(self, right: Right) -> frozenset[str] | None:
        """The types on which `right` is held at all; None when it is held on every record of every type."""
        if right in self.rights.get("*", _NOTHING):
            return None
        found = {type for type, letters in self.rights.items() if right in letters}
        narrow = {grain.type for grain in self.grains if right in grain.letters}
        return frozenset(load().resource_types if "*" in narrow else found | narrow)

    def within(self, limit: Mapping[str, frozenset[Right]]) -> Scopes:
        """What is left of them for somebody who has these rights: an app never may what its user may not."""
        rights = {type: self._letters(type) & limit.get("*", _NOTHING) for type in self.rights}
        for type, letters in limit.items():
            if type != "*":
                rights[type] = rights.get(type, _NOTHING) | (self._letters(type) & letters)
        grains: set[Grain] = set()
        for grain in self.grains:
            for type in ("*", *limit) if grain.type == "*" else (grain.type,):
                left = grain.letters & (limit.get(type, _NOTHING) | limit.get("*", _NOTHING))
                if left:
                    grains.add(Grain(grain.context, type, left, grain.criteria))
        return Scopes({type: letters for type, letters in rights.items() if letters}, frozenset(grains))

    def contains(self, other: Scopes) -> bool:
        everywhere = self.rights.get("*", _NOTHING)
        broad = all(letters <= everywhere | self.rights.get(type, _NOTHING) for type, letters in other.rights.items())
        return broad and covered(other.grains, [*self.grains, *self._as_grains()])

    def _letters(self, type: str) -> frozenset[Right]:
        return self.rights.get(type, _NOTHING) | self.rights.get("*", _NOTHING)

    def _as_grains(self) -> list[Grain]:
        contexts: tuple[Context, ...] = ("system", "user", "patient")
        return [Grain(context, type, letters) for context in contexts for type, letters in self.rights.items()]

    def __str__(self) -> str:
        broad = (f"system/{type}.{in_order(letters)}" for type, letters in sorted(self.rights.items()))
        return " ".join([*broad, *sorted(map(str, self.grains))])


_ALL: tuple[Right, ...] = ("c", "r", "u", "d", "s")


def read(text: str, contexts: tuple[Context, ...], *, old: bool = False) -> frozenset[Grain]:
    """The scopes in a text, all of these contexts. Raises Refused when any part is anything else."""
    if len(text) > LONGEST or not text.strip(" "):
        raise Refused.because(400, "value", "scope.length", limit=str(LONGEST))
    found = set()
    for part in text.split(" "):
        if part:
            grain = parse(part, old=old)
            if grain.context not in contexts:
                raise Refused.because(400, "value", "scope.unknown", scope=part[:100])
            found.add(grain)
    return frozenset(found)
