"""The codes of a value set as a page: sought, counted, sorted, in one language."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hoso.core.errors import Refused
from hoso.fhir.terminology.codesystem import CodeSystem, Concept, Language
from hoso.fhir.terminology.looking_up import Sought
from hoso.fhir.terminology.selection import Member, Selection

MOST = 5_000
"""Codes of one answer. A set with more is read in pages or sought in."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of an expansion; `count` None means all."""

    day: str
    language: Language
    text: str = ""
    offset: int = 0
    count: int | None = None
    active_only: bool = False
    designations: bool = False


@dataclass(frozen=True, slots=True)
class Expanded:
    total: int
    contains: list[dict[str, Any]]
    used: list[str]
    """The versions of code systems that were looked at, `url|version`."""


def expand(selection: Selection, wish: Wish) -> Expanded:
    """Raises Refused when all are wanted and they are too many."""
    sought = Sought(wish.text)

    def admits(system: CodeSystem | None, concept: Concept) -> bool:
        return (not wish.active_only or concept.holds(wish.day)) and sought.admits(system, concept)

    found = list(selection.members(admits))
    if wish.text:
        systems = selection.systems()
        found.sort(key=lambda one: sought.rank(systems.get(one.system), one.concept))
    if wish.count is None and len(found) - wish.offset > MOST:
        raise Refused.because(422, "too-costly", "terminology.many", total=str(len(found)), limit=str(MOST))
    most = MOST if wish.count is None else min(wish.count, MOST)
    page = found[wish.offset : wish.offset + most]
    used = sorted(f"{url}|{one.head.version}" for url, one in selection.systems().items() if one.head.version)
    return Expanded(len(found), [_shown(one, wish) for one in page], used)


def _shown(member: Member, wish: Wish) -> dict[str, Any]:
    concept = member.concept
    shown: dict[str, Any] = {"system": member.system}
    if not concept.holds(wish.day):
        shown["inactive"] = True
    if member.version:
        shown["version"] = member.version
    shown["code"] = concept.code
    display = concept.display(wish.language)
    if display:
        shown["display"] = display
    if wish.designations and (named := designations(concept)):
        shown["designation"] = named
    return shown


def designations(concept: Concept) -> list[dict[str, Any]]:
    """What it is called in each language; the other words it is found by are Vietnamese or English, unsaid which."""
    named = [
        {"language": language, "value": text} for language, text in (("vi", concept.vi), ("en", concept.en)) if text
    ]
    return [*named, *({"value": word} for word in concept.words)]
