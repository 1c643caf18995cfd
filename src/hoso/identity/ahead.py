"""What is decided about newcomers who come together, looked up at once and carried out one after the other.

Each must be decided about as if those before it had come alone. So whoever has to do with what was done meanwhile is
not foreseen any more: it shares a key or a code with one who was placed, or may be somebody who has a record more.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hoso.access import Member, PeopleRows
from hoso.identity.matching import Decided, Described, Matching
from hoso.identity.seek import seek_all


class Ahead:
    """Of the newcomers of one transaction, none of whom is stored yet."""

    def __init__(self, matching: Matching, people: PeopleRows, newcomers: Sequence[Described]) -> None:
        self._foreseen: dict[int, tuple[Sequence[Member], Decided]] = {}
        self._keys: set[int] = set()
        self._codes: set[str] = set()
        self._persons: set[int] = set()
        if len(newcomers) > 1:  # one by itself finds nothing sooner
            for one, sought in zip(newcomers, seek_all(people, newcomers), strict=True):
                self._foreseen[id(one)] = sought.members, matching.decide(one, sought, people)

    def of(self, described: Described) -> tuple[Sequence[Member], Decided] | None:
        """The records that were found, and what follows; None when it must be looked for."""
        found = self._foreseen.get(id(described))
        if found is None or not self._keys.isdisjoint(described.probes) or not self._codes.isdisjoint(described.codes):
            return None
        return None if any(member.person in self._persons for member in found[0]) else found

    def linked(self) -> set[int]:
        """Whom newcomers will be linked to, as far as it can be said."""
        return {decided.person for _, decided in self._foreseen.values() if decided.outcome == "certain"}

    def shown(self) -> set[int]:
        """Whom the evidence of newcomers names."""
        foreseen = self._foreseen.values()
        return {int(one["person"]) for _, decided in foreseen for one in decided.evidence["candidates"]}

    def placed(self, described: Described, person: int, codes: Iterable[str] = ()) -> None:
        """A newcomer is found under its keys from now on, and speaks for that person."""
        self._keys.update(described.keys)
        self._persons.add(person)
        self._codes.update(codes)

    def forget(self) -> None:
        """Something else happened."""
        self._foreseen.clear()
