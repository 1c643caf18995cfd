"""Findings as cards: in 140 characters, how grave, by which source, how to take the order out, why one may go on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from hoso.api.cds.asked import Asked
from hoso.api.cds.record import Record
from hoso.api.cds.services import said
from hoso.care import emergency_card
from hoso.care.chart import Chart
from hoso.care.elements import Resource, key_of
from hoso.care.orders import Finding, Wanted, check_order, glance, told, wanted_of
from hoso.fhir.outcome import Language
from hoso.fhir.systems import ORDER_FINDING, OVERRIDE_REASON

_MARKS = re.compile(r"([\\`*_{}\[\]<>#|])")
_LABEL = 120
_PLACES = 0xFFFF

Card = dict[str, Any]


def at_a_glance(record: Record, home: str, language: Language) -> list[tuple[str, Card]]:
    """(what it rests on, card) of the patient-view hook: always one, for empty and unknown look different too."""
    card = emergency_card(record.person, record.resources, record.today, record.refused)
    words = glance(card, language)
    shown = {
        "summary": words.summary,
        "detail": _markdown(words.detail),
        "indicator": "info",
        "source": {"label": "HoSo", "url": home},
        "links": [_link(record, home, language)],
    }
    return [("glance", shown)]


def of_orders(asked: Asked, record: Record, home: str, language: Language) -> list[tuple[str, Card]]:
    """(rule, card) of each finding, gravest first within an order; a pair within the drafts is told once."""
    drafts = [one for _, one in asked.drafts]
    drafted = {key_of(one) for one in drafts}
    chart = Chart.of([*(one for one in record.resources if key_of(one) not in drafted), *_medications(drafts)])
    orders = [wanted for one in drafts if (wanted := wanted_of(one, chart)) is not None]
    found: list[tuple[str, Card]] = []
    seen: set[tuple[str, frozenset[str]]] = set()
    for wanted in orders:
        if asked.selected is not None and wanted.key not in asked.selected:
            continue
        for finding in check_order(chart, wanted, record.today, beside=orders, refused=record.refused):
            if (mark := _mark(finding)) not in seen:
                seen.add(mark)
                card = _card(finding, wanted, language)
                found.append((f"{finding.kind}/{finding.rule}", card | {"links": [_link(record, home, language)]}))
    return found


def numbered(cards: Iterable[tuple[str, Card]], request: str) -> tuple[list[Card], str]:
    """The cards, with ids of one beginning that end in their places, and the rule at each place for the log."""
    begin = UUID(request).int & ~_PLACES
    made, line = [], []
    for place, (rule, card) in enumerate(cards):
        made.append({"uuid": str(UUID(int=begin | place & _PLACES)), **card})
        line.append(f"{place:04x} {rule}")
    return made, f"{UUID(int=begin)}: {', '.join(line)}" if line else "-"


def _medications(drafts: Sequence[Resource]) -> list[Resource]:
    return [one for one in drafts if one["resourceType"] == "Medication"]


def _mark(finding: Finding) -> tuple[str, frozenset[str]]:
    """What is unknown about allergies is said once, a pair from one of its sides."""
    names = frozenset() if finding.kind == "allergy-unknown" else frozenset((finding.wanted, finding.other))
    return finding.rule, names


def _card(finding: Finding, wanted: Wanted, language: Language) -> Card:
    words = told(finding, language)
    detail = [words.detail, said("cds.source", language, source=finding.source)] if finding.source else [words.detail]
    card: Card = {
        "summary": words.summary,
        "detail": "\n\n".join(_markdown(one) for one in detail),
        "indicator": finding.severity,
        "source": {
            "label": _cut(f"HoSo: {finding.source}") if finding.source else "HoSo",
            "topic": {"system": ORDER_FINDING, "code": finding.kind},
        },
        "overrideReasons": [
            {"system": OVERRIDE_REASON, "code": key, "display": display} for key, display in words.reasons
        ],
    }
    if not wanted.key.endswith("/") and finding.kind != "allergy-unknown":
        card |= _suggestion(wanted, language)
    return card


def _suggestion(wanted: Wanted, language: Language) -> Card:
    label = said("cds.remove", language)
    action = {"type": "delete", "description": _cut(f"{label}: {wanted.name}"), "resourceId": wanted.key}
    return {"suggestions": [{"label": label, "actions": [action]}], "selectionBehavior": "at-most-one"}


def _link(record: Record, home: str, language: Language) -> dict[str, str]:
    url = f"{home}/patients/{record.person['id']}"
    return {"label": said("cds.open-record", language), "url": url, "type": "absolute"}


def _markdown(text: str) -> str:
    """Names from records are words, never markup."""
    return _MARKS.sub(r"\\\1", text)


def _cut(text: str) -> str:
    return text if len(text) <= _LABEL else f"{text[: _LABEL - 1]}…"
