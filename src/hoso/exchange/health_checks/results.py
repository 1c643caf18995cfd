"""Laboratory and other examinations of a health check: an Observation a row, a report over those of one service."""

from __future__ import annotations

from typing import Any

from hoso.exchange.health_checks.dossier import Dossier
from hoso.exchange.insurance import result
from hoso.exchange.insurance.convert import coded
from hoso.exchange.insurance.visit import Row

Resource = dict[str, Any]
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_NAMELESS = "Không ghi tên"


def named(dossier: Dossier) -> list[tuple[str, str, Resource]]:
    """Name, service and Observation of every row; rows of one index are told apart by their order."""
    found: list[tuple[str, str, Resource]] = []
    seen: dict[str, int] = {}
    for row in dossier.results:
        service = row.get("MA_DICH_VU")
        name = f"{service}/{row.get('MA_CHI_SO')}"
        seen[name] = seen.get(name, 0) + 1
        found.append((f"{name}#{seen[name]}", service, _observation(row)))
    return found


def _observation(row: Row) -> Resource:
    index, service = row.get("MA_CHI_SO"), row.get("MA_DICH_VU")
    coding = coded("result", index) if index else coded("service", service) if service else None
    made: Resource = {
        "resourceType": "Observation",
        "status": "final",
        "category": [{"coding": [{"system": _CATEGORY, "code": "laboratory" if row.get("GIA_TRI") else "exam"}]}],
        "code": {"coding": [coding]} if coding else {"text": _NAMELESS},
    }
    notes = [row.get("MO_TA"), row.get("KET_LUAN")]
    if text := row.get("GIA_TRI"):
        value, whole = result.read(text, row.get("DON_VI_DO"))
        made |= value
        if not whole:
            notes.append(text)
    elif any(notes):
        made["valueString"] = "\n".join(filter(None, notes))
        notes = []
    else:
        made["status"] = "registered"
    if notes := list(filter(None, notes)):
        made["note"] = [{"text": text} for text in notes]
    return made


def report(service: str, members: list[tuple[Row, Resource]]) -> Resource:
    """Over the Observations of one service, with the conclusions of their rows."""
    made: Resource = {
        "resourceType": "DiagnosticReport",
        "status": "final" if all(one["status"] == "final" for _, one in members) else "partial",
        "code": {"coding": [coded("service", service)]},
        "result": [{"reference": f"Observation/{one['id']}"} for _, one in members],
    }
    if words := dict.fromkeys(row.get("KET_LUAN") for row, _ in members if row.get("KET_LUAN")):
        made["conclusion"] = "\n".join(words)
    return made
