"""Who may do what with whose records: one table, a few named rules, and both a decision and a predicate made of them.

Nothing here knows a database or a request; `sight` alone binds it to the store, for one call of `Records`.
"""

from hoso.access.policy.ask import Ask, Facts, Ground, Tie
from hoso.access.policy.decide import Decision, Obligations, decide, visible
from hoso.access.policy.matrix import Role, kind_of, role, roles

__all__ = [
    "Ask", "Decision", "Facts", "Ground", "Obligations", "Role", "Tie", "decide", "kind_of", "role", "roles", "visible",
]  # fmt: skip
