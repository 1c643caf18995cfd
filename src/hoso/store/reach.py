"""Tests of rows that a policy is made of, each as SQL on an alias with `patient` and `rid`; `Visible` carries them.

A test says nothing about why: which ones a caller has is for `access/policy` to decide.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

Text = tuple[str, list[object]]


class Clause(Protocol):
    def test(self, alias: str) -> Text:
        """SQL with ? parameters that is true for the rows of `alias` that pass."""


@dataclass(frozen=True, slots=True)
class Nothing:
    def test(self, alias: str) -> Text:
        return "1=0", []


@dataclass(frozen=True, slots=True)
class Of:
    """The records of some patients, by all the numbers these have."""

    patients: frozenset[int]

    def test(self, alias: str) -> Text:
        if not self.patients:
            return "1=0", []
        return f"{alias}.patient IN ({_marks(self.patients)})", list(sorted(self.patients))


Codes = tuple[tuple[int, int | None], ...]
"""(key of a token, number of its system or None for any)."""


@dataclass(frozen=True, slots=True)
class Coded:
    """The records that have one of these codes."""

    codes: Codes

    def test(self, alias: str) -> Text:
        either = " OR ".join(
            "g.key = ?" if system is None else "(g.key = ? AND g.system = ?)" for _, system in self.codes
        )
        text = (
            f"EXISTS (SELECT 1 FROM token g WHERE g.patient = {alias}.patient AND g.rid = {alias}.rid"  # noqa: S608
            f" AND ({either}))"
        )
        return text, [number for pair in self.codes for number in pair if number is not None]


@dataclass(frozen=True, slots=True)
class Tied:
    """The records of whoever has a relation of one of these kinds with one of these grantees at a moment.

    A relation of any record of a person counts for all of them; linking rewrites nothing. `born`: half open, in
    milliseconds; the patient of the relation must be born within it (a birth date that is a year counts by its end).
    """

    kinds: tuple[int, ...]
    grantees: tuple[int, ...]
    now: int
    born: tuple[int, int, int] | None = None
    """(number of the parameter `birthdate`, after, before)."""
    over: bool = False
    """Whether also by a relation that has ended by then."""

    def test(self, alias: str) -> Text:
        if not self.kinds or not self.grantees:
            return "1=0", []
        person = f"coalesce((SELECT m.person FROM member m WHERE m.record = {alias}.patient), {alias}.patient)"  # noqa: S608
        near, near_params = self._rows(f"v.patient = {alias}.patient", "")
        whole, whole_params = self._rows(f"x.person = {person} AND v.patient = x.record", "member x CROSS JOIN ")
        itself, itself_params = self._rows(f"v.patient = {person}", "")
        return f"({near} OR {whole} OR {itself})", [*near_params, *whole_params, *itself_params]

    def _rows(self, way: str, tables: str) -> Text:
        test = (
            f"{way} AND v.grantee IN ({_marks(self.grantees)}) AND v.kind IN ({_marks(self.kinds)})"
            f" AND v.since <= ?{'' if self.over else ' AND v.until > ?'}"
        )
        params: list[object] = [*self.grantees, *self.kinds, self.now, *(() if self.over else (self.now,))]
        if self.born is not None:
            test += (
                " AND EXISTS (SELECT 1 FROM date d WHERE d.patient = v.patient AND d.rid = v.patient AND d.key = ?"
                " AND d.high > ? AND d.high <= ?)"
            )
            params += self.born
        return f"EXISTS (SELECT 1 FROM {tables}relation v WHERE {test})", params  # noqa: S608


@dataclass(frozen=True, slots=True)
class Author:
    """The records that name one of these as who wrote them, by one of these parameters; and they are nobody's else."""

    keys: tuple[int, ...]
    targets: tuple[int, ...]

    def test(self, alias: str) -> Text:
        if not self.keys or not self.targets:
            return "1=0", []
        text = (
            f"EXISTS (SELECT 1 FROM ref w WHERE w.patient = {alias}.patient AND w.rid = {alias}.rid"  # noqa: S608
            f" AND w.key IN ({_marks(self.keys)}) AND w.target IN ({_marks(self.targets)}))"
        )
        return text, [*self.keys, *self.targets]


@dataclass(frozen=True, slots=True)
class Unlabelled:
    """The records that have none of the labels of a mask."""

    mask: int

    def test(self, alias: str) -> Text:
        text = f"NOT EXISTS (SELECT 1 FROM label l WHERE l.rid = {alias}.rid AND (l.mask & ?) <> 0)"  # noqa: S608
        return text, [self.mask]


@dataclass(frozen=True, slots=True)
class Showable:
    """The records that may be shown to anybody: asked once for a whole statement, for nearly every record may."""

    def test(self, alias: str) -> Text:
        return f"{alias}.rid NOT IN (SELECT l.rid FROM label l WHERE l.mask & 1 = 1)", []  # noqa: S608


@dataclass(frozen=True, slots=True)
class Either:
    """One of them passes; none of none."""

    clauses: tuple[Clause, ...]

    def test(self, alias: str) -> Text:
        return _joined(" OR ", [clause.test(alias) for clause in self.clauses], "1=0")


@dataclass(frozen=True, slots=True)
class All:
    """Each of them passes."""

    clauses: tuple[Clause, ...]

    def test(self, alias: str) -> Text:
        return _joined(" AND ", [clause.test(alias) for clause in self.clauses], "1=1")


def _joined(word: str, tests: list[Text], empty: str) -> Text:
    texts = [text for text, _ in tests]
    params = [param for _, params in tests for param in params]
    return (f"({word.join(texts)})" if len(texts) > 1 else texts[0] if texts else empty), params


def _marks(values: Iterable[object]) -> str:
    return ", ".join("?" for _ in values)
