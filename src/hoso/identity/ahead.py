"""What is decided about newcomers who come together, looked up at once and carried out one after the other.

Each is decided about as if those before it had come alone. So whoever has to do with what was done meanwhile is decided
about anew, from what was looked up and what was done: it shares a key with one who was placed, or may be somebody who
has a record more. What else happens leaves nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from hoso.access import Hit, Member, PeopleRows
from hoso.identity.matching import Decided, Described, Matching
from hoso.identity.seek import Survey

Foreseen = tuple[Sequence[Member], Decided]


class Ahead:
    """Of the newcomers of one transaction, none of whom is stored yet."""

    def __init__(self, matching: Matching, people: PeopleRows, newcomers: Sequence[Described]) -> None:
        self._matching, self._people = matching, people
        self._places: dict[int, int] = {}
        self._foreseen: list[Foreseen] = []
        self._hits: dict[int, list[Hit]] = {}
        self._codes: set[str] = set()
        self._grown: set[int] = set()
        if len(newcomers) > 1:  # one by itself finds nothing sooner
            self._survey = Survey(people, newcomers)
            self._places = {id(one): place for place, one in enumerate(newcomers)}
            for place, one in enumerate(newcomers):
                sought = self._survey.sought(place)
                self._foreseen.append((sought.members, matching.decide(one, sought, people)))

    def of(self, described: Described) -> Foreseen | None:
        """The records that were found, and what follows; None when it must be looked for."""
        place = self._places.get(id(described))
        if place is None or not self._codes.isdisjoint(described.codes):
            return None
        found = self._foreseen[place]
        shared = self._hits.keys() & described.probes.keys()
        if not shared and not any(member.person in self._grown for member in found[0]):
            return found
        sought = self._survey.since(place, [hit for key in shared for hit in self._hits[key]])
        return None if sought is None else (sought.members, self._matching.decide(described, sought, self._people))

    def linked(self) -> set[int]:
        """Whom newcomers will be linked to, as far as it can be said."""
        return {decided.person for _, decided in self._foreseen if decided.outcome == "certain"}

    def shown(self) -> set[int]:
        """Whom the evidence of newcomers names."""
        return {int(one["person"]) for _, decided in self._foreseen for one in decided.evidence["candidates"]}

    def placed(self, described: Described, record: int, person: int, code: str = "") -> None:
        """A newcomer is found under its keys from now on, and speaks for that person, who was founded for it if there
        is a `code`."""
        if not self._places:
            return
        for key in described.keys:
            self._hits.setdefault(key, []).append((key, record, person))
        self._survey.grows(Member(person, record, described.packed), is_new=bool(code))
        self._grown.add(person)
        self._codes.add(code)

    def forget(self) -> None:
        """Something else happened."""
        self._places.clear()
