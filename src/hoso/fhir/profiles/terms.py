"""Is a code in a value set? As far as what was loaded and R4's own sets can tell; None where they cannot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from hoso.fhir.model import load
from hoso.fhir.profiles.constraint import Tree
from hoso.fhir.profiles.shelf import Shelf

R4_SETS = "http://hl7.org/fhir/ValueSet/"
MOST_DEEP = 8
Codes = dict[str, frozenset[str] | None]
"""System → its codes in the set; None: all of the system, whichever they are."""


class Terms(Protocol):
    def holds(self, value_set: str, system: str, code: str) -> bool | None: ...


class LoadedTerms:
    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._known: dict[str, Codes | None] = {}

    def holds(self, value_set: str, system: str, code: str) -> bool | None:
        """Without a system ("" of a plain code) any system of the set may have it."""
        if value_set not in self._known:
            self._known[value_set] = self._codes(value_set, 0)
        codes = self._known[value_set]
        if codes is None:
            return None
        found = [codes[system]] if system in codes else list(codes.values()) if not system else []
        if any(one is not None and code in one for one in found):
            return True
        return None if any(one is None for one in found) else False

    def _codes(self, url: str, depth: int) -> Codes | None:
        plain = url.partition("|")[0]
        own = load().codes.get(plain.removeprefix(R4_SETS)) if plain.startswith(R4_SETS) else None
        if own is not None:
            return {system: frozenset(codes) for system, codes in own.items()}
        one = self._shelf.find("ValueSet", url)
        if one is None or depth > MOST_DEEP:
            return None
        if "compose" not in one:
            return _expanded(one)
        if one["compose"].get("exclude"):
            return None
        found: Codes = {}
        for part in one["compose"].get("include", ()):
            more = self._part(part, depth)
            if more is None:
                return None
            for system, codes in more.items():
                before = found.get(system, frozenset())
                found[system] = None if codes is None or before is None else before | codes
        return found

    def _part(self, part: dict[str, Any], depth: int) -> Codes | None:
        if part.get("filter") or ("valueSet" in part and ("system" in part or len(part["valueSet"]) > 1)):
            return None
        if "valueSet" in part:
            return self._codes(part["valueSet"][0], depth + 1)
        if "concept" in part:
            return {part["system"]: frozenset(one["code"] for one in part["concept"])}
        system = self._shelf.find("CodeSystem", part["system"])
        if system is None or system.get("content") != "complete":
            return {part["system"]: None}
        return {part["system"]: frozenset(_all(system))}


def _all(system: Tree) -> Iterator[str]:
    todo = list(system.get("concept", ()))
    while todo:
        one = todo.pop()
        yield one["code"]
        todo.extend(one.get("concept", ()))


def _expanded(one: Tree) -> Codes | None:
    if "expansion" not in one:
        return None
    found: dict[str, set[str]] = {}
    todo = list(one["expansion"].get("contains", ()))
    while todo:
        each = todo.pop()
        if "code" in each and not each.get("abstract"):
            found.setdefault(each.get("system", ""), set()).add(each["code"])
        todo.extend(each.get("contains", ()))
    return {system: frozenset(codes) for system, codes in found.items()}
