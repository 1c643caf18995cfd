"""A guide's own examples against the profiles that they claim, with all the guide's definitions at hand."""

from __future__ import annotations

import statistics
import time
from typing import Any

from conformance_fetch import Files
from conformance_rows import Counts, Row, Suite
from hoso.core.errors import Refused
from hoso.fhir.json import parse
from hoso.fhir.profiles import LibraryTerms, Shelf, check
from hoso.fhir.profiles import shipped as own
from hoso.fhir.profiles.package import KEPT
from hoso.fhir.terminology import shipped


def profiles(name: str, files: Files) -> Suite:
    definitions, claiming = sorted_files(files)
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
    return Suite(name, groups, [row, _warm(name, definitions, claiming)] if total else [row], failures)


def _warm(name: str, definitions: list[dict[str, Any]], claiming: list[tuple[str, dict[str, Any]]]) -> Row:
    """What holding one resource against one profile costs when all was asked once, beside VN Core and a set of 50,000
    codes in which each patient's language is looked for."""
    many = {"system": "urn:ietf:bcp:47", "concept": [{"code": f"c{n}"} for n in range(50_000)]}
    large = {"resourceType": "ValueSet", "url": f"{_OWN}/set", "status": "active", "compose": {"include": [many]}}
    bound = {"path": "Patient.communication.language", "binding": {"strength": "extensible", "valueSet": large["url"]}}
    speaking = {"resourceType": "StructureDefinition", "url": f"{_OWN}/patient", "type": "Patient", "kind": "resource",
                "derivation": "constraint", "differential": {"element": [bound]},
                "baseDefinition": "http://hl7.org/fhir/uv/ips/StructureDefinition/Patient-uv-ips"}  # fmt: skip
    shelf = Shelf([*own(), *definitions, large, speaking])
    terms = LibraryTerms(shelf, shipped())
    spoken = {"communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "c49999"}]}}]}
    pairs = [
        (one | spoken, speaking["url"]) if one["resourceType"] == "Patient" else (one, url)
        for _, one in claiming
        for url in one["meta"]["profile"]
        if one["resourceType"] != "Bundle" and shelf.profile(url) is not None
    ]
    took: list[float] = []
    for turn in range(4):
        for resource, url in pairs:
            profile = shelf.profile(url)
            assert profile is not None
            start = time.process_time()
            check(shelf, terms, resource, profile)
            if turn:
                took.append((time.process_time() - start) * 1000)
    slowest = sorted(took)[int(len(took) * 0.99)]
    unit = f"ms a resource, warm (median; 99 in 100: {slowest:.2f})"
    return Row(f"{name}.check_ms", round(statistics.median(took), 3), unit, 5, None, slowest <= 5)


_OWN = "https://example.vn/large"


def sorted_files(files: Files) -> tuple[list[dict[str, Any]], list[tuple[str, dict[str, Any]]]]:
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
