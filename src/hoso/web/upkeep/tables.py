"""Code tables: which lists of codes this server knows, of which version and from where, and a look-up in one."""

from __future__ import annotations

from collections.abc import Iterable

from django.http import HttpRequest, HttpResponse

from hoso.access.organisation.facilities import Facility
from hoso.core import fold
from hoso.core.errors import Refused
from hoso.fhir.outcome import Language
from hoso.fhir.terminology import CodeSystem, Concept, Head, Library
from hoso.web.pages import errand, page, records
from hoso.web.staffing.gate import administrators
from hoso.web.stewards import reader, said

MOST = 50
LONGEST = 100


@administrators
def listed(request: HttpRequest, place: Facility) -> HttpResponse:
    library, language = records().lists(errand(request)), reader()
    systems = [one for several in library.systems.values() for one in several]
    sets = [one.head for several in library.value_sets.values() for one in several]
    asked = request.GET.get("words", "")[:LONGEST].strip()
    chosen = _chosen(library, request.GET.get("system", ""))
    found, problem = None, ""
    if chosen is not None and asked:
        try:
            found = _found(chosen, asked)
        except Refused as refused:  # a list whose hierarchy is none
            problem = said(refused)
    return page(
        request, "upkeep/tables.html", place=place, asked=asked, chosen=chosen.head if chosen else None,
        systems=_titled((one.head for one in systems), language), sets=_titled(sets, language),
        maps=sum(map(len, library.maps.values())), problem=problem,
        found=None if found is None else [(one.code, one.display(language)) for one in found[:MOST]],
        more=found is not None and len(found) > MOST,
    )  # fmt: skip


def _titled(heads: Iterable[Head], language: Language) -> list[tuple[Head, str]]:
    return sorted(((head, head.title(language) or head.url) for head in heads), key=lambda row: fold(row[1]))


def _chosen(library: Library, name: str) -> CodeSystem | None:
    """By `address|version`; None for one that is not known."""
    url, _, version = name.partition("|")
    return library.system(url, version) if url else None


def _found(system: CodeSystem, asked: str) -> list[Concept]:
    """Concepts that hold every word, in code or name; those whose code begins so come first."""
    words = fold(asked).split()
    searched = system.searched
    hits = [one for one in system.concepts.values() if all(word in searched[one.code] for word in words)]
    return sorted(hits[: 20 * MOST], key=lambda one: not fold(one.code).startswith(words[0]) if words else False)
