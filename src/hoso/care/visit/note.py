"""A visit as it is typed: texts by field, and what they mean once they are read.

Fields are texts as long as the visit is open, so that nothing typed is ever refused; signing reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from hashlib import blake2b

from hoso.care.visit.diagnoses import Diagnosis, named, search
from hoso.care.visit.templates import Template, measured_in, templates
from hoso.care.visit.vitals import Last, Problem, child_doubts, doubts, read, vitals
from hoso.core import fold

LIMITS: dict[str, int] = {
    "template": 20,
    "reason": 500,
    "findings": 4_000,
    "main": 250,
    "suspected": 3,
    "lasting": 3,
    "as_words": 3,
    "others": 2_000,
    "plan": 4_000,
    "repeat": 2_000,
    "repeat_days": 3,
    "next": 10,
    "sure": 16,
    "why": 500,
    **{one.key: 20 for one in vitals()},
}
"""Every field of the form and how long its text may be."""
MOST_OTHERS = 11
"""With the main one twelve, as many as insurance XML has room for."""
FARTHEST = timedelta(days=731)
MOST_REPEAT_DAYS = 90
"""The longest prescription of a lasting illness (TT 26/2025/TT-BYT)."""
_DAY = re.compile(r"(\d{1,2})[/.\- ](\d{1,2})[/.\- ](\d{4})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Setting:
    """What the reading of a visit depends on besides its texts. `born`: only when it is known to the day; `known`: ids
    of the prescriptions that can be repeated; `prompts`: lines that a template offers, which say nothing while nobody
    answered them."""

    today: date
    months: int | None = None
    sex: str = ""
    born: date | None = None
    last: Mapping[str, Last] = field(default_factory=dict)
    known: frozenset[str] = frozenset()
    prompts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Note:
    reason: str = ""
    findings: str = ""
    measured: Mapping[str, tuple[Decimal, ...]] = field(default_factory=dict)
    main: Diagnosis | None = None
    suspected: bool = False
    lasting: bool = False
    others: Sequence[Diagnosis] = ()
    plan: str = ""
    repeat: Sequence[str] = ()
    repeat_days: int = 30
    next: date | None = None
    template: Template | None = None

    @property
    def empty(self) -> bool:
        return not (self.reason or self.findings or self.measured or self.main or self.plan or self.repeat)


@dataclass(frozen=True, slots=True)
class Reading:
    """`faults` forbid signing; `doubts` are asked once; `choices` are codes for words that mean several, by field."""

    note: Note
    faults: Sequence[Problem] = ()
    doubts: Sequence[Problem] = ()
    choices: Mapping[str, Sequence[Diagnosis]] = field(default_factory=dict)

    @property
    def asked(self) -> str:
        """What the writer says yes to when the doubts are right: these very ones, not those of a later value."""
        told = repr([(one.field, one.kind, sorted(one.values.items())) for one in self.doubts])
        return blake2b(told.encode(), digest_size=8).hexdigest()


def clipped(fields: Mapping[str, str]) -> dict[str, str]:
    """The fields of the form among what was sent, each as long as it may be, without control characters."""
    return {name: _clean(fields[name])[:most] for name, most in LIMITS.items() if name in fields}


def reading(fields: Mapping[str, str], setting: Setting) -> Reading:
    faults: list[Problem] = []
    odd: list[Problem] = []
    template = templates().get(fields.get("template", ""))
    measured: dict[str, tuple[Decimal, ...]] = {}
    for one in measured_in(template):
        if not (text := fields.get(one.key, "").strip()):
            continue
        found = read(one, text)
        if isinstance(found, Problem):
            faults.append(found)
            continue
        measured[one.key] = found
        child = child_doubts(one, found[0], setting.born, setting.sex, setting.today)
        odd += child or doubts(one, found, setting.months, setting.last.get(one.key), setting.today)
    main, choices = _main(fields, faults)
    note = Note(
        reason=fields.get("reason", "").strip(),
        findings=_answered(fields.get("findings", ""), setting.prompts),
        measured=measured,
        main=main,
        suspected=bool(fields.get("suspected")),
        lasting=bool(fields.get("lasting")),
        others=_others(fields, main, faults),
        plan=fields.get("plan", "").strip(),
        repeat=_repeat(fields, setting, faults),
        repeat_days=_days(fields, faults),
        next=_next(fields, setting.today, faults, odd),
        template=template,
    )
    if note.empty:
        faults.insert(0, Problem("reason", "empty", {}))
    elif not note.reason:
        faults.insert(0, Problem("reason", "reason", {}))
    return Reading(note, faults, odd, choices)


def day_of(text: str) -> date | None:
    """A day as it is typed, 05/12/2026; None for what is no day."""
    match = _DAY.match(text.strip())
    try:
        return date(int(match[3]), int(match[2]), int(match[1])) if match else None
    except ValueError:
        return None


def _clean(text: str) -> str:
    return "".join(ch for ch in text.replace("\r\n", "\n") if ch == "\n" or ch.isprintable())


def _answered(text: str, prompts: frozenset[str]) -> str:
    return "\n".join(line for line in text.splitlines() if line.strip().removesuffix(":") not in prompts).strip()


def _main(fields: Mapping[str, str], faults: list[Problem]) -> tuple[Diagnosis | None, dict[str, Sequence[Diagnosis]]]:
    """A code decides; words that mean one diagnosis are that one; of several the writer chooses, or keeps the words."""
    text = " ".join(fields.get("main", "").split())
    if not text:
        return None, {}
    if found := named(text):
        return found, {}
    if fields.get("as_words"):
        return Diagnosis("", text), {}
    met = search(text)
    exact = [one for one in met if fold(text) in (fold(one.vi), fold(one.en))]
    if len(exact) == 1 or len(met) == 1:
        return (exact or met)[0], {}
    faults.append(Problem("main", "which-diagnosis" if met else "no-diagnosis", {"text": text[:60]}))
    return None, {"main": met}


def _others(fields: Mapping[str, str], main: Diagnosis | None, faults: list[Problem]) -> list[Diagnosis]:
    """A line each; a line without a code stays the words it is."""
    lines = [" ".join(line.split()) for line in fields.get("others", "").splitlines()]
    found = [named(line) or Diagnosis("", line[:200]) for line in lines if line]
    if len(found) > MOST_OTHERS:
        faults.append(Problem("others", "many-others", {"most": str(MOST_OTHERS)}))
    if main is not None and main.code and any(one.code == main.code for one in found):
        faults.append(Problem("others", "twice", {"code": main.code}))
    if found and not fields.get("main", "").strip():
        faults.append(Problem("main", "main-missing", {}))
    return found[:MOST_OTHERS]


def _repeat(fields: Mapping[str, str], setting: Setting, faults: list[Problem]) -> list[str]:
    chosen = list(dict.fromkeys(fields.get("repeat", "").split()))
    if any(one not in setting.known for one in chosen):
        faults.append(Problem("repeat", "medicine-gone", {}))
    return [one for one in chosen if one in setting.known]


def _days(fields: Mapping[str, str], faults: list[Problem]) -> int:
    text = fields.get("repeat_days", "").strip() or "30"
    if fields.get("repeat") and not (text.isascii() and text.isdecimal() and 1 <= int(text) <= MOST_REPEAT_DAYS):
        faults.append(Problem("repeat_days", "repeat-days", {"most": str(MOST_REPEAT_DAYS)}))
        return 30
    return int(text) if text.isascii() and text.isdecimal() else 30


def _next(fields: Mapping[str, str], today: date, faults: list[Problem], odd: list[Problem]) -> date | None:
    text = fields.get("next", "").strip()
    if not text:
        return None
    found = day_of(text)
    if found is None:
        faults.append(Problem("next", "day-form", {"text": text[:20]}))
    elif found <= today:
        faults.append(Problem("next", "day-past", {"text": text[:20]}))
    elif found - today > FARTHEST:
        faults.append(Problem("next", "day-far", {"text": text[:20]}))
    else:
        if found.weekday() == 6:
            odd.append(Problem("next", "sunday", {"text": text[:20]}))
        return found
    return None


def suggested(template: Template, fields: Mapping[str, str], today: date, words: Mapping[str, str]) -> dict[str, str]:
    """What choosing a template fills in: only what is still empty. `words`: catalogue keys in the reader's language."""
    prompts: Iterable[str] = (f"{words[key]}: " for key in template.prompts)
    offered = {
        "reason": words[template.reason],
        "findings": "\n".join(prompts),
        "main": words.get(f"diagnosis:{template.diagnosis}", ""),
        "lasting": "yes" if template.lasting and not fields.get("main", "").strip() else "",
        "next": f"{_workday(today + timedelta(days=template.days)):%d/%m/%Y}",
    }
    filled = {name: text for name, text in offered.items() if text and not fields.get(name, "").strip()}
    return {**fields, **filled, "template": template.key}


def _workday(day: date) -> date:
    """Nobody is called for a Sunday."""
    return day + timedelta(days=1) if day.weekday() == 6 else day
