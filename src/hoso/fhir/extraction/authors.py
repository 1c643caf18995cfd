"""Who wrote a record, by type: the reference parameters that name a practitioner as its author."""

from __future__ import annotations

AUTHORS: dict[str, tuple[str, ...]] = {
    "AllergyIntolerance": ("recorder",),
    "CarePlan": ("performer",),
    "ClinicalImpression": ("assessor",),
    "Composition": ("author",),
    "Condition": ("asserter",),
    "DiagnosticReport": ("performer", "results-interpreter"),
    "DocumentReference": ("author",),
    "Immunization": ("performer",),
    "MedicationRequest": ("requester",),
    "Observation": ("performer",),
    "Procedure": ("performer",),
    "QuestionnaireResponse": ("author",),
    "ServiceRequest": ("requester",),
}
