"""Where what a reference points to may be, and whether it may name a version, as a profile's type says."""

from __future__ import annotations

from collections.abc import Iterator

from hoso.core.errors import Issue
from hoso.fhir.profiles.constraint import Allowed
from hoso.fhir.profiles.items import Item


def misled(allowed: Allowed, item: Item, *, found: bool) -> Iterator[Issue]:
    """`found`: the target is contained or an entry of the Bundle around."""
    pointed = item.inside().get("reference")
    if not isinstance(pointed, str):
        return
    place = "contained" if pointed.startswith("#") else "bundled" if found else "referenced"
    if allowed.places and place not in allowed.places:
        values = {"place": place, "allowed": ", ".join(allowed.places)}
        yield Issue("structure", "profile.aggregation", values, item.path)
    named = "/_history/" in pointed
    if allowed.versioning == ("independent" if named else "specific"):
        yield Issue("structure", f"profile.version-{allowed.versioning}", {}, item.path)
