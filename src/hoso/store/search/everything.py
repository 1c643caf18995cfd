"""`Patient/$everything`: the Patient, all that stands in its compartment, and what those refer to, each once.

Streamed in batches without a cap; only record numbers of what was sent are kept in memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hoso.fhir.model import load
from hoso.fhir.search.query import Compartment, Include, Query
from hoso.store.connection import Connection, Dialect
from hoso.store.contract import Version
from hoso.store.index import Keys
from hoso.store.search.alias import Opener
from hoso.store.search.clauses import Tests
from hoso.store.search.includes import Walk
from hoso.store.search.page import scan
from hoso.store.visible import Visible

BATCH = 200
ANYTHING = Include(None, None, None, False)


def everything(
    connection: Connection,
    keys: Keys,
    dialect: Dialect,
    patient: str,
    visible: Visible,
    *,
    since: int | None = None,
    types: Sequence[str] = (),
) -> Iterator[Version]:
    """`since` (milliseconds) keeps what was stored from then on, `types` only these types.

    Another patient who is referred to (a mother, a donor) is not followed: that is another person's record.
    """
    model = load()
    visible = replace(visible, persons=_is_person(connection, patient))
    members = tuple(t for t in model.resource_types if model.compartments["Patient"].get(t) or t == "Patient")
    wanted = frozenset(types or model.resource_types)
    outside = _Outside(connection, Opener(dialect, visible), Tests(dialect, keys, {}), members)
    inside = members if wanted - set(members) else tuple(t for t in members if t in wanted)
    batch: list[Version] = []
    for version in scan(connection, keys, dialect, Query(inside, (Compartment("Patient", patient),)), visible):
        if version.type in wanted and (since is None or version.updated >= since):
            yield version
        batch.append(version)
        if len(batch) == BATCH:
            yield from outside.referred(batch, wanted, since)
            batch = []
    yield from outside.referred(batch, wanted, since)


def _is_person(connection: Connection, patient: str) -> bool:
    """A person's record holds the person; a facility's holds nothing of the person it was linked to."""
    sql = "SELECT 1 FROM key k JOIN person p ON p.rid = k.rid WHERE k.type = ? AND k.id = ?"
    return bool(connection.rows(sql, (load().type_number["Patient"], patient)))


class _Outside:
    """What a record refers to beyond the compartment, each once over all batches."""

    def __init__(self, connection: Connection, opener: Opener, tests: Tests, members: Sequence[str]) -> None:
        self._walk = Walk(connection, opener, tests)
        self._members, self._sent = frozenset(members), set[int]()

    def referred(self, batch: Sequence[Version], wanted: frozenset[str], since: int | None) -> Iterator[Version]:
        if wanted <= self._members:
            return
        fresh: Sequence[Version] = batch
        while fresh:
            found = [v for v in self._walk.outward(ANYTHING, fresh) if v.type not in self._members]
            fresh = [v for v in found if v.rid not in self._sent]
            self._sent.update(v.rid for v in fresh)
            yield from (v for v in fresh if v.type in wanted and (since is None or v.updated >= since))
