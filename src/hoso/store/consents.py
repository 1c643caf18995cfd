"""What citizens permitted and denied, as rows to look up and as tests of rows of any record.

A rule matches a call and a record by all it names. Of the rules of one Consent the innermost that matches decides; a
denial that stands in any Consent of the person closes the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hoso.store.connection import Connection
from hoso.store.reach import Text


class ConsentRow(NamedTuple):
    """A row of `consent` without its patient."""

    rid: int
    place: int
    first: int
    permits: int
    since: int
    until: int
    grantee: int
    purpose: int
    type: int
    acts: int
    labels: int
    record: int


@dataclass(frozen=True, slots=True)
class Call:
    """Who asks for what, in the numbers of the table; `type` of the records asked about."""

    grantees: tuple[int, ...]
    now: int
    purpose: int
    type: int
    act: int

    def meets(self, row: ConsentRow, record: int, labels: int) -> bool:
        return (
            row.since <= self.now < row.until
            and (row.grantee == 0 or row.grantee in self.grantees)
            and row.purpose in (0, self.purpose)
            and row.type in (0, self.type)
            and (row.acts == 0 or bool(row.acts & self.act))
            and row.record in (0, record)
            and (row.labels == 0 or bool(row.labels & labels))
        )

    def denied(self, rows: Sequence[ConsentRow], record: int, labels: int) -> bool:
        met = [row for row in rows if self.meets(row, record, labels)]
        permits = [row for row in met if row.permits]
        return any(
            not any(one.rid == row.rid and row.first <= one.place < row.place for one in permits)
            for row in met
            if not row.permits
        )

    def permitted(self, rows: Iterable[ConsentRow], record: int, labels: int) -> bool:
        """To one who was named."""
        return any(row.permits and row.grantee != 0 and self.meets(row, record, labels) for row in rows)

    def text(self, name: str, alias: str) -> Text:
        """Whether a row of `consent` meets the call and a record."""
        marks = ", ".join("?" * len(self.grantees))
        grantee = f"({name}.grantee = 0 OR {name}.grantee IN ({marks}))" if self.grantees else f"{name}.grantee = 0"
        text = (
            f"{name}.since <= ? AND {name}.until > ? AND {grantee} AND {name}.purpose IN (0, ?)"  # noqa: S608
            f" AND {name}.type IN (0, ?) AND ({name}.acts = 0 OR ({name}.acts & ?) <> 0)"
            f" AND {name}.record IN (0, {alias}.rid) AND ({name}.labels = 0 OR EXISTS (SELECT 1 FROM label y"
            f" WHERE y.rid = {alias}.rid AND (y.mask & {name}.labels) <> 0))"
        )
        return text, [self.now, self.now, *self.grantees, self.purpose, self.type, self.act]


@dataclass(frozen=True, slots=True)
class Undenied:
    """The records that no Consent of their person closes for a call."""

    call: Call

    def test(self, alias: str) -> Text:
        denial, params = self.call.text("d", alias)
        permit, inner = self.call.text("p", alias)
        text = (
            f"NOT EXISTS (SELECT 1 FROM consent d WHERE {_whose('d', alias)} AND d.permits = 0 AND {denial}"  # noqa: S608
            f" AND NOT EXISTS (SELECT 1 FROM consent p WHERE p.rid = d.rid AND p.place >= d.first AND p.place < d.place"
            f" AND p.permits = 1 AND {permit}))"
        )
        return text, [*params, *inner]


@dataclass(frozen=True, slots=True)
class Permitted:
    """The records that a Consent of their person opens for somebody it names."""

    call: Call

    def test(self, alias: str) -> Text:
        permit, params = self.call.text("p", alias)
        where = f"{_whose('p', alias)} AND p.permits = 1 AND p.grantee <> 0 AND {permit}"
        return f"EXISTS (SELECT 1 FROM consent p WHERE {where})", params  # noqa: S608


def _whose(name: str, alias: str) -> str:
    """By any record of the person, as relations are."""
    own = f"SELECT m.person FROM member m WHERE m.record = {alias}.patient"  # noqa: S608
    return (
        f"{name}.patient IN (SELECT {alias}.patient UNION ALL {own} UNION ALL SELECT x.record FROM member x WHERE"  # noqa: S608
        f" x.person = coalesce(({own}), {alias}.patient))"
    )


_PERSON = "coalesce((SELECT m.person FROM member m WHERE m.record = ?), ?)"
_OF = f"""SELECT rid, place, first, permits, since, until, grantee, purpose, type, acts, labels, record FROM consent
  WHERE patient IN (SELECT record FROM member WHERE person = {_PERSON} UNION SELECT {_PERSON} UNION SELECT ?)
  ORDER BY rid, place, grantee, purpose, type, record"""  # noqa: S608


def of(connection: Connection, patient: int) -> list[ConsentRow]:
    """All rules of the person that a patient key belongs to."""
    return [ConsentRow(*row) for row in connection.rows(_OF, (patient,) * 5)]


def any_denial(connection: Connection) -> bool:
    """Whether anybody denied anything at all: nearly always, and else nothing has to be asked of records."""
    return bool(connection.rows("SELECT 1 FROM consent WHERE permits = 0 LIMIT 1"))


def any_permit(connection: Connection, grantees: Sequence[int]) -> bool:
    """Whether anybody permitted anything to one of these."""
    marks = ", ".join("?" * len(grantees))
    sql = f"SELECT 1 FROM consent WHERE permits = 1 AND grantee IN ({marks}) LIMIT 1"  # noqa: S608
    return bool(grantees and connection.rows(sql, list(grantees)))
