"""What a visit already says, put into the fields of its referral; whoever signs reads it and changes what is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from hoso.care.elements import Resource, classification, concept_text, is_vital, is_void, labelled
from hoso.care.measures import pressure_of
from hoso.care.timeline import rows_of
from hoso.care.visit.write import ORDERS, PROGRESS
from hoso.web import present


def filled(encounter: Resource, parts: Sequence[Resource]) -> dict[str, str]:
    """By the keys of the referral's fields; what the visit does not say is not there."""
    living = [one for one in parts if not is_void(one)]
    notes = [labelled(one, (PROGRESS, ORDERS)) for one in living if one["resourceType"] == "DocumentReference"]
    reasons = [concept_text(one) for one in encounter.get("reasonCode", ())]
    told = {
        "signs": _noted(notes, PROGRESS) + [_measured(one) for one in _of(living, True)],
        "diagnosis": [_named(one) for one in _ordered(encounter, living)],
        "course": reasons,
        "results": [_measured(one) for one in _of(living, False)],
        "treatment": _noted(notes, ORDERS) + [_given(one) for one in living],
    }
    return {key: "\n".join(dict.fromkeys(filter(None, lines))) for key, lines in told.items() if any(lines)}


def _noted(notes: Iterable[Mapping[str, Sequence[str]]], label: str) -> list[str]:
    return ["\n".join(note[label]).strip() for note in notes if label in note]


def _ordered(encounter: Resource, parts: Iterable[Resource]) -> list[Resource]:
    ranks = {one.get("condition", {}).get("reference"): one.get("rank", 99) for one in encounter.get("diagnosis", ())}
    found = [one for one in parts if one["resourceType"] == "Condition"]
    return sorted(found, key=lambda one: (ranks.get(f"Condition/{one['id']}", 99), str(one["id"])))


def _named(condition: Resource) -> str:
    code = classification(condition.get("code"))
    return " ".join(filter(None, (code, concept_text(condition.get("code")))))


def _of(parts: Iterable[Resource], vital: bool) -> list[Resource]:
    found = (one for one in parts if one["resourceType"] == "Observation")
    return [one for one in found if is_vital(one) is vital]


def _measured(observation: Resource) -> str:
    if pressure := pressure_of(observation):
        rows = [(concept_text(observation.get("code")), pressure[0], pressure[1])]
    else:
        rows = [(row.title, row.value, row.unit) for row in rows_of(observation)]
    return "; ".join(f"{title}: {present.number(value)} {present.unit(unit)}".strip() for title, value, unit in rows)


def _given(resource: Resource) -> str:
    if resource["resourceType"] == "Procedure":
        return concept_text(resource.get("code"))
    if resource["resourceType"] != "MedicationRequest":
        return ""
    how = "; ".join(str(one["text"]) for one in resource.get("dosageInstruction", ()) if one.get("text"))
    return ": ".join(filter(None, (concept_text(resource.get("medicationCodeableConcept")), how)))
