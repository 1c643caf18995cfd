"""Whose records are whose, as rows: who belongs to which person, what may never, and where look-alikes are found.

All of it is a view of the link ledger and of the Patients; what the rows mean is for `identity` to say.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from hoso.fhir.model import load
from hoso.store.connection import Connection, Row
from hoso.store.people_log import PeopleLog
from hoso.store.search.sql import FALSE, Sql, among, both, choose, nested, numbers, table_of

_PATIENT = load().type_number["Patient"]
_ROWS = 200
"""Rows of one INSERT."""

_SPARE = 400
"""Records beyond one of each person that are looked at before it is asked who has too many."""

_TERMS = 200
"""Keys asked for in one statement; SQLite takes up to 500."""

_SHARING = """SELECT k.key, k.record, m.person FROM
  (SELECT key, record FROM match_key WHERE key = ? ORDER BY record LIMIT ?) k JOIN member m ON m.record = k.record"""


class Member(NamedTuple):
    """A record of a person, with what it is compared by."""

    person: int
    record: int
    packed: bytes


class Person(NamedTuple):
    """A golden Patient. `merged`: the person that this one was found to be."""

    rid: int
    code: str
    merged: int | None


class Entry(NamedTuple):
    """What is kept of a record so that it is found. `flips`: how often it turned into somebody else."""

    record: int
    keys: Collection[int]
    packed: bytes
    flips: int = 0


class Probe(NamedTuple):
    """Where to look: a key with more persons than `limit` tells nothing; sharing one of this kind counts `weight`."""

    limit: int
    weight: float
    kind: str


Hit = tuple[int, int, int]
"""(key, record, person of the record)."""
_record = itemgetter(1)


class Near(NamedTuple):
    """The persons to compare with, the likeliest first; the records that led to them; how many persons have a key."""

    persons: list[int]
    records: set[int]
    counts: dict[int, int]


class Known(NamedTuple):
    """What stands of a Patient that comes again."""

    record: int
    is_person: bool
    person: int | None
    flips: int
    packed: bytes


class PeopleRows:
    """The rows on one connection, inside a write transaction or outside. Records and persons are numbers (`rid`)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._dialect = connection.dialect
        self.log = PeopleLog(connection)

    # Names

    def rids(self, ids: Collection[str]) -> dict[str, int]:
        """The numbers of Patients by id; what was never heard of is left out."""
        if not ids:
            return {}
        where = both((Sql("type = ?", (_PATIENT,)), among(self._dialect, "id", list(ids))))
        sql = choose("id, rid", Sql("key"), where)
        return dict(self._connection.rows(sql.text, sql.params))

    def ids(self, rids: Collection[int]) -> dict[int, str]:
        return dict(self._among("rid, id", "key", "rid", rids))

    # Who belongs to whom

    def whole(self, id: str) -> frozenset[int]:
        """All Patients of the person that the Patient of this id is, or is a record of; none when nobody has it."""
        return self.wholes(self.rids([id]).values())

    def wholes(self, patients: Collection[int]) -> frozenset[int]:
        """All Patients of the persons that these are, or are records of."""
        known = self.persons_of(patients)
        persons = {known.get(patient, patient) for patient in patients}
        return frozenset((*patients, *persons, *(record for _, record in self.members(persons))))

    def persons_of(self, records: Collection[int]) -> dict[int, int]:
        """The person of each record that has one."""
        return dict(self._among("record, person", "member", "record", records))

    def members(self, persons: Collection[int]) -> list[tuple[int, int]]:
        """(person, record) of all records of some persons."""
        return [(p, r) for p, r in self._among("person, record", "member", "person", persons)]

    def assign(self, records: Iterable[int], person: int) -> None:
        """They belong to this person from now on, and to no other."""
        self.fill([], [(record, person) for record in records])

    def release(self, records: Collection[int]) -> None:
        """They belong to nobody."""
        self._delete("member", "record", records)

    def found_persons(self, persons: Sequence[tuple[int, str]]) -> None:
        """New persons, each (number, code) under a code that nobody had."""
        rows = [value for person in persons for value in person]
        if rows:
            marks = ", ".join(["(?, ?)"] * len(persons))
            self._connection.rows(f"INSERT INTO person (rid, code) VALUES {marks}", rows)  # noqa: S608

    def clear(self) -> None:
        """Forgets all of it, to be filled anew from the ledger and the Patients."""
        for table in ("person", "member", "apart", "match_key", "match_record"):
            self._connection.rows(f"DELETE FROM {table}")  # noqa: S608

    def fill(self, persons: Sequence[Person], members: Sequence[tuple[int, int]]) -> None:
        """(record, person); what is there already gets what is said now."""
        replaced = "(rid) DO UPDATE SET code = excluded.code, merged = excluded.merged"
        self._insert("person", ("rid", "code", "merged"), list(persons), replaced)
        self._insert_pairs("member (record, person)", members, "(record) DO UPDATE SET person = excluded.person")

    def merge(self, person: int, into: int | None) -> None:
        """This person was found to be another one; or, with None, is a person again."""
        self._connection.rows("UPDATE person SET merged = ? WHERE rid = ?", (into, person))

    def hold(self, persons: Collection[int]) -> None:
        """Nobody else decides about these persons until this transaction has ended; what is read from now on stays."""
        if persons and self._dialect == "postgresql":  # on SQLite there is one writer at a time already
            sql = choose("rid", Sql("person"), among(self._dialect, "rid", sorted(persons)))
            self._connection.rows(f"{sql.text} ORDER BY rid FOR UPDATE", sql.params)

    def persons(self, rids: Collection[int]) -> dict[int, Person]:
        """Those of the numbers that are persons."""
        return {row[0]: Person(*row) for row in self._among("rid, code, merged", "person", "rid", rids)}

    def coded(self, codes: Collection[str]) -> dict[str, int]:
        """The person under each code that is taken."""
        if not codes:
            return {}
        sql = choose("code, rid", Sql("person"), among(self._dialect, "code", list(codes)))
        return dict(self._connection.rows(sql.text, sql.params))

    def count(self) -> int:
        """How many persons there are; one merged into another counts too."""
        return int(self._connection.rows("SELECT count(*) FROM person")[0][0])

    # What may never be

    def keep_apart(self, pairs: Iterable[tuple[int, int]]) -> None:
        """(record, person): the record must not come to that person, whoever it is merged with."""
        self._insert_pairs("apart (record, person)", list(pairs), "DO NOTHING")

    def allow(self, records: Collection[int], persons: Collection[int]) -> None:
        """None of these records must stay apart from any of these persons any more."""
        if records and persons:
            where = both((among(self._dialect, "record", list(records)), among(self._dialect, "person", list(persons))))
            self._connection.rows(f"DELETE FROM apart WHERE {where.text}", where.params)  # noqa: S608

    def apart(self, records: Collection[int], persons: Collection[int]) -> set[tuple[int, int]]:
        """The pairs among these that must stay apart; a person stands for those that were merged into it, too."""
        if not records or not persons:
            return set()
        inner = choose(
            "a.record, coalesce(m.person, a.person) AS person",
            Sql("apart a LEFT JOIN member m ON m.record = a.person"),
            among(self._dialect, "a.record", list(records)),
        )
        sql = choose("record, person", nested(inner, "q"), among(self._dialect, "person", list(persons)))
        return {(record, person) for record, person in self._connection.rows(sql.text, sql.params)}

    # Look-alikes

    def lock(self, keys: Collection[int]) -> None:
        """Whoever registers somebody with one of these keys waits until this transaction has ended."""
        if keys and self._dialect == "postgresql":  # on SQLite there is one writer at a time already
            listed = "{" + ",".join(map(str, sorted(keys))) + "}"
            self._connection.rows(
                "SELECT count(pg_advisory_xact_lock(k)) FROM unnest(CAST(? AS bigint[])) AS w (k)", (listed,)
            )

    def near(self, probes: Mapping[int, Probe], most: int) -> Near:
        """The persons whose records share the weightiest of some keys, at most `most`.

        Of several keys of one kind a person counts one. A key that more persons share than its limit says nothing of
        anybody and finds none, unless no other key finds any.
        """
        return nearest(self._sharing(_limits(probes)), probes, most)

    def shared_all(self, probes: Sequence[Mapping[int, Probe]]) -> list[list[Hit]]:
        """What `nearest` needs, for several who look at once, in one round trip."""
        if self._dialect == "sqlite":  # within the process, and long statements are not kept
            return [self._sharing(_limits(one)) for one in probes]
        limits = {key: limit for one in probes for key, limit in _limits(one)}
        shared: dict[int, list[Hit]] = {}
        for row in self._sharing(list(limits.items())):
            shared.setdefault(row[0], []).append(row)
        return [[row for key in one for row in shared.get(key, ())] for one in probes]

    def _sharing(self, limits: Sequence[tuple[int, int]]) -> list[Hit]:
        """Of up to limit + 1 records of each key, the oldest."""
        if not limits:
            return []
        if self._dialect == "postgresql":
            look = Sql(
                "(SELECT key, record FROM match_key WHERE key = w.a ORDER BY record LIMIT w.b + 1) k"
                " JOIN member m ON m.record = k.record"
            )
            tables = table_of(self._dialect, "w", limits).also(look, " CROSS JOIN LATERAL ")
            sql = choose("k.key, k.record, m.person", tables, Sql("true"))
            return self._connection.rows(sql.text, sql.params)
        found = []
        for start in range(0, len(limits), _TERMS):
            some = limits[start : start + _TERMS]
            found += self._connection.rows(
                " UNION ALL ".join([_SHARING] * len(some)), [value for key, limit in some for value in (key, limit + 1)]
            )
        return found

    def compared(self, persons: Collection[int], first: Collection[int], most: int) -> list[Member]:
        """What persons are compared by: up to `most` records of each, those of `first` before all others."""
        if not persons:
            return []
        # Hardly anybody has more than a few records, and whoever has thousands must not cost all of them.
        limit = len(persons) + _SPARE
        members = [Member(p, r, bytes(b)) for p, r, b in self._records_of(persons, limit)]
        if len(members) == limit or max(Counter([member.person for member in members]).values(), default=0) > most:
            return self._ranked_records(persons, first, most)
        members.sort(key=lambda member: (member.person, member.record not in first, member.record))
        return members

    def _records_of(self, persons: Collection[int], limit: int) -> list[Row]:
        """(person, record, packed), so many of them."""
        tables = Sql("member m JOIN match_record r ON r.record = m.record")
        where = among(self._dialect, "m.person", list(persons)).also(Sql("LIMIT ?", (limit,)))
        sql = choose("m.person, m.record, r.packed", tables, where)
        return self._connection.rows(sql.text, sql.params)

    def _ranked_records(self, persons: Collection[int], first: Collection[int], most: int) -> list[Member]:
        before = among(self._dialect, "m.record", list(first)) if first else FALSE
        ranked = (
            Sql("(SELECT m.person, m.record, ROW_NUMBER() OVER (PARTITION BY m.person ORDER BY CASE WHEN ")
            .also(before, "")
            .also(Sql(" THEN 0 ELSE 1 END, m.record) AS place FROM member m WHERE "), "")
            .also(among(self._dialect, "m.person", list(persons)), "")
        )
        tables = ranked.also(Sql(") q JOIN match_record r ON r.record = q.record"), "")
        sql = choose("q.person, q.record, r.packed", tables, Sql("q.place <= ?", (most,)))
        return [Member(p, r, bytes(b)) for p, r, b in self._connection.rows(sql.text, sql.params)]

    def arrived(self, ids: Collection[str]) -> dict[str, Known]:
        """What is known of Patients by their id; what was never heard of is left out."""
        if not ids:
            return {}
        tables = Sql(
            "key k LEFT JOIN person p ON p.rid = k.rid LEFT JOIN member m ON m.record = k.rid"
            " LEFT JOIN match_record r ON r.record = k.rid"
        )
        where = Sql("k.type = ?", (_PATIENT,)).also(among(self._dialect, "k.id", list(ids)), " AND ")
        sql = choose("k.id, k.rid, p.rid, m.person, r.flips, r.packed", tables, where)
        return {
            id: Known(rid, own is not None, person, flips or 0, bytes(packed or b""))
            for id, rid, own, person, flips, packed in self._connection.rows(sql.text, sql.params)
        }

    def add(self, entries: Sequence[Entry]) -> None:
        """For records that nothing is kept of yet."""
        pairs = sorted({(key, entry.record) for entry in entries for key in entry.keys})
        self._insert_pairs("match_key (key, record)", pairs, "DO NOTHING")
        rows = [(entry.record, entry.flips, entry.packed) for entry in entries]
        into = "INSERT INTO match_record (record, flips, packed)"
        if self._dialect == "sqlite":
            for row in rows:
                self._connection.rows(f"{into} VALUES (?, ?, ?)", row)
        elif rows:
            records, flips, packed = zip(*rows, strict=True)
            self._connection.rows(
                f"{into} SELECT * FROM unnest(CAST(? AS bigint[]), CAST(? AS integer[]), CAST(? AS bytea[]))",  # noqa: S608
                (numbers(records), numbers(flips), list(packed)),
            )

    def entries(self, records: Collection[int]) -> dict[int, tuple[int, bytes]]:
        """(flips, packed) of records."""
        rows = self._among("record, flips, packed", "match_record", "record", records)
        return {record: (flips, bytes(packed)) for record, flips, packed in rows}

    def put(self, entries: Sequence[Entry]) -> None:
        """In place of what was kept of these records before."""
        known = self._among("key, record", "match_key", "record", [e.record for e in entries])
        before = {(key, record) for key, record in known}
        after = {(key, e.record) for e in entries for key in e.keys}
        for key, record in before - after:
            self._connection.rows("DELETE FROM match_key WHERE key = ? AND record = ?", (key, record))
        self._insert("match_key", ("key", "record"), sorted(after - before), "(key, record) DO NOTHING")
        rows = [(e.record, e.flips, e.packed) for e in entries]
        replace = "(record) DO UPDATE SET flips = excluded.flips, packed = excluded.packed"
        self._insert("match_record", ("record", "flips", "packed"), rows, replace)

    def forget(self, records: Collection[int]) -> None:
        """They are found no more."""
        for table in ("match_key", "match_record"):
            self._delete(table, "record", records)

    def walk(self, after: int, limit: int) -> list[tuple[int, int, bytes]]:
        """(record, flips, packed) in the order of records, behind `after`."""
        rows = self._connection.rows(
            "SELECT record, flips, packed FROM match_record WHERE record > ? ORDER BY record LIMIT ?", (after, limit)
        )
        return [(record, flips, bytes(packed)) for record, flips, packed in rows]

    # How far work over everybody came

    def mark(self, name: str) -> str:
        """What was written down under this name; empty for nothing."""
        rows = self._connection.rows("SELECT value FROM node WHERE name = ?", (f"match.{name}",))
        return bytes(rows[0][0]).decode() if rows else ""

    def set_mark(self, name: str, text: str) -> None:
        self._connection.rows("DELETE FROM node WHERE name = ?", (f"match.{name}",))
        if text:
            self._connection.rows("INSERT INTO node VALUES (?, ?)", (f"match.{name}", text.encode()))

    def _among(self, columns: str, table: str, column: str, values: Collection[int]) -> list[Row]:
        if not values:
            return []
        sql = choose(columns, Sql(table), among(self._dialect, column, list(values)))
        return self._connection.rows(sql.text, sql.params)

    def _insert_pairs(self, table: str, rows: Sequence[tuple[int, int]], conflict: str) -> None:
        """Rows of two numbers, however many, in one statement that is always the same."""
        if rows:
            sql = choose("w.a, w.b", table_of(self._dialect, "w", rows), Sql("true"))
            self._connection.rows(f"INSERT INTO {table} {sql.text} ON CONFLICT {conflict}", sql.params)

    def _insert(self, table: str, columns: Sequence[str], rows: Sequence[Row], conflict: str) -> None:
        marks = f"({', '.join('?' * len(columns))})"
        for start in range(0, len(rows), _ROWS):
            some = rows[start : start + _ROWS]
            values = ", ".join([marks] * len(some))
            self._connection.rows(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES {values} ON CONFLICT {conflict}",  # noqa: S608
                [value for row in some for value in row],
            )

    def _delete(self, table: str, column: str, values: Collection[int]) -> None:
        if values:
            sql = Sql(f"DELETE FROM {table} WHERE ").also(among(self._dialect, column, list(values)), "")  # noqa: S608
            self._connection.rows(sql.text, sql.params)


def _limits(probes: Mapping[int, Probe]) -> list[tuple[int, int]]:
    return [(key, probe.limit) for key, probe in probes.items()]


def joined(rows: Sequence[Hit], more: Collection[Hit], probes: Mapping[int, Probe]) -> list[Hit]:
    """As if `more` had stood in the database when `rows` were asked for."""
    by_key: dict[int, list[Hit]] = {key: [] for key, _, _ in more}
    same = [row for row in rows if row[0] not in by_key]
    for row in (*rows, *more):
        if row[0] in by_key:
            by_key[row[0]].append(row)
    for key, some in by_key.items():
        same += sorted(some, key=_record)[: probes[key].limit + 1]
    return same


def nearest(rows: Sequence[Hit], probes: Mapping[int, Probe], most: int) -> Near:
    """See `PeopleRows.near`."""
    persons: dict[int, set[int]] = {}
    for key, _, person in rows:
        if key in persons:
            persons[key].add(person)
        else:
            persons[key] = {person}
    kinds: dict[str, tuple[float, set[int]]] = {}
    for key, some in persons.items():
        limit, weight, kind = probes[key]
        if len(some) <= limit:
            kinds[kind] = (weight, kinds[kind][1] | some) if kind in kinds else (weight, some)
    ranked: dict[int, float] = {}
    for weight, some in kinds.values():
        for person in some:
            ranked[person] = ranked.get(person, 0.0) + weight
    counts = {key: len(some) for key, some in persons.items()}
    if not ranked:
        ranked = {person: 0.0 for _, _, person in rows}
    ordered = sorted(ranked, key=lambda person: (-ranked[person], person))
    if len(ordered) > most:
        ordered = ordered[:most]
        ranked = dict.fromkeys(ordered, 0.0)
    return Near(ordered, {record for _, record, person in rows if person in ranked}, counts)


class SettledRows(PeopleRows):
    """At one moment, in which nobody decides anything."""

    def hold(self, persons: Collection[int]) -> None:
        """What is read stays as it is anyway."""
