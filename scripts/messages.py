"""Keeps the message catalogues in step with the pages: adds new texts, drops unused ones, compiles (`--check`: looks).

Texts come from templates, code, the clinical rule tables and the role table; their English is the key.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
WEB, CARE = ROOT / "src/hoso/web", ROOT / "src/hoso/care"
LOCALES = ("vi", "en")
_METHODS = [("**/templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
_OPTIONS = {"**/templates/**.html": {"trimmed": "false"}}
_KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "Row": (1,)}

Message = str | tuple[str, str]


def wanted() -> set[Message]:
    """Every text a page may show."""
    found: set[Message] = set()
    for folder in (WEB, CARE):
        for _, _, message, _, _ in extract_from_dir(folder, _METHODS, _OPTIONS, _KEYWORDS):
            if isinstance(message, tuple):
                found.add((str(message[0]), str(message[1])))
            elif message:
                found.add(message)
    return found | set(_titles())


def _titles() -> Iterator[str]:
    from hoso.access.organisation.kinds import kinds
    from hoso.care.referrals.paper import FIELDS as OF_A_REFERRAL
    from hoso.care.referrals.paper import REPLY_FIELDS
    from hoso.care.timeline import CARE_TITLES, SAID
    from hoso.web import trail_words
    from hoso.web.agreeing import words as agreeing
    from hoso.web.alarm import DELAY_TITLES as DELAYS
    from hoso.web.alarm import OUTCOME_TITLES as OUTCOMES
    from hoso.web.alarm import REASON_TITLES as EMERGENCIES
    from hoso.web.citizens import titles as citizens
    from hoso.web.imports.words import ENCODING_TITLES, SEPARATOR_TITLES, SURE_TITLES
    from hoso.web.inbox.words import FORMAT_TITLES, LEFT_TITLES, STATE_TITLES, WHOSE_TITLES
    from hoso.web.oauth.words import TITLES
    from hoso.web.practice import tasks
    from hoso.web.record import EVERYTHING, KIND_TITLES
    from hoso.web.registering.titles import RELATIONS
    from hoso.web.reviews import CAUSE_TITLES, CONTRADICTIONS, DONE, FIELDS, PRIORITY_TITLES
    from hoso.web.roles import titles as role_titles
    from hoso.web.sources import EVENTS, HOW, REASONS
    from hoso.web.staffing.problems import PROBLEMS
    from hoso.web.staffing.titles import KIND_TITLES as PLACES
    from hoso.web.upkeep import words as upkeep
    from hoso.web.visits.words import FIELD_TITLES as OF_A_VISIT

    for file in sorted(CARE.glob("rules/*.toml")):
        rules = tomllib.loads(file.read_text("utf-8"))
        for listed in rules.values():
            if isinstance(listed, list):
                yield from (rule["title"] for rule in listed if "title" in rule)
    visit = tomllib.loads((CARE / "rules/visit.toml").read_text("utf-8"))
    yield from (text for one in visit["template"] for text in (one["reason"], *one["prompts"]))
    yield from (unit for one in visit["vital"] if not (unit := one["unit"]).isascii() and unit != "°C")
    yield from OF_A_VISIT.values()
    yield from (field.title for field in (*OF_A_REFERRAL, *REPLY_FIELDS))
    yield from role_titles().values()
    yield from (*EMERGENCIES.values(), *OUTCOMES.values(), *DELAYS.values())
    yield from (*(kind.title for kind in kinds().values()), *PROBLEMS.values(), *PLACES.values())
    yield from (*CAUSE_TITLES.values(), *PRIORITY_TITLES.values(), *CONTRADICTIONS.values(), *DONE.values(), *FIELDS)
    yield from TITLES.values()
    yield from agreeing.every()
    yield from (*STATE_TITLES.values(), *WHOSE_TITLES.values(), *LEFT_TITLES.values(), *FORMAT_TITLES.values())
    yield from tasks.every()
    yield from (*upkeep.every(), "Texts of the pages", "Answers to systems", "Chapters of the manual")
    yield from (*SURE_TITLES.values(), *ENCODING_TITLES.values(), *SEPARATOR_TITLES.values())
    yield from (*citizens.every(), *trail_words.every(), *RELATIONS.values())
    yield from (*HOW.values(), *EVENTS.values(), *REASONS.values())
    yield from (*CARE_TITLES.values(), *SAID, *KIND_TITLES.values(), EVERYTHING, "Pregnancy")


def file_of(locale: str) -> Path:
    return WEB / "locale" / locale / "LC_MESSAGES" / "django.po"


def catalogue(locale: str) -> Catalog:
    file = file_of(locale)
    if not file.exists():
        return Catalog(locale=locale)
    with file.open("rb") as source:
        return read_po(source, locale=locale)


def faults(locale: str) -> list[str]:
    """What is missing, empty or no longer used in a catalogue, and whether the compiled one is of another day."""
    there = catalogue(locale)
    texts = {m.id: m.string for m in there if m.id}
    found = [f"{locale}: not in the catalogue: {message!r}" for message in wanted() - set(texts)]
    found += [f"{locale}: no longer used: {message!r}" for message in set(texts) - wanted()]
    for message, string in texts.items():
        strings = string if isinstance(string, tuple | list) else [string]
        if not all(strings):
            found.append(f"{locale}: not translated: {message!r}")
    if compiled(locale) != {_plain(id): _plain(string) for id, string in texts.items()}:
        found.append(f"{locale}: django.mo is of another day than django.po; run this without --check")
    return sorted(found)


def compiled(locale: str) -> dict[tuple[str, ...], tuple[str, ...]]:
    file = file_of(locale).with_suffix(".mo")
    if not file.exists():
        return {}
    with file.open("rb") as source:
        return {_plain(m.id): _plain(m.string) for m in read_mo(source) if m.id}


def _plain(text: str | list[str] | tuple[str, ...]) -> tuple[str, ...]:
    """One form or several; of a single-form plural only the first is kept in both files."""
    return (text,) if isinstance(text, str) else tuple(text)


def update(locale: str) -> None:
    old = {m.id: m.string for m in catalogue(locale) if m.id}
    made = Catalog(
        locale=locale, project="HoSo", version="1", fuzzy=False, header_comment="# HoSo: texts of the pages."
    )
    for message in sorted(wanted(), key=str):
        made.add(message, old.get(message) or (message if locale == "en" else None))
    file = file_of(locale)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("wb") as out:
        write_po(out, made, width=0, omit_header=False)
    with file.with_suffix(".mo").open("wb") as out:
        write_mo(out, made)


def main() -> int:
    if "--check" not in sys.argv:
        for locale in LOCALES:
            update(locale)
    found = [fault for locale in LOCALES for fault in faults(locale)]
    print(*found, sep="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
