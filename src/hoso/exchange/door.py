"""The door to records as a load uses it: always in the name of the node's loader, for the purpose of upkeep."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from urllib.parse import parse_qsl

from hoso.access import Actor, Conflict, Draft, Errand, Records, Saved, Scopes, Transaction, Version
from hoso.access.criteria import lock_name
from hoso.access.scope import Right
from hoso.fhir.search import Query, parse

LOADING = Errand(Actor("node/load", Scopes.parse("system/*.cruds")), "SYSADMIN", "command")


class LoadDoor:
    """Implements `commit.Door` over the records of a node."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def heads(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Version]:
        return self._records.heads(LOADING, keys)

    def find(self, criteria: str) -> Version | None:
        return self._records.find(LOADING, _query(criteria))

    def inputs(self, encounter: str) -> list[Version]:
        asked = [("target", f"Encounter/{encounter}"), ("_count", "100"), ("_sort", "-_lastUpdated")]
        return list(self._records.search(LOADING, parse("Provenance", asked)).matches)

    def save(self, drafts: Sequence[Draft], absent: Sequence[str] = ()) -> list[Saved]:
        rights = _rights(drafts)
        if not absent:
            return self._records.save(LOADING, rights, drafts)
        queries = [self._records.settled(LOADING, _query(criteria)) for criteria in absent]

        def work(transaction: Transaction) -> Sequence[Draft]:
            for query in queries:
                if (match := self._records.match(LOADING, transaction, query)) is not None:
                    raise Conflict(match.type, match.id, match.version)
            return drafts

        return self._records.write(LOADING, rights, [lock_name(query) for query in queries], work)


def _rights(drafts: Iterable[Draft]) -> list[tuple[Right, str]]:
    return [("u", type) for type in sorted({draft.type for draft in drafts})]


def _query(criteria: str) -> Query:
    type, _, query = criteria.partition("?")
    return parse(type, parse_qsl(query, keep_blank_values=True))
