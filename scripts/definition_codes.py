"""Expands the value sets of required bindings to closed code sets, or says that one cannot be closed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Resource = dict[str, Any]
Expansion = dict[str, set[str]]


class Open(Exception):
    """The set cannot be listed: its code system is not complete here (MIME types, language tags, UCUM …)."""


def concepts(concept: list[Resource], parents: tuple[str, ...] = ()) -> Iterator[tuple[str, tuple[str, ...], Resource]]:
    """Every concept with its ancestors' codes."""
    for item in concept:
        above = parents + tuple(
            p["valueCode"]
            for p in item.get("property", [])
            if p["code"] in ("subsumedBy", "parent") and "valueCode" in p
        )
        yield item["code"], above, item
        yield from concepts(item.get("concept", []), (*above, item["code"]))


class CodeSets:
    def __init__(self, terminology: list[Resource]) -> None:
        self.value_sets = {r["url"]: r for r in terminology if r["resourceType"] == "ValueSet"}
        self.systems = {r["url"]: r for r in terminology if r["resourceType"] == "CodeSystem"}
        self.used: dict[str, dict[str, tuple[str, ...]]] = {}
        self.open: dict[str, str] = {}

    def closed(self, canonical: str) -> str | None:
        """The name under which the expansion was put into `used`; None when the set is open."""
        url = canonical.split("|")[0]
        try:
            found = self.expand(url)
        except Open as why:
            self.open[url] = str(why)
            return None
        name = url.removeprefix("http://hl7.org/fhir/ValueSet/")
        self.used[name] = {system: tuple(sorted(codes)) for system, codes in sorted(found.items())}
        return name

    def expand(self, url: str) -> Expansion:
        if url not in self.value_sets:
            raise Open(f"value set not here: {url}")
        compose = self.value_sets[url].get("compose", {})
        found: Expansion = {}
        for include in compose.get("include", []):
            for system, codes in self.include(include).items():
                found.setdefault(system, set()).update(codes)
        for exclude in compose.get("exclude", []):
            for system, codes in self.include(exclude).items():
                found.get(system, set()).difference_update(codes)
        if not any(found.values()):
            raise Open(f"nothing to list: {url}")
        return found

    def include(self, include: Resource) -> Expansion:
        found: Expansion = {}
        for url in include.get("valueSet", []):
            for system, codes in self.expand(url.split("|")[0]).items():
                found.setdefault(system, set()).update(codes)
        if "system" not in include:
            return found
        if "concept" in include:
            return found | {include["system"]: {c["code"] for c in include["concept"]}}
        return found | {include["system"]: self.from_system(include["system"], include.get("filter", []))}

    def from_system(self, url: str, filters: list[Resource]) -> set[str]:
        system = self.systems.get(url)
        if system is None or system.get("content") != "complete":
            raise Open(f"code system not complete: {url}")
        rows = list(concepts(system.get("concept", [])))
        parents = {code: above for code, above, _ in rows}
        codes = {code for code, _, _ in rows}
        for rule in filters:
            if rule["op"] not in ("is-a", "descendent-of"):
                raise Open(f"filter {rule['op']}: {url}")
            codes &= {c for c in codes if _under(c, rule["value"], parents, rule["op"] == "is-a")}
        return codes


def _under(code: str, root: str, parents: dict[str, tuple[str, ...]], itself: bool) -> bool:
    if code == root:
        return itself
    return any(_under(parent, root, parents, True) for parent in parents.get(code, ()))
