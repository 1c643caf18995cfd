"""From a role to the scopes of its actor: the cells of the matrix of permissions, as rights on types.

The scopes say on which types anything may be had at all; whose records these are is for the policy to say at each call.
"""

from __future__ import annotations

from functools import cache

from hoso.access import Actor, Scopes
from hoso.access.policy import matrix
from hoso.access.scope import Right

_READ: frozenset[Right] = frozenset({"r", "s"})
_WRITE: frozenset[Right] = frozenset({"c", "u"})


@cache
def titles() -> dict[str, str]:
    """Role → its title, a catalogue key; the roles that an account may have."""
    found = ((name, matrix.role(name)) for name in matrix.names())
    return {name: row.title for name, row in found if row is not None}


@cache
def scopes(role: str) -> Scopes:
    """Nothing for a role that is no longer in the table."""
    row = matrix.role(role)
    if row is None:
        return Scopes()
    rights = dict.fromkeys(row.types["view"], _READ)
    return Scopes(rights | {type: rights.get(type, frozenset()) | _WRITE for type in row.types["write"]})


def administers(role: str) -> bool:
    """Whether this is somebody who decides about apps and systems."""
    row = matrix.role(role)
    return row is not None and row.administers


def actor(username: str, role: str, facility: str = "", assurance: str = "single") -> Actor:
    return Actor(f"user/{username}", scopes(role), facility=facility, assurance=assurance)
