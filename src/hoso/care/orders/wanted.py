"""What somebody wants to order, before it is a record: a test or a medicine by its codes and its name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hoso.care.chart import Chart
from hoso.care.elements import Resource, codings, concept_text, key_of
from hoso.care.medicines import drug, drug_codes

_OVER = {"revoked", "cancelled", "entered-in-error", "stopped", "completed"}


@dataclass(frozen=True, slots=True)
class Wanted:
    kind: Literal["test", "medicine"]
    name: str
    codes: tuple[tuple[str, str], ...] = ()
    """(short system name, code)."""
    key: str = ""
    """ "Type/id" of the draft, so that it is not taken for its own duplicate."""


def wanted_of(order: Resource, chart: Chart) -> Wanted | None:
    """None for what is no order of a test or medicine, has no name, or is over."""
    type, named = order.get("resourceType"), None
    if order.get("status") in _OVER or order.get("doNotPerform"):
        return None
    if type == "ServiceRequest":
        concept = order.get("code")
        named = Wanted("test", concept_text(concept), tuple(codings(concept)), key_of(order))
    elif type == "MedicationRequest":
        concept = drug(order, chart)
        named = Wanted("medicine", concept_text(concept), tuple(drug_codes(order, chart)), key_of(order))
    return named if named and named.name else None
