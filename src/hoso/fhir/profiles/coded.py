"""Coded values and references as a profile asks for them, and as an error message shows them."""

from __future__ import annotations

from typing import Any

from hoso.fhir.model import load
from hoso.fhir.profiles.items import Item
from hoso.fhir.rules.faults import shown


def codings(item: Item) -> list[tuple[str, str]]:
    value = item.value
    if isinstance(value, str):
        return [("", value)]
    if not isinstance(value, dict):
        return []
    several = value.get("coding", ()) if item.type == "CodeableConcept" else (value,)
    return [(str(one.get("system", "")), str(one["code"])) for one in several if "code" in one]


def named_type(reference: dict[str, Any]) -> str:
    parts = str(reference.get("reference", "")).split("/")
    if len(parts) >= 2 and parts[-2] in load().type_number:
        return parts[-2]
    return str(reference.get("type", ""))


def flat(value: Any) -> str:
    """A coded value as system|code, another one as its text."""
    if isinstance(value, dict):
        first = (value.get("coding") or [value])[0]
        if isinstance(first, dict) and "code" in first:
            return shown(f"{first.get('system', '')}|{first['code']}")
        return shown(", ".join(f"{key}={part}" for key, part in value.items()))
    return shown(value)
