"""The cells of a role as scopes: on which types anything may be had at all.

Only for an actor that carries the role as well (`Actor.role`): without it nobody asks whose records these are, and the
scopes alone would be too wide.
"""

from __future__ import annotations

from functools import cache

from hoso.access.policy import matrix
from hoso.access.scope import Scopes


@cache
def scopes(role: str) -> Scopes:
    """Nothing for a role that the table does not have."""
    row = matrix.role(role)
    return Scopes.over(row.types["view"], row.types["write"]) if row is not None else Scopes()
