"""Is this a code, does it hold on that day, is it called so: answers with their reason."""

from __future__ import annotations

from typing import NamedTuple

from hoso.core.errors import Issue, Refused
from hoso.core.text import fold
from hoso.fhir.terminology.codesystem import CodeSystem, Concept, Language
from hoso.fhir.terminology.library import Library, ValueSet
from hoso.fhir.terminology.selection import select


class Coding(NamedTuple):
    system: str
    code: str
    version: str = ""
    display: str = ""


class Checked(NamedTuple):
    result: bool
    display: str = ""
    reason: Issue | None = None


def in_system(library: Library, coding: Coding, day: str, language: Language) -> Checked:
    """Raises Refused for a code system that is not known: then nothing can be said."""
    system = known_system(library, coding.system, coding.version, day)
    concept = system.find(coding.code)
    if concept is None:
        return Checked(False, "", _absent(system, coding))
    if not concept.holds(day):
        then = {"concept": coding.code[:80], "url": coding.system[:200], "day": day}
        return Checked(False, concept.display(language), Issue("code-invalid", "terminology.not-then", then))
    return _called(system, concept, coding, language)


def in_set(library: Library, value_set: ValueSet, coding: Coding, day: str, language: Language) -> Checked:
    selection = select(library, value_set.tree, day)
    system = coding.system or selection.only_system()
    if not system:
        raise Refused.because(422, "required", "terminology.which-system")
    found = selection.find(system, coding.code)
    if found is None:
        where = {"concept": coding.code[:80], "system": system[:200], "url": value_set.head.url[:200]}
        return Checked(False, "", Issue("code-invalid", "terminology.not-in-set", where))
    if coding.version and found.version and coding.version != found.version:
        return in_system(library, coding._replace(system=system), day, language)
    return _called(library.system(found.system, found.version, day), found.concept, coding, language)


def known_system(library: Library, url: str, version: str, day: str) -> CodeSystem:
    found = library.system(url, version, day)
    if found is None:
        name = f"{url}|{version}" if version else url
        raise Refused.because(404, "not-found", "terminology.no-system", url=name[:200])
    return found


def _absent(system: CodeSystem, coding: Coding) -> Issue:
    key = "terminology.no-code-fragment" if system.head.content == "fragment" else "terminology.no-code"
    return Issue("code-invalid", key, {"concept": coding.code[:80], "url": system.head.url})


def _called(system: CodeSystem | None, concept: Concept, coding: Coding, language: Language) -> Checked:
    """A display that is given must be one of the names, whatever its accents. It is let be where no name is known, and
    where the list is a fragment: its names are not all there are."""
    names = [name for name in (concept.vi, concept.en, *concept.words) if name]
    display = concept.display(language)
    partly = system is not None and system.head.content == "fragment"
    if not coding.display or not names or partly or fold(coding.display) in map(fold, names):
        return Checked(True, display)
    said = {"concept": coding.code[:80], "right": display, "given": coding.display[:120]}
    return Checked(False, display, Issue("invalid", "terminology.display", said))
