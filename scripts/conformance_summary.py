"""Summaries of invented people, as $summary makes them, against the guide that says what an IPS is."""

from __future__ import annotations

from datetime import date
from typing import Any

from conformance_fetch import Files
from conformance_profiles import sorted_files
from conformance_rows import Counts, Row, Suite
from hoso.care import ips
from hoso.fhir.json import encode, parse
from hoso.fhir.profiles import LibraryTerms, Shelf, check
from hoso.fhir.profiles import shipped as own
from hoso.fhir.terminology import shipped
from hoso.synth.population import population

PROFILE = "http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips"
CITIZENS, SEED, TODAY = 100, 11, date(2026, 11, 1)


def summaries(files: Files) -> Suite:
    definitions, _ = sorted_files(files)
    shelf = Shelf([*own(), *definitions])
    terms = LibraryTerms(shelf, shipped())
    profile = shelf.profile(PROFILE)
    counts, failures = Counts(), []
    if profile is None:
        row = Row("ips_summary.wrong", None, "not attempted: the package has no Bundle-uv-ips", 0, None, False)
        return Suite("ips_summary", {}, [row], failures)
    for bundle in population(CITIZENS, SEED, TODAY):
        resources = [one["resource"] for one in bundle["entry"]]
        patient = next((one for one in resources if one["resourceType"] == "Patient"), None)
        if patient is None:
            continue
        document = _document(patient, resources)
        faults = [one for one in check(shelf, terms, document, profile).issues if one.severity == "error"]
        counts.wrong += bool(faults)
        counts.right += not faults
        failures.extend(f"{patient['id']}: {one.key} at {one.expression}" for one in faults)
    whole = counts.right + counts.wrong
    row = Row("ips_summary.wrong", counts.wrong, f"of {whole} summaries break Bundle-uv-ips", 0, 0, not counts.wrong)
    return Suite("ips_summary", {"Bundle": counts}, [row], failures)


def _document(patient: dict[str, Any], resources: list[dict[str, Any]]) -> dict[str, Any]:
    asked = ips.Asked("https://hoso.vn/fhir", "HoSo", TODAY, "vi")
    return parse(encode(ips.summary(patient, resources, asked)))
