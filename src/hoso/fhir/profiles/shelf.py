"""The definitions that were loaded, by canonical address, and the tree of each profile, made at its first use."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from threading import RLock
from typing import Any

from hoso.core.errors import Refused
from hoso.fhir.model import load
from hoso.fhir.profiles.constraint import Constraint, Tree, lay

MOST_BASES = 16
R4 = "http://hl7.org/fhir/StructureDefinition/"


@dataclass(frozen=True, slots=True)
class Profile:
    url: str
    type: str
    constraint: Constraint
    contexts: tuple[tuple[str, str], ...] = ()
    """Where an extension may stand: (kind, expression)."""


class Shelf:
    """Later definitions of the same address stand in place of earlier ones."""

    def __init__(self, definitions: Iterable[Tree] = ()) -> None:
        self._kinds: dict[str, dict[str, Tree]] = {}
        for one in definitions:
            self._kinds.setdefault(one["resourceType"], {})[one["url"]] = one
        self._made: dict[str, Profile] = {}
        self._lock = RLock()

    def find(self, kind: str, url: str) -> Tree | None:
        """`url` may name a version: then only that one is the right one."""
        plain, _, version = url.partition("|")
        found = self._kinds.get(kind, {}).get(plain)
        return found if found and (not version or version == found.get("version", version)) else None

    def all(self, kind: str) -> Iterable[Tree]:
        return self._kinds.get(kind, {}).values()

    def profile(self, url: str) -> Profile | None:
        """None for one that is not here. Raises Refused for one that cannot be worked out."""
        known = self._made.get(url)
        if known is None and (found := self.find("StructureDefinition", url)) is not None:
            with self._lock:
                known = self._made[url] = self._make(found, ())
        return known

    def _make(self, one: Tree, path: tuple[str, ...]) -> Profile:
        url = str(one["url"])
        if url in path:
            raise Refused.because(422, "invalid", "profile.circle", url=url[:200])
        if len(path) > MOST_BASES:
            raise Refused.because(422, "too-costly", "profile.deep", limit=str(MOST_BASES))
        type = str(one["type"])
        if type not in load().types:
            raise Refused.because(422, "not-supported", "profile.type", url=url[:200], type=type[:64])
        root, elements = self._start(one, url, type, path)
        try:
            lay(root, type, elements)
        except (KeyError, ValueError, TypeError, AttributeError) as fault:
            raise Refused.because(422, "invalid", "profile.broken", url=url[:200], reason=str(fault)[:80]) from fault
        contexts = tuple((str(c.get("type")), str(c.get("expression"))) for c in one.get("context", ()))
        return Profile(url, type, root, contexts)

    def _start(self, one: Tree, url: str, type: str, path: tuple[str, ...]) -> tuple[Constraint, Any]:
        """The base's tree and the differential; the whole snapshot where the base is not at hand."""
        base = str(one.get("baseDefinition", ""))
        difference = one.get("differential", {}).get("element")
        if difference is not None:
            if base == R4 + type:
                return Constraint(type), difference
            found = self.find("StructureDefinition", base)
            if found is not None:
                return deepcopy(self._make(found, (*path, url)).constraint), difference
        whole = one.get("snapshot", {}).get("element")
        if whole is None:
            raise Refused.because(422, "not-found", "profile.no-base", url=url[:200], base=base[:200])
        return Constraint(type), whole
