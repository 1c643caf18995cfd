"""A guide's own examples against the profiles that they claim, with all the guide's definitions at hand."""

from __future__ import annotations

from typing import Any

from conformance_fetch import Files
from conformance_rows import Counts, Row, Suite
from hoso.core.errors import Refused
from hoso.fhir.json import parse
from hoso.fhir.profiles import Shelf, check
from hoso.fhir.profiles.library_terms import LibraryTerms
from hoso.fhir.profiles.package import KEPT
from hoso.fhir.terminology import shipped


def profiles(name: str, files: Files) -> Suite:
    definitions, claiming = _sorted(files)
    shelf = Shelf(definitions)
    terms = LibraryTerms(shelf, shipped())
    groups: dict[str, Counts] = {}
    failures: list[str] = []
    for file, resource in claiming:
        counts = groups.setdefault(resource["resourceType"], Counts())
        for url in resource["meta"]["profile"]:
            profile = shelf.profile(url)
            if profile is None:
                counts.left_out += 1
                continue
            faults = [one for one in check(shelf, terms, resource, profile).issues if one.severity == "error"]
            counts.wrong += bool(faults)
            counts.right += not faults
            failures.extend(f"{file}: {one.key} at {one.expression}" for one in faults)
    wrong = sum(counts.wrong for counts in groups.values())
    total = wrong + sum(counts.right for counts in groups.values())
    unit = f"of {total} said not to keep their profile" if total else "not attempted: no example claims a profile here"
    row = Row(f"{name}.false_alarms", wrong if total else None, unit, 0, 0, total > 0 and not wrong)
    return Suite(name, groups, [row], failures)


def _sorted(files: Files) -> tuple[list[dict[str, Any]], list[tuple[str, dict[str, Any]]]]:
    """Definitions that stand at the top of the package, and everything else that claims a profile."""
    definitions: list[dict[str, Any]] = []
    claiming: list[tuple[str, dict[str, Any]]] = []
    for path, body in files():
        try:
            one = parse(body)
        except Refused:
            continue  # the package's own index, or a file that is no resource
        file = path.rpartition("/")[2]
        if "/example" not in path and one["resourceType"] in KEPT and isinstance(one.get("url"), str):
            definitions.append(one)
        elif one.get("meta", {}).get("profile"):
            claiming.append((file, one))
    return definitions, claiming
