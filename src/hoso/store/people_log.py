"""What was done about persons and to their records, asked of the change log and the index for the stewards of identity.

Everything here reads; records and persons are numbers (`rid`), as in `people.py`.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from hoso.fhir.model import load
from hoso.store.connection import Connection
from hoso.store.reading import TYPES
from hoso.store.search.sql import Sql, among, both, choose

_NUMBER = load().type_number
_PATIENT = _NUMBER["Patient"]


class Changed(NamedTuple):
    """A record that was written; `time` in milliseconds."""

    type: str
    id: str
    actor: str
    time: int


class PeopleLog:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect

    def naming(self, patient: int, type: str, before: int | None = None, limit: int = 50) -> list[tuple[int, str]]:
        """(place in the log, id) of the resources of a type that name a Patient, newest first; `before` a place goes
        on."""
        where = [Sql("f.target = ? AND r.patient = f.patient AND r.rid = f.rid", (patient,))]
        where.append(Sql("r.type = ? AND r.deleted = 0", (_NUMBER[type],)))
        if before is not None:
            where.append(Sql("r.seq < ?", (before,)))
        sql = choose("r.seq, r.id", Sql("ref f CROSS JOIN resource r"), both(where), True)
        sql = sql.also(Sql("ORDER BY r.seq DESC LIMIT ?", (limit,)))
        return [(seq, id) for seq, id in self._connection.rows(sql.text, sql.params)]

    def ledger(self, after: tuple[int, int] = (-(1 << 62), 0), limit: int = 500) -> list[tuple[tuple[int, int], bytes]]:
        """(place, text) of every Linkage ever written, in the order in which they were, behind a place."""
        rows = self._connection.rows(
            """SELECT c.time, c.seq, c.rid, c.version, b.dict, b.bytes FROM change c
               JOIN body b ON b.patient = c.patient AND b.seq = c.seq
               WHERE c.type = ? AND (c.time, c.seq) > (?, ?) ORDER BY c.time, c.seq LIMIT ?""",
            (_NUMBER["Linkage"], *after, limit),
        )
        text = self._connection.text
        return [
            ((time, seq), text(dictionary, bytes(packed), rid, version))
            for time, seq, rid, version, dictionary, packed in rows
        ]

    def persons(self, after: int, limit: int) -> list[tuple[int, str, str, str | None]]:
        """(number, id, code, id of the person it was found to be) of all persons in their order, behind `after`."""
        rows = self._connection.rows(
            """SELECT p.rid, k.id, p.code, m.id FROM person p LEFT JOIN key k ON k.rid = p.rid
               LEFT JOIN key m ON m.rid = p.merged WHERE p.rid > ? ORDER BY p.rid LIMIT ?""",
            (after, limit),
        )
        return [(rid, id, code, merged) for rid, id, code, merged in rows]

    def memberships(self, after: int, limit: int) -> list[tuple[int, str, str]]:
        """(number of the record, id of the record, id of its person) of all records, behind `after`."""
        rows = self._connection.rows(
            """SELECT m.record, r.id, p.id FROM member m LEFT JOIN key r ON r.rid = m.record
               LEFT JOIN key p ON p.rid = m.person WHERE m.record > ? ORDER BY m.record LIMIT ?""",
            (after, limit),
        )
        return [(rid, record, person) for rid, record, person in rows]

    def patients(self, after: int, limit: int) -> list[tuple[int, str, bool]]:
        """(number, id, whether it has a person) of the living Patients that are no persons, behind `after`."""
        rows = self._connection.rows(
            """SELECT k.rid, k.id, m.person FROM key k JOIN resource r ON r.patient = k.patient AND r.rid = k.rid
               LEFT JOIN member m ON m.record = k.rid WHERE k.rid > ? AND k.type = ? AND r.deleted = 0
               AND NOT EXISTS (SELECT 1 FROM person p WHERE p.rid = k.rid) ORDER BY k.rid LIMIT ?""",
            (after, _PATIENT, limit),
        )
        return [(rid, id, person is not None) for rid, id, person in rows]

    def partings(self) -> list[tuple[str, str]]:
        """(record, person) by id, of all that must stay apart."""
        rows = self._connection.rows(
            "SELECT r.id, p.id FROM apart a JOIN key r ON r.rid = a.record JOIN key p ON p.rid = a.person"
        )
        return [(record, person) for record, person in rows]

    def unfound(self) -> list[str]:
        """Some of the records of persons that no newcomer is compared with, though they should be."""
        rows = self._connection.rows(
            """SELECT k.id FROM member m JOIN key k ON k.rid = m.record
               WHERE NOT EXISTS (SELECT 1 FROM match_record x WHERE x.record = m.record)
               AND NOT EXISTS (SELECT 1 FROM person p WHERE p.rid = m.record) LIMIT 20"""
        )
        return [id for (id,) in rows]

    def crowded(self, after: int, limit: int) -> list[int]:
        """Persons with more than one record, in their order, behind `after`."""
        rows = self._connection.rows(
            """SELECT person FROM member WHERE person > ? GROUP BY person HAVING count(*) > 1
               ORDER BY person LIMIT ?""",
            (after, limit),
        )
        return [person for (person,) in rows]

    def touched(self, after: int, limit: int) -> tuple[int, set[int]]:
        """Number of the last of so many changes behind a number of the feed, and the persons with more than one record

        in whose records they stand.
        """
        rows = self._connection.rows(
            """SELECT f.number, coalesce(m.person, c.patient) FROM feed f JOIN change c ON c.seq = f.seq
               LEFT JOIN member m ON m.record = c.patient WHERE f.number > ? ORDER BY f.number LIMIT ?""",
            (after, limit),
        )
        persons = {person for _, person in rows}
        return (rows[-1][0] if rows else after), {person for person in persons if self._is_crowded(person)}

    def _is_crowded(self, person: int) -> bool:
        return len(self._connection.rows("SELECT 1 FROM member WHERE person = ? LIMIT 2", (person,))) > 1

    def clinical(self, persons: Collection[int]) -> set[int]:
        """Those of the persons in whose record something stands besides Patients."""
        found = set()
        for person in persons:
            rows = self._connection.rows(
                """SELECT 1 FROM member m CROSS JOIN resource r WHERE m.person = ? AND r.patient = m.record
                   AND r.rid <> r.patient AND r.type <> ? AND r.deleted = 0 LIMIT 1""",
                (person, _PATIENT),
            )
            if rows:
                found.add(person)
        return found

    def changed(
        self, persons: Collection[int], since: int, until: int, types: Collection[str] | None = None
    ) -> list[Changed]:
        """What was stored in the records of some persons from one moment to another, in that order."""
        if not persons:
            return []
        inner = choose("m.record", Sql("member m"), among(self._dialect, "m.person", list(persons)))
        where = [Sql("c.time >= ? AND c.time <= ?", (since, until)), Sql("c.patient IN (").also(inner, "")]
        where[-1] = where[-1].also(Sql(")"), "")
        if types is not None:
            where.append(among(self._dialect, "c.type", [_NUMBER[type] for type in types]))
        sql = choose("c.type, k.id, c.actor, c.time", Sql("change c JOIN key k ON k.rid = c.rid"), both(where))
        sql = sql.also(Sql("ORDER BY c.time, c.seq"))
        rows = self._connection.rows(sql.text, sql.params)
        return [Changed(TYPES[type], id, actor, time) for type, id, actor, time in rows]
