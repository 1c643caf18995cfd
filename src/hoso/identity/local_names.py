"""How common names and communes are among the people of this node, counted from a part of its records.

The shipped table counts people who do not exist; the names of a district of the Hmong are others.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from hoso.identity.match.estimate import count_rarity
from hoso.identity.match.frequency import Rarity
from hoso.identity.match.packed import Packed, unpack

PAGES, PAGE = 120, 250
"""Stretches of records, evenly spread, and how many records each has at most: half a second at any size."""


class Walked(Protocol):
    def walk(self, after: int, limit: int) -> list[tuple[int, int, bytes]]: ...


def counted(people: Walked) -> Rarity:
    return count_rarity(_some(people))


def _some(people: Walked) -> Iterator[Packed]:
    end, last = 1, -1
    while people.walk(end, 1):
        end *= 2
    for page in range(PAGES):
        after = max(last, page * end // PAGES - 1)
        for record, _flips, body in people.walk(after, PAGE):
            last = record
            yield unpack(body)
