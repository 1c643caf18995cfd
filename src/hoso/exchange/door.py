"""The door to records as a load uses it: in the name of the node's loader, or of who sent what is stored.

What a document is compared with is read once for each attempt at it and told together: nobody is shown any of it, and
what it became of is told with every write.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from time import monotonic
from urllib.parse import parse_qsl

from hoso.access import Actor, Conflict, Draft, Errand, Records, Saved, Scopes, Transaction, Version
from hoso.access.criteria import lock_name
from hoso.access.notes import Notes
from hoso.access.scope import Right
from hoso.fhir.search import Query, parse

LOADING = Errand(Actor("node/load", Scopes.parse("system/*.cruds")), "SYSADMIN", "command")


SETTLED = 10.0
"""Seconds for which a facility that was found is not looked for again: every visit names its own, mostly the same."""
MOST_FACILITIES = 20_000
_FACILITY = "Organization?identifier="


class Facilities:
    """Those that were found by their code, for a while. One for all doors of a process."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[float, Version]] = {}

    def get(self, criteria: str) -> Version | None:
        until, known = self._found.get(criteria, (0.0, None))
        return known if monotonic() < until else None

    def keep(self, criteria: str, found: Version) -> None:
        if len(self._found) >= MOST_FACILITIES:
            self._found.clear()
        self._found[criteria] = (monotonic() + SETTLED, found)


class LoadDoor:
    """Implements `commit.Door` over the records of a node. Of one thread."""

    def __init__(self, records: Records, errand: Errand = LOADING, facilities: Facilities | None = None) -> None:
        self._records = records
        self._writing, self.reading = errand, replace(errand, notes=Notes())
        self._heads: dict[tuple[str, str], Version | None] = {}
        self._facilities = facilities or Facilities()
        self._absent: set[str] = set()
        """Facilities that nobody had when they were looked for since `afresh`."""

    def afresh(self) -> None:
        """Forgets what was read, before another document or another attempt at one."""
        self._heads.clear()
        self._absent.clear()

    def told(self, what: str) -> None:
        """Tells what was read since the last time. Raises Unavailable."""
        self._records.noted(self.reading, what, "read")

    def heads(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Version]:
        """As they were when they were first asked for since `afresh`: who writes says which version that was."""
        unknown = [key for key in keys if key not in self._heads]
        if unknown:
            self._heads |= dict.fromkeys(unknown)
            self._heads |= self._records.heads(self.reading, unknown)
        return {key: head for key in keys if (head := self._heads[key]) is not None}

    def find(self, criteria: str) -> Version | None:
        if known := self._facilities.get(criteria):
            return known
        if criteria in self._absent:
            return None
        found = self._records.find(self.reading, _query(criteria))
        if found is not None and criteria.startswith(_FACILITY):
            self._facilities.keep(criteria, found)
        elif found is None and criteria.startswith(_FACILITY):
            self._absent.add(criteria)
        return found

    def inputs(self, encounter: str) -> list[Version]:
        asked = [("target", f"Encounter/{encounter}"), ("_count", "100"), ("_sort", "-_lastUpdated")]
        return list(self._records.search(self.reading, parse("Provenance", asked)).matches)

    def save(self, drafts: Sequence[Draft], absent: Sequence[str] = ()) -> list[Saved]:
        self.afresh()
        rights = _rights(drafts)
        if not absent:
            return self._records.save(self._writing, rights, drafts)
        queries = [self._records.settled(self._writing, _query(criteria)) for criteria in absent]

        def work(transaction: Transaction) -> Sequence[Draft]:
            for query in queries:
                if (match := self._records.match(self._writing, transaction, query)) is not None:
                    raise Conflict(match.type, match.id, match.version)
            return drafts

        return self._records.write(self._writing, rights, [lock_name(query) for query in queries], work)


def _rights(drafts: Iterable[Draft]) -> list[tuple[Right, str]]:
    return [("u", type) for type in sorted({draft.type for draft in drafts})]


def _query(criteria: str) -> Query:
    type, _, query = criteria.partition("?")
    return parse(type, parse_qsl(query, keep_blank_values=True))
