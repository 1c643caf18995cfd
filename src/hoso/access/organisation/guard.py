"""Who may write the records that rights come from: an administrator within their own facility, and never about oneself.

Asked for every draft of a caller who is limited in any way, inside the transaction that would store it. An operator's
token and command are not asked: who has them has the machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hoso.access.actor import Actor
from hoso.access.organisation.kinds import governs
from hoso.access.organisation.posts import DEEPEST, Resource, live, of_practitioner
from hoso.access.policy import matrix
from hoso.core.errors import Refused
from hoso.fhir.json import parse as parse_json
from hoso.fhir.organisation import (
    code_of,
    codes_of,
    kind_of,
    organization_of,
    parent_of,
    practitioner_of,
    roles_of,
)
from hoso.fhir.search import parse
from hoso.fhir.search.values import escape
from hoso.store.contract import Draft, Reading, Version
from hoso.store.visible import Visible

GOVERNED = frozenset(
    ("Organization", "Location", "HealthcareService", "OrganizationAffiliation", "Practitioner", "PractitionerRole")
)
_PLACES = {
    "Location": "managingOrganization",
    "HealthcareService": "providedBy",
    "OrganizationAffiliation": "organization",
}
_HELD = ("identifier", "partOf", "type", "active")
"""Of a facility itself: what places it in the tree is for whoever looks after the tree."""
_ORGANIZATIONS = Visible(frozenset({"Organization"}))


Coming = Mapping[str, Resource]
"""Organizations that are made in the same transaction, by id; each of them is asked about as well."""


def coming(drafts: Iterable[Draft]) -> Coming:
    made = (one for one in drafts if one.type == "Organization" and one.method == "POST" and one.resource is not None)
    return {one.id: {**(one.resource or {}), "id": one.id} for one in made}


def check(actor: Actor, draft: Draft, head: Version | None, reading: Reading, coming: Coming) -> None:
    """Raises Refused (403) unless this caller may have the record so."""
    old = parse_json(head.body) if head is not None and not head.deleted else None
    row = matrix.role(actor.role) if actor.role else None
    if row is not None and row.administers:
        fault = Administration(actor, reading, coming).fault(draft, old)
    else:
        fault = _of_system(draft, old, reading)
    if fault:
        raise Refused.because(403, "forbidden", fault, type=draft.type)


def _of_system(draft: Draft, old: Resource | None, reading: Reading) -> str:
    """A system keeps its directory of facilities and staff; rights of people are not among what it gives."""
    match draft.type:
        case "PractitionerRole":
            if any(roles_of(one) for one in (old, draft.resource) if one):
                return "organisation.rights"
        case "Practitioner":
            if old and _stops(old, draft.resource) and any(map(roles_of, of_practitioner(reading, draft.id))):
                return "organisation.rights"
        case "Organization":
            if old and (draft.resource is None or _placed(old) != _placed(draft.resource)):
                return "organisation.tree"
    return ""


def _stops(old: Resource, new: Resource | None) -> bool:
    return new is None or new.get("active", True) != old.get("active", True)


def _placed(organization: Resource) -> Any:
    return codes_of(organization), parent_of(organization), organization.get("active", True), kind_of(organization)


class Administration:
    """What one administrator looks after: their facility and all below it."""

    def __init__(self, actor: Actor, reading: Reading, coming: Coming | None = None) -> None:
        self._actor, self._reading, self._coming = actor, reading, coming or {}
        self._homes = homes(reading, actor.facility)

    @property
    def kind(self) -> str:
        return next((kind_of(one) for one in self._homes.values()), "")

    def holds(self, organization: str, *, but: str = "") -> bool:
        """Whether an organisation is the facility itself or stands below it, and not below `but`."""
        for _ in range(DEEPEST):
            if organization == but != "":
                return False
            if organization in self._homes:
                return True
            found = live(self._reading, "Organization", organization) if organization else None
            found = found or self._coming.get(organization)
            if found is None or (code_of(found) and not governs(self.kind)):
                return False
            organization = parent_of(found)
        return False

    def fault(self, draft: Draft, old: Resource | None) -> str:
        """The key of why not; empty when it may be."""
        stands = [one for one in (old, draft.resource) if one is not None]
        match draft.type:
            case "PractitionerRole":
                return next(filter(None, map(self._role, stands)), "")
            case "Practitioner":
                return "" if old is None or self.employs(draft.id) else "organisation.elsewhere"
            case "Organization":
                return self._organization(old, draft.resource)
        name = _PLACES[draft.type]
        mine = all(self.holds(organization_of({"organization": one.get(name)})) for one in stands)
        return "" if mine else "organisation.elsewhere"

    def _role(self, resource: Resource) -> str:
        roles = roles_of(resource)
        if not self.holds(organization_of(resource)):
            return "organisation.elsewhere"
        if not practitioner_of(resource) or len(roles) > 1:
            return "organisation.unclear"
        if not self._actor.practitioner or practitioner_of(resource) == self._actor.practitioner:
            return "organisation.oneself"
        return "" if all(matrix.gives(self.kind, role) for role in roles) else "organisation.gives"

    def employs(self, practitioner: str) -> bool:
        """Whether somebody works here, and nowhere else."""
        places = [organization_of(one) for one in of_practitioner(self._reading, practitioner)]
        return bool(places) and all(map(self.holds, places))

    def _organization(self, old: Resource | None, new: Resource | None) -> str:
        if new is None:
            return "organisation.tree"
        if old is not None and old["id"] in self._homes:
            return "" if all(old.get(name) == new.get(name) for name in _HELD) else "organisation.tree"
        if old is not None and not self.holds(old["id"]):
            return "organisation.elsewhere"
        if not parent_of(new) or not self.holds(parent_of(new), but=str(new.get("id", ""))):
            return "organisation.elsewhere"
        if codes_of(new) != (codes_of(old) if old else frozenset()):
            return self._numbered(new)
        return ""

    def _numbered(self, new: Resource) -> str:
        """A facility is added by those who govern, under numbers that nobody has."""
        taken = any(numbered(self._reading, value).keys() - {new.get("id")} for _, value in codes_of(new))
        return "" if governs(self.kind) and not taken else "organisation.tree"


def homes(reading: Reading, code: str) -> dict[str, Resource]:
    """The Organizations that are the facility of a code, by id; one, unless several systems wrote it."""
    return {id: one for id, one in numbered(reading, code).items() if code_of(one) == code}


def numbered(reading: Reading, number: str) -> dict[str, Resource]:
    """Those that have a number of any kind, be it the one they act under or not."""
    if not number:
        return {}
    query = parse("Organization", [("identifier", escape(number)), ("_count", "20")])
    met = reading.search(query, _ORGANIZATIONS).matches
    found = [parse_json(version.body) for version in met if not version.deleted]
    return {one["id"]: one for one in found if number in (value for _, value in codes_of(one))}
