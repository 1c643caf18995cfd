"""A finding in words, Vietnamese or English, the same for every door: page, card of CDS Hooks, print."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from hoso.care.elements import moment
from hoso.care.ips.tell import day
from hoso.care.orders.finding import Finding, Last
from hoso.care.rules import table
from hoso.core.clock import from_ms
from hoso.core.dates import VIETNAM

Language = Literal["vi", "en"]
LANGUAGES: tuple[Language, ...] = ("vi", "en")

LONGEST = 140
"""Of a summary: CDS Hooks 2.0 allows no more."""
_FOR_LIFE = 36_500


@dataclass(frozen=True, slots=True)
class Told:
    summary: str
    detail: str
    reasons: tuple[tuple[str, str], ...]
    """(key, words) of the reasons for which one may go on."""


def told(finding: Finding, language: Language) -> Told:
    values = _values(finding, language)
    form = _form(finding)
    summary = _said("summary", form, language, values)
    detail = _said("detail", form, language, values)
    if finding.hard_stop:
        detail = f"{table('order_words')['stop'][language]} {detail}"
    return Told(_cut(summary), detail, tuple((key, reason(key, language)) for key in finding.reasons))


def reason(key: str, language: Language) -> str:
    """Raises KeyError for a reason that is in no table."""
    return str(table("order_words")["reason"][key][language])


def reasons() -> dict[str, dict[str, str]]:
    """Every reason there is, by its key."""
    return dict(table("order_words")["reason"])


def _form(finding: Finding) -> str:
    if finding.kind == "duplicate-test" and finding.variant:
        return f"{finding.kind}-{finding.variant}"
    if finding.kind == "allergy":
        return finding.variant
    return finding.rule if finding.kind == "allergy-unknown" else finding.kind


def _said(part: str, form: str, language: Language, values: dict[str, str]) -> str:
    return str(table("order_words")[part][form][language]).format_map(values)


def _values(finding: Finding, language: Language) -> dict[str, str]:
    last = finding.last
    return {
        "wanted": finding.wanted,
        "other": finding.other,
        "effect": finding.effect.get(language, ""),
        "advice": finding.advice.get(language, ""),
        "reaction": finding.advice.get(language, "") or _word("no-reaction", language),
        "group": finding.group.get(language, "") or _word("group-name", language),
        "date": day(_here(finding.seen.when)) or _word("undated", language),
        "facility": finding.seen.facility or _word("unnamed", language),
        "value": _value(last, language) if last else "",
        "age": age(last.days, language) if last else "",
        "window": _window(last.window, language) if last else "",
        "left": _word("left", language, days=finding.days_left) if (finding.days_left or 0) > 0 else "",
    }


def _here(text: str) -> str:
    """A moment as the day it was in Viet Nam; a partial date stays as it is."""
    at = moment(text) if "T" in text else None
    return text if at is None else from_ms(at).astimezone(VIETNAM).date().isoformat()


def _value(last: Last, language: Language) -> str:
    if len(last.values) == 1:
        return f"{_number(last.values[0].value, language)} {last.values[0].unit}".strip()
    listed = [f"{one.name} {_number(one.value, language)} {one.unit}".strip() for one in last.values]
    return "; ".join(listed) or last.conclusion or _word("done", language)


def _number(value: str, language: Language) -> str:
    """Vietnamese writes the decimal comma."""
    digits = value.lstrip("<>=≤≥").replace(".", "", 1).isdigit()
    return value.replace(".", ",") if language == "vi" and digits else value


def age(days: int, language: Language) -> str:
    if days < 2:
        return _word("today" if days == 0 else "yesterday", language)
    return _word("ago", language, days=days)


def _window(days: int, language: Language) -> str:
    if days >= _FOR_LIFE:
        return _word("for-life", language)
    return _word("window", language, days=days) if days else _word("same-day", language)


def _word(key: str, language: Language, **values: Any) -> str:
    return str(table("order_words")["word"][key][language]).format_map(values)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"
