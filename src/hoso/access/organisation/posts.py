"""In which role and at which facility somebody may act now: what their PractitionerRoles say, asked at every request.

Nothing is remembered, so a post that ended, was taken away or whose facility closed counts for nothing at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hoso.access.policy import matrix
from hoso.core.clock import Clock, to_ms
from hoso.fhir.json import parse as parse_json
from hoso.fhir.organisation import (
    code_of,
    kind_of,
    organization_of,
    parent_of,
    period_of,
    practitioner_of,
    roles_of,
)
from hoso.fhir.search import parse
from hoso.fhir.systems import ROLE
from hoso.store.contract import Reading
from hoso.store.visible import Visible

Resource = dict[str, Any]
DEEPEST = 8
"""A tree deeper than this is a mistake, or a ring."""
NOBODYS = frozenset({"citizen", "system", "sender"})
"""Roles that no PractitionerRole gives."""
_MOST = 100
_SEEN = Visible(frozenset({"PractitionerRole"}))


@dataclass(frozen=True, slots=True)
class Post:
    """A PractitionerRole in force. `facility` is the code, `place` and `department` are names, the latter often empty.

    `home` is the id of the facility's Organization, `organization` that of the department where there is one.
    Milliseconds, half open.
    """

    id: str
    practitioner: str
    role: str
    organization: str
    home: str
    kind: str
    facility: str
    place: str
    department: str
    since: int
    until: int


class Posts:
    def __init__(self, reading: Reading, clock: Clock) -> None:
        self._reading, self._clock = reading, clock

    def post(self, practitioner: str, id: str) -> Post | None:
        """The one a session or a connection was begun in; None when it is not theirs or not in force."""
        found = live(self._reading, "PractitionerRole", id) if practitioner and id else None
        if found is None or practitioner_of(found) != practitioner or not self._works(practitioner):
            return None
        return self._in_force(found)

    def of(self, practitioner: str) -> list[Post]:
        """All in force, those with the earliest beginning first."""
        if not practitioner or not self._works(practitioner):
            return []
        met = (self._in_force(one) for one in of_practitioner(self._reading, practitioner))
        return sorted((one for one in met if one is not None), key=lambda one: (one.since, one.id))

    def holding(self, role: str) -> Iterator[Post]:
        """Everybody's of a role that are in force."""
        query, cursor = parse("PractitionerRole", [("role", f"{ROLE}|{role}"), ("_count", str(_MOST))]), None
        while True:
            page = self._reading.search(query, _SEEN, cursor)
            for version in page.matches:
                post = self._in_force(parse_json(version.body))
                if post is not None and self._works(post.practitioner):
                    yield post
            cursor = page.cursor
            if cursor is None:
                return

    def known(self, practitioner: str) -> bool:
        return bool(practitioner) and live(self._reading, "Practitioner", practitioner) is not None

    def _works(self, practitioner: str) -> bool:
        found = live(self._reading, "Practitioner", practitioner)
        return found is not None and found.get("active") is not False

    def _in_force(self, resource: Resource) -> Post | None:
        since, until = period_of(resource)
        if resource.get("active") is False or not since <= to_ms(self._clock()) < until:
            return None
        return self.read(resource)

    def read(self, resource: Resource) -> Post | None:
        """What a PractitionerRole gives, whenever; None when it gives no role at an open facility."""
        roles = roles_of(resource)
        if len(roles) != 1 or matrix.role(roles[0]) is None or roles[0] in NOBODYS:
            return None
        line = upwards(self._reading, organization_of(resource))
        if not line or any(one.get("active") is False for one in line) or not code_of(line[-1]):
            return None
        home, department = line[-1], line[0] if len(line) > 1 else {}
        since, until = period_of(resource)
        return Post(
            str(resource["id"]), practitioner_of(resource), roles[0], str(line[0]["id"]), str(home["id"]),
            kind_of(home), code_of(home), str(home.get("name", "")), str(department.get("name", "")), since, until,
        )  # fmt: skip


def of_practitioner(reading: Reading, practitioner: str) -> list[Resource]:
    """Every PractitionerRole that is not deleted, ours and others'."""
    query = parse("PractitionerRole", [("practitioner", f"Practitioner/{practitioner}"), ("_count", str(_MOST))])
    found = reading.search(query, _SEEN).matches
    return [parse_json(version.body) for version in found if not version.deleted]


def upwards(reading: Reading, organization: str) -> list[Resource]:
    """From an Organization up to the first that has a code, its facility; empty when none is reached."""
    line: list[Resource] = []
    while organization and len(line) < DEEPEST:
        found = live(reading, "Organization", organization)
        if found is None:
            return []
        line.append(found)
        if code_of(found):
            return line
        organization = parent_of(found)
    return []


def live(reading: Reading, type: str, id: str) -> Resource | None:
    head = reading.read(type, id)
    return None if head is None or head.deleted else parse_json(head.body)
