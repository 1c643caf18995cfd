"""Whose privacy officers answer for a facility: its own, else those of the next one up the tree that has any.

Where none has any, every officer of the node does: nothing that a citizen asks waits where nobody looks.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from hoso.access.organisation.guard import numbered
from hoso.access.organisation.posts import DEEPEST, Posts, live
from hoso.fhir.organisation import code_of, parent_of
from hoso.store.contract import Reading

OFFICER = "privacy-officer"


def overseers(reading: Reading, posts: Posts) -> Callable[[str], str]:
    """By the code of a facility the code of the one whose officers answer, as things stand now; "": any of the node."""
    there = frozenset(post.facility for post in posts.holding(OFFICER))

    @cache
    def answers(code: str) -> str:
        if not code or code in there:
            return code
        return next((one for one in _above(reading, code) if one in there), "")

    return answers


def _above(reading: Reading, code: str) -> list[str]:
    """Codes up the tree, the nearest first."""
    found: list[str] = []
    above = next((parent_of(one) for one in numbered(reading, code).values() if parent_of(one)), "")
    while above and len(found) < DEEPEST and (one := live(reading, "Organization", above)) is not None:
        found.append(code_of(one))
        above = parent_of(one)
    return found
