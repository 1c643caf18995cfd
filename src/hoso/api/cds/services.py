"""The services as they are discovered: one for each hook, under the hook's own name."""

from __future__ import annotations

from typing import Any

from hoso.core.errors import Issue
from hoso.fhir.outcome import Language, text

_PATIENT = "{{context.patientId}}"
PREFETCH = {
    "allergies": f"AllergyIntolerance?patient={_PATIENT}",
    "medications": f"MedicationRequest?patient={_PATIENT}&status=active,on-hold,completed",
    "results": f"Observation?patient={_PATIENT}&category=laboratory&_sort=-date&_count=200",
    "orders": f"ServiceRequest?patient={_PATIENT}&status=active",
}
"""What a hospital has itself and this node may not have yet."""
SERVICES = {"patient-view": ("allergies",), "order-select": tuple(PREFETCH), "order-sign": tuple(PREFETCH)}


def discovery(language: Language) -> dict[str, Any]:
    return {"services": [_service(hook, keys, language) for hook, keys in SERVICES.items()]}


def _service(hook: str, keys: tuple[str, ...], language: Language) -> dict[str, Any]:
    return {
        "hook": hook,
        "id": hook,
        "title": said(f"cds.{hook}", language),
        "description": said(f"cds.{hook}-more", language),
        "prefetch": {key: PREFETCH[key] for key in keys},
        "usageRequirements": said("cds.usage", language),
    }


def said(key: str, language: Language, **values: str) -> str:
    return text(Issue("informational", key, values), language)
