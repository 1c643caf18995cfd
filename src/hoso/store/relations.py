"""Who is tied to whom, as rows: what the policy looks up about a caller, and about the person of a record.

Relations are an index of the records that say them (fhir/relations.py); grants are made by human acts (grants.py).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from hoso.fhir.extraction.authors import AUTHORS
from hoso.fhir.model import load
from hoso.fhir.organisation import CODES
from hoso.fhir.relations import KINDS, citizen, facility
from hoso.store import consents
from hoso.store.connection import Connection, Row
from hoso.store.consents import ConsentRow
from hoso.store.index import Keys

_MODEL = load()
_GUARDIAN = KINDS.index("guardian") + 1


class TieRow(NamedTuple):
    """`born`: high ends of the birth dates that the record of the tie's patient gives."""

    kind: int
    grantee: int
    since: int
    until: int
    born: tuple[int, ...]


class Who(NamedTuple):
    """The numbers under which a caller stands in relations."""

    grantees: tuple[int, ...]
    practitioner: int
    citizen: int


_PERSON = "SELECT coalesce((SELECT m.person FROM member m WHERE m.record = ?), ?)"
_ALL = f"SELECT record FROM member WHERE person = ({_PERSON}) UNION SELECT ({_PERSON}) UNION SELECT ?"  # noqa: S608


class RelationRows:
    """The rows on one connection, to read."""

    def __init__(self, connection: Connection, keys: Keys) -> None:
        self._connection, self._keys = connection, keys

    def subscriber(self, id: str) -> str:
        """Who wrote a Subscription last; empty when nobody is told by it."""
        rows = self._connection.rows("SELECT owner FROM subscription WHERE id = ?", (id,))
        return str(rows[0][0]) if rows else ""

    @property
    def birthdate(self) -> int:
        """The number of the parameter by which birth dates stand in the index."""
        return self._keys.param("Patient", "birthdate")

    def who(self, facility_code: str, practitioner: str, person: str) -> Who:
        """Of staff by facility and record; of a citizen by the code of their person."""
        grantees: list[int] = []
        if facility_code:
            key = self._keys.token("Organization", "identifier", facility_code)
            rows = self._connection.rows(
                "SELECT t.rid FROM token t JOIN resource r ON r.patient = t.patient AND r.rid = t.rid"
                " WHERE t.key = ? AND t.system IN (?, ?, ?) AND r.deleted = 0",
                (key, *(self._keys.small(system) for system in CODES)),
            )
            grantees += [*sorted(rid for (rid,) in rows), self._keys.grantee(facility(facility_code))]
        own = self.number("Practitioner", practitioner) if practitioner else 0
        if own:
            grantees.append(own)
        return Who(tuple(grantees), own, self._citizen(person) if person else 0)

    def ties(self, patient: int) -> list[TieRow]:
        """All relations of the person that a patient key belongs to, whoever the grantee is."""
        rows = self._connection.rows(
            "SELECT v.kind, v.grantee, v.since, v.until, v.patient FROM relation v"  # noqa: S608
            f" WHERE v.patient IN ({_ALL}) ORDER BY v.patient, v.grantee, v.kind, v.since, v.until, v.rid",
            (patient,) * 5,
        )
        born = self._born({row[4] for row in rows})
        return [TieRow(kind, grantee, since, until, born.get(whose, ())) for kind, grantee, since, until, whose in rows]

    def _born(self, patients: Collection[int]) -> Mapping[int, tuple[int, ...]]:
        found: dict[int, tuple[int, ...]] = {}
        for patient in sorted(patients):
            rows = self._connection.rows(
                "SELECT d.high FROM date d WHERE d.patient = ? AND d.rid = ? AND d.key = ?",
                (patient, patient, self.birthdate),
            )
            found[patient] = tuple(high for (high,) in rows)
        return found

    def authors(self, type: str, patient: int, rid: int) -> frozenset[int]:
        """Whom a record names as its author."""
        keys = [self._keys.param(type, param) for param in AUTHORS.get(type, ())]
        if not keys:
            return frozenset()
        rows = self._connection.rows(
            "SELECT DISTINCT target FROM ref WHERE patient = ? AND rid = ?"  # noqa: S608
            f" AND key IN ({', '.join('?' * len(keys))})",
            (patient, rid, *keys),
        )
        return frozenset(target for (target,) in rows)

    def consents(self, patient: int) -> list[ConsentRow]:
        """What the person of a patient permitted and denied."""
        return consents.of(self._connection, patient)

    def consenting(self, grantees: Sequence[int]) -> tuple[bool, bool]:
        """Whether there is any denial, and any permit for one of these."""
        return consents.any_denial(self._connection), consents.any_permit(self._connection, grantees)

    def given(self, grantees: Sequence[str], now: int, facility: str) -> list[Row]:
        """(kind, patient, id) of the grants that somebody who acts at a facility has at a moment."""
        if not grantees:
            return []
        return self._connection.rows(
            "SELECT kind, patient, id FROM access_grant"  # noqa: S608
            f" WHERE grantee IN ({', '.join('?' * len(grantees))}) AND until > ? AND since <= ? AND ended IS NULL"
            " AND facility IN ('', ?) ORDER BY id",
            (*grantees, now, now, facility),
        )

    def wards(self, person: str, now: int) -> list[int]:
        """Patients whose guardian a citizen is at a moment."""
        rows = self._connection.rows(
            "SELECT DISTINCT patient FROM relation WHERE grantee = ? AND kind = ? AND since <= ? AND until > ?"
            " ORDER BY patient",
            (self._citizen(person), _GUARDIAN, now, now),
        )
        return [int(patient) for (patient,) in rows]

    def number(self, type: str, id: str) -> int:
        """The number of a record; 0 when nobody has heard of it."""
        rows = self._connection.rows("SELECT rid FROM key WHERE type = ? AND id = ?", (_MODEL.type_number[type], id))
        return int(rows[0][0]) if rows else 0

    def _citizen(self, person: str) -> int:
        """As whom a citizen stands in relations: by the code of the person, which outlives every merge."""
        rid = self.number("Patient", person)
        rows = self._connection.rows("SELECT code FROM person WHERE rid = ?", (rid,))
        return self._keys.grantee(citizen(rows[0][0])) if rows else 0
