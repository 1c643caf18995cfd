"""Reading elements of a FHIR resource that may be missing, text only, or coded in a system we do not know.

Nothing here raises on a valid resource: what is not there reads as "" or None.
"""

from __future__ import annotations

import base64
from collections.abc import Collection, Iterator
from datetime import date
from functools import lru_cache
from typing import Any

from hoso.core import parse_span
from hoso.core.clock import from_ms
from hoso.core.dates import VIETNAM

Resource = dict[str, Any]

_SYSTEMS = (
    ("loinc.org", "loinc"),
    ("snomed.info", "snomed"),
    ("icd-10", "icd10"),
    ("icd10", "icd10"),
    ("icd-9", "icd9"),
    ("icd9", "icd9"),
    ("whocc.no", "atc"),
    ("/atc", "atc"),
    ("rxnorm", "rxnorm"),
    ("/sid/cvx", "cvx"),
)


@lru_cache(maxsize=1024)
def coding_kind(system: str) -> str:
    """The rule tables' short name of a code system; the address itself when it has none."""
    lower = system.lower()
    return next((short for mark, short in _SYSTEMS if mark in lower), system)


def codings(concept: Resource | None) -> Iterator[tuple[str, str]]:
    """(short system name, code) of a CodeableConcept."""
    for coding in (concept or {}).get("coding", ()):
        if code := coding.get("code"):
            yield coding_kind(coding.get("system", "")), code


def has_code(concept: Resource | None, code: str) -> bool:
    return any(found == code for _, found in codings(concept))


def concept_text(concept: Resource | None) -> str:
    """What a person reads: the text, else a display, else the bare code."""
    if not concept:
        return ""
    coded = concept.get("coding", ())
    display = next((c["display"] for c in coded if c.get("display")), "")
    return concept.get("text") or display or next((c["code"] for c in coded if c.get("code")), "")


def is_vital(observation: Resource) -> bool:
    return any(has_code(concept, "vital-signs") for concept in concepts(observation.get("category")))


def concepts(value: Any) -> list[Resource]:
    """One concept or a list of them, as a list."""
    if isinstance(value, dict):
        return [value]
    return list(value or ())


def classification(concept: Resource | None) -> str:
    """The ICD-10 code, shown small next to a diagnosis."""
    return next((code for system, code in codings(concept) if system == "icd10"), "")


def status(resource: Resource) -> str:
    """The life-cycle status, whether R4 makes it a code or a concept."""
    value = resource.get("status") or resource.get("clinicalStatus")
    if isinstance(value, dict):
        return next((code for _, code in codings(value)), "")
    return value or ""


def is_void(resource: Resource) -> bool:
    """Entered in error, refuted or cancelled: it never was, and nobody acts on it."""
    if status(resource) in {"entered-in-error", "cancelled", "not-done"}:
        return True
    verification = resource.get("verificationStatus")
    return bool(verification) and any(code in {"entered-in-error", "refuted"} for _, code in codings(verification))


def reference_key(reference: Resource | None) -> str:
    """ "Type/id" of a reference to a record here or a fragment "#id"; "" when it names nothing."""
    return _key_in(reference.get("reference", "")) if reference else ""


@lru_cache(maxsize=32_768)
def _key_in(text: str) -> str:
    if text.startswith(("#", "urn:")):
        return text
    return "/".join(text.split("/_history/")[0].split("/")[-2:])


def references(resource: Resource) -> Iterator[Resource]:
    """Every Reference in it that names a record."""
    stack: list[Any] = [resource]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            if isinstance(node.get("reference"), str):
                yield node
            stack += node.values()
        elif isinstance(node, list):
            stack += node


def labelled(document: Resource, labels: Collection[str]) -> dict[str, list[str]]:
    """The lines of a DocumentReference of "label: text", by label: a text goes on until the next label. Before the
    first label they stand under ""."""
    data = next((one.get("attachment", {}).get("data", "") for one in document.get("content", ())), "")
    found: dict[str, list[str]] = {}
    at = ""
    for line in base64.b64decode(data).decode("utf-8", "replace").split("\n") if data else ():
        label, colon, rest = line.partition(": ")
        if colon and label in labels:
            at, line = label, rest
        found.setdefault(at, []).append(line)
    return found


def key_of(resource: Resource) -> str:
    return f"{resource['resourceType']}/{resource.get('id', '')}"


def ended(element: Resource, today: date) -> bool:
    """Whether its period is over; an insurance card that is valid until next June is not."""
    end = day(element.get("period", {}).get("end", ""))
    return end is not None and end < today


def human_name(names: list[Resource] | Resource | None) -> str:
    """The name in use: text as written, else prefix-free parts, the family name first in Vietnamese order."""
    listed = concepts(names)
    current = [n for n in listed if n.get("use") not in {"old", "maiden"} and not n.get("period", {}).get("end")]
    chosen = next(iter(sorted(current, key=lambda n: n.get("use") != "official")), None) or next(iter(listed), {})
    if chosen.get("text"):
        return str(chosen["text"])
    return " ".join(part for part in [chosen.get("family", ""), *chosen.get("given", ())] if part)


_WHEN = (
    "effectiveDateTime",
    "effectiveInstant",
    "performedDateTime",
    "occurrenceDateTime",
    "onsetDateTime",
    "whenHandedOver",
    "authoredOn",
    "started",
    "date",
    "recordedDate",
    "recorded",
    "dateAsserted",
    "issued",
    "created",
    "dateTime",
)
_PERIODS = ("period", "effectivePeriod", "performedPeriod", "onsetPeriod", "servicedPeriod")


def when(resource: Resource) -> str:
    """The clinical date as written (FHIR date or dateTime); "" when none is recorded."""
    for name in _PERIODS:
        if (period := resource.get(name)) and (start := period.get("start")):
            return str(start)
    for name in _WHEN:
        if at := resource.get(name):
            return str(at)
    return ""


@lru_cache(maxsize=32_768)
def moment(text: str) -> int | None:
    """Start of a FHIR date in milliseconds; None when there is none or it is no date."""
    try:
        return parse_span(text).low if text else None
    except ValueError:
        return None


@lru_cache(maxsize=32_768)
def day(text: str) -> date | None:
    """The day in Viet Nam on which a FHIR date begins; the first day of a partial date."""
    at = moment(text)
    return None if at is None else from_ms(at).astimezone(VIETNAM).date()


def newest(resources: list[Resource]) -> list[Resource]:
    """Latest clinical date first; undated last."""
    return sorted(resources, key=lambda r: moment(when(r)) or -(1 << 62), reverse=True)
