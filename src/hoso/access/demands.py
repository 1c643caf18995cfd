"""What this node asks of the records it takes in beyond R4: by type, the profiles of which each must hold one.

Asked by `Records` at every write, so no door goes round it; what is stored already is only counted (`standing`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hoso.access.guides import Guides, Known
from hoso.core.errors import Issue, Refused
from hoso.fhir.json import parse as parse_body
from hoso.fhir.model import load
from hoso.fhir.profiles import check
from hoso.fhir.profiles.shelf import Profile
from hoso.fhir.search import parse as parse_query
from hoso.store.contract import Draft, Store
from hoso.store.visible import Visible

Required = Mapping[str, tuple[str, ...]]
Key = tuple[str, str]


def parse(table: Mapping[str, Any]) -> Required:
    """The part [profiles] of config.toml. Raises ValueError with what is wrong."""
    unknown = sorted(set(table) - {"require"})
    if unknown:
        raise ValueError(f"[profiles] has no {unknown[0]}")
    found: dict[str, tuple[str, ...]] = {}
    asked = table.get("require", {})
    if not isinstance(asked, Mapping):
        raise ValueError('[profiles] require is a table: { Patient = ["ADDRESS"] }')
    for type, urls in asked.items():
        if type not in load().resource_types:
            raise ValueError(f"[profiles] require: {type} is no resource type")
        if not isinstance(urls, list) or not urls or not all(isinstance(url, str) and url for url in urls):
            raise ValueError(f"[profiles] require: {type} needs a list of addresses of profiles")
        found[type] = tuple(dict.fromkeys(urls))
    return found


class Unfit(Refused):
    """Some of the drafts do not hold what is asked; `faults` says why, by (type, id)."""

    def __init__(self, faults: Mapping[Key, Sequence[Issue]]) -> None:
        super().__init__(422, *(issue for issues in faults.values() for issue in issues))
        self.faults = faults


class Standing(NamedTuple):
    """How many records of a type are here, how many of them a write would refuse today, and the first of those."""

    type: str
    records: int
    unfit: int
    first: str = ""


class Demands:
    def __init__(self, required: Required, guides: Guides) -> None:
        self.required, self.guides = required, guides

    def unknown(self) -> list[str]:
        """What is asked for and cannot be held against anything here: for whoever starts the node."""
        if not self.required:
            return []
        known = self.guides.known()
        pairs = [(type, url) for type, urls in self.required.items() for url in urls]
        return [f"{type} = {url}" for type, url in pairs if _of_type(known, type, url) is None]

    def check(self, drafts: Iterable[Draft]) -> None:
        """Raises Unfit, with every draft that does not hold what is asked of its type."""
        asked = [(d.type, d.id, d.resource) for d in drafts if d.type in self.required and d.resource is not None]
        if not asked:
            return
        known = self.guides.known()
        faults = {(type, id): found for type, id, resource in asked if (found := self._faults(known, resource))}
        if faults:
            raise Unfit(faults)

    def standing(self, store: Store) -> Iterator[Standing]:
        known = self.guides.known()
        for type in self.required:
            records, unfit, first = 0, 0, ""
            for version in store.scan(parse_query(type, []), Visible(frozenset({type}), persons=False)):
                records += 1
                if self._faults(known, parse_body(version.body)):
                    unfit += 1
                    first = first or f"{version.type}/{version.id}"
            yield Standing(type, records, unfit, first)

    def _faults(self, known: Known, resource: dict[str, Any]) -> list[Issue]:
        """None where one profile holds; else what the nearest says, those first that the record itself names."""
        type = str(resource["resourceType"])
        urls = self.required[type]
        claimed = resource.get("meta", {}).get("profile", ())
        nearest: list[Issue] | None = None
        for url in sorted(urls, key=lambda url: url not in claimed):
            found = _against(known, resource, url)
            if not found:
                return []
            if nearest is None or len(found) < len(nearest):
                nearest = found
        values = {"type": type, "profiles": ", ".join(urls)[:400]}
        return [Issue("business-rule", "profile.demanded", values, type), *(nearest or ())]


def _against(known: Known, resource: dict[str, Any], url: str) -> list[Issue]:
    profile = _of_type(known, str(resource["resourceType"]), url)
    if profile is None:  # started without it, or replaced since by one for another type
        return [Issue("not-found", "profile.unknown", {"url": url[:200]}, str(resource["resourceType"]))]
    try:
        issues = check(known.shelf, known.terms, resource, profile).issues
    except Refused as refused:
        return list(refused.issues)
    return [issue for issue in issues if issue.severity in ("error", "fatal")]


def _of_type(known: Known, type: str, url: str) -> Profile | None:
    profile = known.shelf.profile(url)
    return profile if profile is not None and profile.type == type else None
