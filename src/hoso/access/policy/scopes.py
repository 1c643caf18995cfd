"""The cells of a role as scopes: on which types anything may be had at all.

Only for an actor that carries the role as well (`Actor.role`): without it nobody asks whose records these are, and the
scopes alone would be too wide.
"""

from __future__ import annotations

from functools import cache

from hoso.access.policy import matrix
from hoso.access.scope import Right, Scopes

_READ: frozenset[Right] = frozenset({"r", "s"})
_WRITE: frozenset[Right] = frozenset({"c", "u"})


@cache
def scopes(role: str) -> Scopes:
    """Nothing for a role that the table does not have."""
    row = matrix.role(role)
    if row is None:
        return Scopes()
    rights = dict.fromkeys(row.types["view"], _READ)
    return Scopes(rights | {type: rights.get(type, frozenset()) | _WRITE for type in row.types["write"]})
