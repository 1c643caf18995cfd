"""A wanted medicine against what the person is allergic to: the substance, its group, and groups that cross-react.

A hard stop is made only by a documented anaphylaxis to the same substance or group; everything else is advice.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hoso.care.chart import Chart
from hoso.care.elements import Resource, codings, concept_text, has_code, key_of, status
from hoso.care.orders.finding import SEVERITIES, Finding, Severity, Words
from hoso.care.orders.substances import Substance, mentions, substance
from hoso.care.rules import table
from hoso.core import fold
from hoso.fhir.negations import NONE_KNOWN


def crossings(chart: Chart, name: str, wanted: Substance) -> list[Finding]:
    """At most one for each allergy on record: the closest tie counts."""
    found: list[Finding] = []
    for record in chart.all("AllergyIntolerance"):
        if status(record) not in {"inactive", "resolved"} and not _denies(record):
            allergens = list(_allergens(record))
            tied = next((f for tie in (_same, _grouped, _crossed) for a in allergens if (f := tie(a, wanted))), None)
            if tied is not None:
                found.append(_finding(chart, record, name, tied))
    return found


def unrecorded(chart: Chart, refused: bool, name: str) -> list[Finding]:
    """Nothing recorded is not the same as none known, and not the same as refused."""
    if not refused and any(status(one) not in {"inactive", "resolved"} for one in chart.all("AllergyIntolerance")):
        return []
    variant = "allergy-refused" if refused else "allergy-unrecorded"
    reasons = tuple(table("order_words")["reasons"]["allergy-unknown"])
    return [Finding("allergy-unknown", "info", variant, name, "", chart.source({"resourceType": ""}), "", reasons)]


def _denies(record: Resource) -> bool:
    return any(has_code(record.get("code"), code) for code in NONE_KNOWN)


def _allergens(record: Resource) -> Iterator[Substance]:
    for concept in (record.get("code"), *(one.get("substance") for one in record.get("reaction", ()))):
        if concept and (name := concept_text(concept)):
            yield substance(name, tuple(codings(concept)))


Tie = tuple[str, str, dict[str, Any]]
"""(variant, rule, row)."""


def _same(allergen: Substance, wanted: Substance) -> Tie | None:
    return ("allergy", "same-substance", {}) if allergen.same(wanted) else None


def _grouped(allergen: Substance, wanted: Substance) -> Tie | None:
    groups, alike = table("order_groups")["group"], table("order_allergies")["alike"]
    named = [key for key in alike["named"] if mentions(allergen.name, groups[key]["words"])]
    common = allergen.groups & wanted.groups
    shared = next((key for key in (*alike["groups"], *named) if key in common), None)
    return ("allergy-group", shared, groups[shared]) if shared else None


def _crossed(allergen: Substance, wanted: Substance) -> Tie | None:
    for row in table("order_allergies")["cross"]:
        if row["from"] in allergen.groups and row["to"] in wanted.groups:
            return "allergy-cross", f"{row['from']}-{row['to']}", row
    return None


def _finding(chart: Chart, record: Resource, name: str, tied: Tie) -> Finding:
    variant, rule, row = tied
    close = variant != "allergy-cross"
    severity: Severity = "critical" if close else row["severity"]
    doubted = has_code(record.get("verificationStatus"), "unconfirmed")
    if doubted and close and not is_anaphylaxis(record):
        severity = "warning"
    elif not close and severity != "critical" and _was_grave(record):
        severity = SEVERITIES[SEVERITIES.index(severity) - 1]
    words: Words = {language: row[language] for language in ("en", "vi") if language in row}
    return Finding(
        kind="allergy",
        severity=severity,
        rule=rule,
        wanted=name,
        other=concept_text(record.get("code")) or reactions(record),
        seen=chart.source(record),
        source=str(row.get("source") or table("order_allergies")["anaphylaxis"]["source"]),
        reasons=tuple(table("order_words")["reasons"]["allergy"]),
        variant=variant,
        effect=words if not close else {},
        group=words if close else {},
        advice={"en": reactions(record), "vi": reactions(record)},
        evidence=key_of(record),
        hard_stop=close and not doubted and is_anaphylaxis(record),
    )


def reactions(record: Resource) -> str:
    listed = (concept_text(sign) for one in record.get("reaction", ()) for sign in one.get("manifestation", ()))
    return ", ".join(dict.fromkeys(text for text in listed if text))


def is_anaphylaxis(record: Resource) -> bool:
    return _shows(record, table("order_allergies")["anaphylaxis"])


def _was_grave(record: Resource) -> bool:
    """Anaphylaxis or a severe reaction of the skin: then also a distant relative is a warning more."""
    return is_anaphylaxis(record) or _shows(record, table("order_allergies")["skin"])


def _shows(record: Resource, rule: dict[str, Any]) -> bool:
    signs = [sign for one in record.get("reaction", ()) for sign in one.get("manifestation", ())]
    told = [
        *(concept_text(sign) for sign in signs),
        *(str(one.get("description", "")) for one in record.get("reaction", ())),
    ]
    coded = any(code in rule["snomed"] for sign in signs for system, code in codings(sign) if system == "snomed")
    return coded or any(_begins(text, rule["words"]) for text in told)


def _begins(text: str, words: list[str]) -> bool:
    folded = fold(text)
    return mentions(text, words) or any(fold(word) in folded for word in words)
