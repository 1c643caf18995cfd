"""The summary that a citizen shares: what the citizen sees, without what was closed to others or has a label.

What was left out is counted, and the citizen alone decides whether it goes along.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from django.http import HttpRequest
from django.utils.translation import get_language

from hoso.access.citizen.wishes import Wish
from hoso.access.policy.matrix import kinds
from hoso.care import ips
from hoso.care.elements import Resource, key_of
from hoso.care.ips.table import Language
from hoso.fhir.json import exact
from hoso.fhir.labels import system
from hoso.web.door import Door
from hoso.web.oauth.origin import fhir
from hoso.web.pages import desk, door, errand, node_name
from hoso.web.persons import Person


@dataclass(frozen=True, slots=True)
class Shareable:
    """What may go along. `kept_back`: how many entries are closed to others or specially protected."""

    resources: list[Resource]
    kept_back: int


def shareable(request: HttpRequest, person: Person, *, closed: bool = False, sent: bool = False) -> Shareable:
    """`closed`: with what was closed or has a label. `sent`: it goes out, which is told as sending."""
    if sent:
        request.errand = replace(errand(request), activity="send")  # type: ignore[attr-defined]
    reach = door(request)
    own = _records(reach, person)
    others = _open(own, desk().wishes.own(reach.errand))
    shared = own if closed else others
    return Shareable([*shared, *reach.named_in(shared)], len(own) - len(others))


def preview(request: HttpRequest, found: Shareable) -> list[ips.Contents]:
    return ips.contents(found.resources, door(request).today, _language())


def document(request: HttpRequest, person: Person, found: Shareable, withheld: Collection[str] = ()) -> Resource:
    """The IPS. `withheld`: keys of sections that the citizen left out."""
    asked = ips.Asked(
        base=fhir(request),
        author=f"HoSo ({node_name()})",
        today=door(request).today,
        language=_language(),
        withheld=withheld,
    )
    return ips.summary(person.patient, found.resources, asked)


def types_in(document: Resource) -> set[str]:
    """Types of the data in it, as the log names them."""
    return {entry["resource"]["resourceType"] for entry in document["entry"]} & {*ips.READ, "Patient"}


def _language() -> Language:
    return "en" if get_language() == "en" else "vi"


def _records(reach: Door, person: Person) -> list[Resource]:
    types = [type for type in (*ips.READ, "Encounter", "Patient") if reach.may(type)]
    found = reach.records.everything(reach.errand, person.id, types=types)
    return [exact(version.body) for version in found if not version.deleted]


def _open(records: Iterable[Resource], wishes: Iterable[Wish]) -> list[Resource]:
    """What others may see as well, as far as it depends on the record and not on who looks."""
    closed = {(wish.closed, wish.target) for wish in wishes}
    types = {type for kind, some in kinds().items() if ("kind", kind) in closed for type in some}
    return [
        one
        for one in records
        if one["resourceType"] in ("Patient", "Encounter")
        or not (one["resourceType"] in types or ("record", key_of(one)) in closed or _labelled(one))
    ]


def _labelled(one: Resource) -> bool:
    return any(mark.get("system") == system() for mark in one.get("meta", {}).get("security", ()))
