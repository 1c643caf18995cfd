"""An index in memory that behaves as the stored one: for evaluation, for previews, and as its reference in tests."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice
from typing import TypeVar

from hoso.identity.match.candidates import MOST, rank
from hoso.identity.match.decide import Candidate, Decision, Policy, decide
from hoso.identity.match.keys import KINDS, Key, keyed, keys, probes, shareable
from hoso.identity.match.packed import Packed, Shared, pack, packed, unpack
from hoso.identity.match.weights import Model
from hoso.identity.normalise.person import Person


class MemoryIndex:
    """Records under their keys and persons; one person may have many records."""

    def __init__(self) -> None:
        self._rows: dict[int, int | list[int]] = {}
        self._bodies: list[bytes] = []
        self._owners: list[str] = []
        self._people: dict[str, int | list[int]] = {}

    @property
    def population(self) -> int:
        return len(self._people)

    def add(self, person: str, record: Person) -> None:
        number = len(self._bodies)
        self._bodies.append(pack(record))
        self._owners.append(person)
        _append(self._people, person, number)
        for key in keys(record):
            _append(self._rows, key.value, number)

    def candidates(self, record: Person, most: int = MOST) -> list[Candidate]:
        """The persons worth comparing, each with all of its records."""
        return self._near(probes(record), most)

    def _near(self, asked: Iterable[Key], most: int = MOST) -> list[Candidate]:
        found = rank(self._hits(asked), most)
        people = dict.fromkeys(self._owners[number] for number in found)
        return [Candidate(person, self.records(person)) for person in people]

    def records(self, person: str) -> list[Packed]:
        return [unpack(self._bodies[number]) for number in _listed(self._people.get(person))]

    def sample(self, most: int) -> Iterator[Packed]:
        """Records evenly spread over the index, to count names and communes by."""
        return (unpack(body) for body in islice(self._bodies, 0, None, max(1, len(self._bodies) // most)))

    def crowd(self, record: Person) -> dict[Shared, int]:
        """How many people carry each phone and number of the record."""
        return self._crowd(shareable(record))

    def _crowd(self, shared: Mapping[int, Shared]) -> dict[Shared, int]:
        return {value: len({self._owners[n] for n in _listed(self._rows.get(key))}) for key, value in shared.items()}

    def match(self, record: Person, model: Model, policy: Policy, apart: Collection[str] = ()) -> Decision:
        found = keyed(record)
        near, crowd = self._near(found.asked), self._crowd(found.shared)
        return decide(packed(record), near, self.population, model, policy, apart=apart, crowd=crowd)

    def _hits(self, asked: Iterable[Key]) -> Iterable[tuple[str, list[int]]]:
        for key in asked:
            rows = _listed(self._rows.get(key.value))
            if rows and len(rows) <= KINDS[key.kind].limit:
                yield key.kind, rows


K = TypeVar("K", int, str)


def _append(table: dict[K, int | list[int]], key: K, number: int) -> None:
    """Most keys have one row; a list is made only for the second."""
    held = table.get(key)
    if held is None:
        table[key] = number
    elif isinstance(held, list):
        held.append(number)
    else:
        table[key] = [held, number]


def _listed(held: int | list[int] | None) -> list[int]:
    return [] if held is None else held if isinstance(held, list) else [held]
