"""Whose records which node has, as rows: the lane of each node, and who cares for whom by what the records here say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from hoso.fhir.organisation import CODES
from hoso.fhir.relations import facility
from hoso.store.connection import Connection
from hoso.store.index import Keys
from hoso.store.people import PeopleRows
from hoso.store.reading import NUMBER, TYPES
from hoso.store.search.sql import among
from hoso.store.sync_lines import insert

_CARING = ("organization", "general-practitioner")
"""Search parameters of a Patient by which it names who looks after it."""


@dataclass(frozen=True, slots=True)
class ScopeRows:
    """On one connection, inside a write transaction or outside."""

    connection: Connection
    keys: Keys

    # Lanes

    def scope(self, node: str) -> dict[str, int]:
        return dict(self.connection.rows("SELECT patient, line FROM sync_lane WHERE node = ?", (node,)))

    def lane(self, node: str, after: int, limit: int) -> list[tuple[int, bytes, str, int]]:
        sql = "SELECT number, chain, patient, line FROM sync_lane WHERE node = ? AND number > ? ORDER BY number LIMIT ?"
        return [(n, bytes(chain), *rest) for n, chain, *rest in self.connection.rows(sql, (node, after, limit))]

    def end(self, node: str) -> tuple[int, bytes]:
        sql = "SELECT number, chain FROM sync_lane WHERE node = ? ORDER BY number DESC LIMIT 1"
        rows = self.connection.rows(sql, (node,))
        return (int(rows[0][0]), bytes(rows[0][1])) if rows else (0, b"")

    def chain(self, node: str, number: int) -> bytes | None:
        rows = self.connection.rows("SELECT chain FROM sync_lane WHERE node = ? AND number = ?", (node, number))
        return bytes(rows[0][0]) if rows else b"" if number == 0 else None

    def lengthen(self, node: str, after: int, joined: Iterable[tuple[int, bytes, str, int]]) -> None:
        """What stood behind `after` goes."""
        self.connection.rows("DELETE FROM sync_lane WHERE node = ? AND number > ?", (node, after))
        insert(self.connection, "sync_lane", [(node, *one) for one in joined])

    # Who cares for whom

    def touched(self, after: int, limit: int) -> tuple[int, set[str]]:
        """Of the lines of the feed behind a number: the last of them, and all whose scope they may change."""
        rows = self.connection.rows(
            "SELECT number, type, id, patient FROM sync_version WHERE number > ? ORDER BY number LIMIT ?",
            (after, limit),
        )
        named = {patient for *_, patient in rows if patient}
        ids: dict[str, set[str]] = defaultdict(set)
        for _, type, id, _ in rows:
            ids[type].add(id)
        for type, some in ids.items():
            if type == "Group":  # the roster of a station names many
                named |= self._patients("relation v JOIN key k ON k.rid = v.rid", "v.patient", type, some)
            elif type == "Organization":  # what names it may have come before it
                named |= self._patients("relation v JOIN key k ON k.rid = v.grantee", "v.patient", type, some)
                named |= self._patients("ref f JOIN key k ON k.rid = f.target", "f.patient", type, some)
        for type, id in (one.split("/", 1) for one in sorted(named) if "/" in one):
            if type in NUMBER:  # a document came after the record that leads to it
                named |= self._patients("ref f JOIN key k ON k.rid = f.target", "f.patient", type, {id})
        return (int(rows[-1][0]) if rows else after), named

    def _patients(self, tables: str, column: str, type: str, ids: Collection[str]) -> set[str]:
        where = among(self.connection.dialect, "k.id", sorted(ids))
        rows = self.connection.rows(
            f"""SELECT DISTINCT p.id FROM {tables} JOIN key p ON p.rid = {column}
                WHERE k.type = ? AND {where.text} AND p.type = ?""",  # noqa: S608
            (NUMBER[type], *where.params, NUMBER["Patient"]),
        )
        return {id for (id,) in rows}

    def same(self, patients: Collection[str]) -> Mapping[str, set[str]]:
        """All who are the same person as each; and whoever a record of theirs was written of before or after."""
        people = PeopleRows(self.connection)
        rids = people.rids([one for one in patients if "/" not in one])
        ids = {rid: id for id, rid in rids.items()}
        persons = people.persons_of(ids)
        families: dict[int, set[int]] = defaultdict(set)
        for person, record in people.members({*persons.values(), *ids}):
            families[person].add(record)
        ids |= people.ids({*persons.values(), *(one for some in families.values() for one in some)} - ids.keys())
        found: dict[str, set[str]] = {}
        for patient, rid in rids.items():
            person = persons.get(rid, rid)
            found[patient] = {ids[one] for one in (person, *families[person]) if one in ids}
        for one, other in self._moved(patients):
            found.setdefault(one, set()).add(other)
        return found

    def _moved(self, patients: Collection[str]) -> list[tuple[str, str]]:
        if not patients:
            return []
        where = among(self.connection.dialect, "a.patient", sorted(patients))
        rows = self.connection.rows(
            f"""SELECT DISTINCT a.patient, b.patient FROM sync_version a JOIN sync_version b
                ON b.type = a.type AND b.id = a.id WHERE {where.text} AND b.patient <> a.patient""",  # noqa: S608
            where.params,
        )
        return [(one, other) for one, other in rows if other]

    def written(self, patients: Collection[str], nodes: Collection[str]) -> set[tuple[str, str]]:
        """(patient, node) of those of whom one of the nodes wrote something."""
        if not patients or not nodes:
            return set()
        of, by = (
            among(self.connection.dialect, name, sorted(some))
            for name, some in (("patient", patients), ("node", nodes))
        )
        rows = self.connection.rows(
            f"SELECT DISTINCT patient, node FROM sync_version WHERE {of.text} AND {by.text}",  # noqa: S608
            (*of.params, *by.params),
        )
        return {(patient, node) for patient, node in rows}

    def cared(self, patients: Collection[str], facilities: Collection[str]) -> set[tuple[str, str]]:
        """(patient, facility) by visits, referrals, care teams, rosters, and by what the Patient itself says."""
        rids = PeopleRows(self.connection).rids([one for one in patients if "/" not in one])
        known = self._known(facilities)
        if not rids or not known:
            return set()
        ids = {rid: id for id, rid in rids.items()}
        dialect = self.connection.dialect
        of = among(dialect, "patient", sorted(ids))
        by = among(dialect, "grantee", sorted(known))
        sql = f"SELECT DISTINCT patient, grantee FROM relation WHERE {of.text} AND {by.text}"  # noqa: S608
        rows: Sequence[Sequence[int]] = self.connection.rows(sql, (*of.params, *by.params))
        target, kinds = among(dialect, "target", sorted(known)), [self.keys.param("Patient", one) for one in _CARING]
        where = among(dialect, "key", kinds)
        sql = f"SELECT DISTINCT patient, target FROM ref WHERE {target.text} AND {where.text} AND {of.text}"  # noqa: S608
        rows = [*rows, *self.connection.rows(sql, (*target.params, *where.params, *of.params))]
        return {(ids[patient], code) for patient, grantee in rows for code in known[grantee]}

    def _known(self, facilities: Collection[str]) -> Mapping[int, set[str]]:
        """The codes of each record, or name, by which one of the facilities is known."""
        found: dict[int, set[str]] = defaultdict(set)
        if not facilities:
            return found
        codes = {self.keys.token("Organization", "identifier", code): code for code in facilities}
        where = among(self.connection.dialect, "t.key", sorted(codes))
        systems = [self.keys.small(system) for system in CODES]
        marks = ", ".join("?" * len(systems))
        rows = self.connection.rows(
            f"SELECT DISTINCT t.key, t.rid FROM token t WHERE {where.text} AND t.system IN ({marks})",  # noqa: S608
            (*where.params, *systems),
        )
        for key, rid in rows:
            found[rid].add(codes[key])
        for code in facilities:
            found[self.keys.grantee(facility(code))].add(code)
        return found

    def led_to(self, patients: Collection[str]) -> set[tuple[str, str]]:
        """Records without a patient to which those of these patients lead."""
        rids = PeopleRows(self.connection).rids([one for one in patients if "/" not in one])
        if not rids:
            return set()
        where = among(self.connection.dialect, "f.patient", sorted(rids.values()))
        rows = self.connection.rows(
            f"""SELECT DISTINCT k.type, k.id FROM ref f JOIN key k ON k.rid = f.target
                WHERE {where.text} AND k.patient = k.rid AND k.type <> ?""",  # noqa: S608
            (*where.params, NUMBER["Patient"]),
        )
        return {(TYPES[type], id) for type, id in rows}

    def known(self, names: Collection[str]) -> set[str]:
        """Those of the patients, or of what is a scope of its own, of whom something is in the record."""
        if not names:
            return set()
        where = among(self.connection.dialect, "patient", sorted(names))
        rows = self.connection.rows(
            f"SELECT patient FROM sync_patient WHERE {where.text}",  # noqa: S608
            where.params,
        )
        return {name for (name,) in rows}

    def place(self, change: bytes) -> int:
        ((number,),) = self.connection.rows("SELECT number FROM sync_version WHERE change = ?", (change,))
        return int(number)
