"""What a transaction itself stores, asked by the references in it that are written as a search.

R4 resolves these after the creations and updates, when nothing can be added to what is saved together any more. So the
records to come are asked in memory: by `_id` and plain tokens, which is how such references are written.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from hoso.fhir.extract import extract
from hoso.fhir.search import Query
from hoso.fhir.search.query import Condition, Ids, Match, Token

_Key = tuple[str, str | None, str | None]
"""(parameter, system or None for any, code or None for any)."""


def can_answer(query: Query) -> bool:
    return all(_plain(condition) for condition in query.conditions)


class Pending:
    """Valid records of one type under the ids they will have, found as the index would find them."""

    def __init__(self, records: Iterable[tuple[str, dict[str, Any]]]) -> None:
        self.ids: set[str] = set()
        self._under: defaultdict[_Key, set[str]] = defaultdict(set)
        for id, resource in records:
            self.ids.add(id)
            for param, system, code in extract(resource).tokens:
                for key in ((param, None, code), (param, system or "", code), (param, system or "", None)):
                    self._under[key].add(id)

    def find(self, query: Query) -> set[str]:
        """Ids of the records that the query finds; only for one that `can_answer`."""
        return set.intersection(*(self._having(condition) for condition in query.conditions))

    def _having(self, condition: Condition) -> set[str]:
        if isinstance(condition, Ids):
            return self.ids.intersection(condition.ids)
        assert isinstance(condition, Match)
        keys = [(condition.code, value.system, value.code) for value in condition.values if isinstance(value, Token)]
        return set().union(*(self._under.get(key, ()) for key in keys))


def _plain(condition: Condition) -> bool:
    if isinstance(condition, Match):
        return condition.kind == "token" and condition.modifier is None
    return isinstance(condition, Ids) and not condition.negated
