"""Says in plain Vietnamese or English why a record was linked, kept for review, or taken for somebody new.

Only words and bits: no name, number or date of anybody, so that an explanation may stand in a log.
"""

from __future__ import annotations

import tomllib
from functools import lru_cache
from typing import Any

from hoso.fhir.outcome import Language
from hoso.identity.match.decide import Decision, Standing
from hoso.identity.match.frequency import DATA


def explain(decision: Decision, language: Language) -> tuple[str, ...]:
    """The outcome, then what speaks for and against the likeliest person, then what stands in the way."""
    says = _Sentences(language)
    lines = [says.outcome(decision)]
    if not decision.standings:
        return tuple(lines)
    best = decision.standings[0]
    lines += explain_standing(best, language)
    if decision.outcome != "new" and len(decision.standings) > 1 and "apart" not in decision.standings[1].vetoes:
        lines.append(says("outcome", "margin", margin=says.bits(decision.margin)))
    if decision.settling:
        facts = ", ".join(says("facts", fact) for fact in decision.settling)
        lines.append(says("outcome", "settling", facts=facts))
    return tuple(lines)


def explain_standing(standing: Standing, language: Language) -> tuple[str, ...]:
    """One line per field, the weightiest first, then contradictions among the person's records, then the vetoes."""
    says = _Sentences(language)
    ordered = sorted(standing.fields.items(), key=lambda entry: (-abs(entry[1]), entry[0]))
    lines = [
        says("line", what=says("fields", field, standing.levels[field]), bits=says.bits(bits, signed=True))
        for field, bits in ordered
    ]
    if standing.penalty > 0:
        lines.append(says("outcome", "penalty", bits=says.bits(standing.penalty)))
    return (*lines, *(says.veto(veto) for veto in standing.vetoes))


def reasons(standing: Standing, language: Language) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What speaks for one person and what against, the weightiest first, in words without bits: for a counter."""
    says = _Sentences(language)
    ordered = sorted(standing.fields.items(), key=lambda entry: (-abs(entry[1]), entry[0]))
    speaking = [(bits, says("fields", field, standing.levels[field])) for field, bits in ordered if bits]
    agreeing = tuple(words for bits, words in speaking if bits > 0)
    against = [words for bits, words in speaking if bits < 0]
    return agreeing, tuple(against)


class _Sentences:
    def __init__(self, language: Language) -> None:
        self._language = language

    def __call__(self, *path: str, **values: str) -> str:
        entry: Any = _catalogue()
        for step in path:
            entry = entry[step]
        text: str = entry[self._language]
        return text.format(**values) if values else text

    def outcome(self, decision: Decision) -> str:
        key = "by-number" if decision.outcome == "certain" and decision.by_number else decision.outcome
        if key == "new":
            return self("outcome", key)
        return self("outcome", key, bits=self.bits(decision.bits), needed=self.bits(decision.needed))

    def veto(self, veto: str) -> str:
        return self("vetoes", veto) if veto in _catalogue()["vetoes"] else self("vetoes", "other", veto=veto)

    def bits(self, value: float, signed: bool = False) -> str:
        """One decimal; a comma in Vietnamese, and a real minus sign."""
        text = f"{value:+.1f}" if signed else f"{value:.1f}"
        text = text.replace("-", "−")
        return text.replace(".", ",") if self._language == "vi" else text


@lru_cache(maxsize=1)
def _catalogue() -> dict[str, Any]:
    return tomllib.loads((DATA / "sentences.toml").read_text(encoding="utf-8"))
