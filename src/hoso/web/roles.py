"""From an account's role to who acts: a row of the policy's matrix, with the scopes of its cells."""

from __future__ import annotations

from functools import cache

from hoso.access.actor import Actor
from hoso.access.policy import matrix
from hoso.access.policy.scopes import scopes

CITIZEN = "citizen"
_NOBODYS = ("system", "sender", CITIZEN)


@cache
def titles() -> dict[str, str]:
    """Role of an account → its title, a catalogue key; the older names, too."""
    names = (*matrix.roles(), *matrix.aliases())
    return {name: row.title for name in names if name != "system" and (row := matrix.role(name))}


def staff() -> list[str]:
    """Roles an operator may give; citizens come by a code from a facility."""
    return [role for role in titles() if role not in _NOBODYS]


def administers(role: str) -> bool:
    """Whether this is somebody who decides about apps and systems."""
    row = matrix.role(role)
    return row is not None and row.administers


def finds_people(role: str) -> bool:
    """Whether a person's name is shown to the role: what it does not see it cannot search by."""
    row = matrix.role(role)
    return row is not None and row.covers("view", "Patient") and "name" not in row.masks.get("Patient", ())


def actor(
    username: str, role: str, facility: str = "", *, practitioner: str = "", person: str = "", assurance: str = ""
) -> Actor:
    """Of a role that is no longer in the table: somebody who may nothing."""
    return Actor(f"user/{username}", scopes(role), role, facility, practitioner, person, assurance)
