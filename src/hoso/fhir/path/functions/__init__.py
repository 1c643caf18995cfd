"""The functions of FHIRPath and of FHIR's additions to it, one family per file."""

from __future__ import annotations

from importlib import import_module

_FAMILIES = (
    "boundaries", "collections", "conversion", "dates", "existence",
    "fhir", "filtering", "mathematics", "strings", "tree",
)  # fmt: skip


def load() -> None:
    """Fills the registry."""
    for family in _FAMILIES:
        import_module(f"{__name__}.{family}")
