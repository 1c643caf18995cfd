"""Whose privacy officers answer for a facility: its own, else those of the next one up the tree that has any.

Where none has any, every officer of the node does: nothing waits where nobody looks. Who cannot sign in here, because
the account was closed or not used for too long, is no officer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

from hoso.access.organisation.guard import numbered
from hoso.access.organisation.posts import DEEPEST, Posts, live
from hoso.access.policy import matrix
from hoso.fhir.organisation import code_of, parent_of
from hoso.store.contract import Reading

OFFICER = "privacy-officer"
ADMINISTRATOR = "facility-administrator"
OFFICES = (OFFICER, ADMINISTRATOR)
"""Without the first nobody looks at emergencies, cases and the log, without the second nobody lets anybody in."""


class Overseers:
    def __init__(self, reading: Reading, posts: Posts, signs_in: Callable[[str], bool]) -> None:
        """`signs_in`: by the id of a Practitioner, whether an account of theirs lets them in now."""
        self._reading, self._posts, self._signs_in = reading, posts, signs_in

    def answering(self) -> Callable[[str], str]:
        """By the code of a facility the code of the one whose officers answer, as things stand now; "": any of the

        node.
        """
        there = self.seats()

        @cache
        def answers(code: str) -> str:
            if not code or code in there:
                return code
            return next((one for one in self._above(code) if one in there), "")

        return answers

    def mine(self, home: str, codes: Iterable[str]) -> list[str]:
        """Of these facilities, those for which the officers of `home` answer."""
        theirs = self._theirs(home)
        return [code for code in codes if theirs(code)]

    def concerning(self, home: str) -> Callable[[str], bool]:
        """Whether what happened at a facility is for the officers of `home` to see.

        What happened at none (a citizen at home, a system, the operator) concerns the whole node: it is for those above
        whom and beside whom nobody answers for anything here.
        """
        if not home:
            return lambda code: False
        theirs = self._theirs(home)
        whole = all(code == home or home in self._above(code) for code in self.seats())
        return cache(lambda code: theirs(code) if code else whole)

    def _theirs(self, home: str) -> Callable[[str], bool]:
        answers = self.answering()
        return lambda code: code == home or answers(code) in ("", home)

    def vacant(self) -> tuple[str, ...]:
        """Of the offices that somebody must hold, those of which nobody at all can sign in here."""
        can = cache(self._signs_in)
        holders = {office: (OFFICER,) if office == OFFICER else _administrators() for office in OFFICES}
        return tuple(
            office
            for office, roles in holders.items()
            if not any(can(post.practitioner) for role in roles for post in self._posts.holding(role))
        )

    def seats(self) -> frozenset[str]:
        """Codes of the facilities that have an officer."""
        can = cache(self._signs_in)
        return frozenset(post.facility for post in self._posts.holding(OFFICER) if can(post.practitioner))

    def _above(self, code: str) -> list[str]:
        """Codes up the tree, the nearest first."""
        found: list[str] = []
        above = next((parent_of(one) for one in numbered(self._reading, code).values() if parent_of(one)), "")
        while above and len(found) < DEEPEST and (one := live(self._reading, "Organization", above)) is not None:
            found.append(code_of(one))
            above = parent_of(one)
        return found


def _administrators() -> list[str]:
    """The older names of the role, too."""
    names = (*matrix.roles(), *matrix.aliases())
    return [name for name in names if (row := matrix.role(name)) is not None and row.administers]
