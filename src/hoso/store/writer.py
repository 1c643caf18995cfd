"""Drafts become a plan: heads are checked, versions counted, index rows compared with those of the version before.

Everything that needs no database (extraction, hashing) is done before a write lock is held. An update with the same
content is a version too, as FHIR has it: somebody confirmed it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple
from uuid import UUID

import orjson

from hoso.core.clock import instant as _instant
from hoso.core.ids import uuid7
from hoso.fhir.extract import extract
from hoso.fhir.indexed import Indexed
from hoso.fhir.json import splice
from hoso.fhir.labels import Said, said
from hoso.fhir.labels.content import NOTHING as SILENT
from hoso.fhir.model import load
from hoso.store import chain, index
from hoso.store.added import NONE as NO_PARAMETERS
from hoso.store.added import Snapshot
from hoso.store.connection import Connection, Race
from hoso.store.contract import Conflict, Draft, Origin, Outcome, Saved
from hoso.store.engine import Engine
from hoso.store.facts import Facts
from hoso.store.index import NOTHING, CodeRow, Group, Keys, Rows
from hoso.store.labels import Labelling, edges, known
from hoso.store.plan import (
    CREATE,
    DELETE,
    METHODS,
    UPDATE,
    BodyRow,
    ChangeRow,
    Expected,
    Grouped,
    Head,
    HeadRow,
    IndexRows,
    Move,
    Name,
    NewKey,
    Plan,
    Table,
)
from hoso.store.seal import ID, NEVER, Gone, RecordKey, is_sealed, special
from hoso.store.search.sql import Sql, among, choose

instant = lru_cache(64)(_instant)
"""What is saved together carries one time."""

MOST_KNOWN = 100_000
"""Shared rows that a process remembers to be there."""

_METHOD = {name: number for number, name in enumerate(METHODS, 1)}
_MODEL = load()
_PATIENT = _MODEL.type_number["Patient"]
_OUTCOME: dict[int, Outcome] = {CREATE: "created", UPDATE: "updated", DELETE: "deleted"}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A draft with what can be known of it without the database."""

    draft: Draft
    name: Name
    change: UUID
    rows: Rows
    found: Indexed
    said: Said = SILENT
    added: Snapshot = NO_PARAMETERS


@dataclass(slots=True)
class Current:
    """Where one written name stands while a plan is made; `original` is what the database has."""

    original: Head
    version: str | None
    patient: int
    updated: int
    deleted: bool
    place: int = 0
    latest: Prepared | None = None


class Step(NamedTuple):
    """One change that will be made."""

    prepared: Prepared
    op: int
    version: str
    base: str | None
    patient: int
    updated: int
    text: bytes


def prepare(keys: Keys, draft: Draft, change: UUID | None = None, added: Snapshot = NO_PARAMETERS) -> Prepared:
    found, rows, labels = Indexed(), NOTHING, SILENT
    if draft.resource is not None:
        named = draft.resource.get("id") == draft.id
        resource = draft.resource if named else {**draft.resource, "id": draft.id}
        found = extract(resource)
        if added.parameters:
            added.fill(draft.type, resource, found)
        rows = index.rows(keys, draft.type, found)
        labels = said(draft.body, draft.resource)
    return Prepared(draft, (_MODEL.type_number[draft.type], draft.id), change or uuid7(), rows, found, labels, added)


class Compared(NamedTuple):
    """What stands in the index for a name, and what will."""

    latest: Prepared
    before: IndexRows
    after: IndexRows


class Numbers:
    """Numbers for names nobody has heard of; one can be had before the record is planned, in the same transaction."""

    def __init__(self, free: Iterator[int]) -> None:
        self._free = free
        self._given: dict[Name, int] = {}

    def of(self, name: Name) -> int:
        rid = self._given.get(name)
        if rid is None:
            rid = self._given[name] = next(self._free)
        return rid

    def check(self, known: Mapping[Name, Head]) -> None:
        """Raises Race when somebody else has named one of them meanwhile."""
        if any(known[name].rid != rid for name, rid in self._given.items() if name in known):
            raise Race


class Planner:
    """Makes one plan for drafts that are saved together; a name may come more than once."""

    def __init__(
        self,
        engine: Engine,
        facts: Facts,
        connection: Connection,
        origin: Origin,
        now: int,
        numbers: Numbers | None = None,
    ) -> None:
        self.engine, self.facts, self.connection = engine, facts, connection
        self.origin, self.now = origin, now
        self.plan = Plan(facts.stream, chain.start(facts.node, facts.epoch))
        if len(facts.groups) > MOST_KNOWN:  # numbers of people are many, and seen once
            facts.groups.clear()
        self.known: dict[Name, Head] = {}
        self.fresh: dict[Name, NewKey] = {}
        self.current: dict[Name, Current] = {}
        self.numbers = numbers or Numbers(engine.rids(connection))
        self.labelling = Labelling()

    def make(self, prepared: Sequence[Prepared]) -> tuple[Plan, list[Saved]]:
        self.known = self.engine.lookup(self.connection, {p.name for p in prepared}, True)
        self.numbers.check(self.known)
        self._look_up({name for p in prepared for name in _referred(p.rows, p.found)})
        steps: list[Step] = []
        saved = [self._step(p, steps) for p in prepared]
        self._log(steps)
        written = {name: current for name, current in self.current.items() if current.latest is not None}
        compared = {name: self._compare(name, current) for name, current in written.items()}
        self._codes({row for one in compared.values() for row in one.latest.rows.codes})
        self._label(steps)
        sealed = self._sealed(list(written.values()))
        for name, current in written.items():
            self._settle(name, current, compared[name], sealed=current.original.rid in sealed)
        self._seal(steps, sealed)
        self.plan.keys = sorted(self.fresh.values())
        return self.plan, saved

    def _look_up(self, names: set[Name]) -> None:
        missing = names - self.known.keys()
        if missing:
            self.known.update(self.engine.lookup(self.connection, missing, False))

    def _head(self, name: Name) -> Head:
        """What is known of a name; one never heard of gets a number, and a place in `key`."""
        head = self.known.get(name)
        if head is None:
            rid = self.numbers.of(name)
            head = self.known[name] = Head(rid, rid)
            self.fresh[name] = NewKey(*name, rid, rid)
        return head

    def _step(self, prepared: Prepared, steps: list[Step]) -> Saved:
        draft = prepared.draft
        current = self._current(prepared.name)
        live = current.version is not None and not current.deleted
        if draft.base != "any" and draft.base != (current.version if live else None):
            raise Conflict(draft.type, draft.id, current.version if live else None)
        if draft.resource is None and not live:
            return Saved(
                draft.type,
                draft.id,
                current.version,
                current.updated or self.now,
                "unchanged",
                b"",
                patient=current.patient,
            )
        op = DELETE if draft.resource is None else UPDATE if live else CREATE
        base, version = current.version, self._next(current.version)
        current.version, current.deleted = version, op == DELETE
        current.updated = max(self.now, current.updated)
        if op != DELETE:
            current.patient = self._patient(prepared)
        current.latest, current.place = prepared, len(steps) + 1
        text = b""
        if op != DELETE:
            text = splice(draft.body, id=draft.id, version=version, updated=instant(current.updated))
        steps.append(Step(prepared, op, version, base, current.patient, current.updated, text))
        return Saved(
            draft.type, draft.id, version, current.updated, _OUTCOME[op], text, current.original.rid, current.patient
        )

    def _current(self, name: Name) -> Current:
        current = self.current.get(name)
        if current is None:
            head = self._head(name)
            current = Current(head, head.version, head.patient, head.updated, head.deleted)
            self.current[name] = current
        return current

    def _next(self, version: str | None) -> str:
        count = int(version.partition("-")[0]) + 1 if version else 1
        return f"{count}-{self.facts.tag}" if self.facts.tag else str(count)

    def _patient(self, prepared: Prepared) -> int:
        patient = prepared.found.patient
        name = prepared.name if patient is None else (_PATIENT, patient)
        return self._head(name).rid

    def _log(self, steps: list[Step]) -> None:
        bundle = uuid7() if len(steps) > 1 else None
        codec, plan, origin = self.facts.codec, self.plan, self.origin
        for place, step in enumerate(steps, 1):
            draft, (number, id) = step.prepared.draft, step.prepared.name
            change, method = step.prepared.change, _METHOD[draft.method]
            rid = self.known[step.prepared.name].rid
            envelope = chain.Envelope(
                change.hex, bundle.hex if bundle else None, place, len(steps), step.op, method, draft.type, id,
                step.version, step.base, step.prepared.found.patient, origin.actor, origin.reason, step.updated,
                chain.body_hash(step.text) if step.text else None,
            )  # fmt: skip
            plan.changes.append(
                ChangeRow(
                    change.bytes, bundle.bytes if bundle else None, place, len(steps), step.op, method, number, rid,
                    step.version, step.base, step.patient, origin.actor, origin.reason, step.updated,
                    len(step.text), envelope.digest(),
                )
            )  # fmt: skip
            if step.text:
                plan.bodies.append(BodyRow(place, step.patient, codec.current, codec.pack(step.text)))

    def _compare(self, name: Name, current: Current) -> Compared:
        """The index rows of one name before and after, and what this plan takes for granted of it."""
        assert current.latest is not None
        plan, original, latest = self.plan, current.original, current.latest
        moved = current.patient != original.patient
        if name not in self.fresh:
            gone = moved and original.version is not None
            plan.expected.append(Expected(original.rid, original.patient, original.version, gone))
        if moved and name in self.fresh:
            self.fresh[name] = self.fresh[name]._replace(patient=current.patient)
        elif moved:
            plan.moves.append(Move(original.rid, current.patient, *name))
        after = self._expand(latest.rows, latest.found, current.patient, original.rid)
        before = self._before(latest, original)
        refs = edges(after["ref"])
        self.labelling.edges += refs
        if before:
            self.labelling.left(edge for edge in edges(before["ref"]) if edge not in refs)
        return Compared(latest, before, after)

    def _settle(self, name: Name, current: Current, compared: Compared, *, sealed: bool) -> None:
        """The head row and the index rows of one name, after its last change in this plan."""
        plan, original, (latest, before, after) = self.plan, current.original, compared
        found, rows = latest.found, latest.rows
        if sealed:
            words = {key for key, _ in rows.words}
            rows, after["string"] = index.without_texts(rows), []
            after["token"] = [row for row in after["token"] if row[0] not in words]
        assert current.version is not None
        plan.heads.append(
            HeadRow(
                current.place, current.patient, original.rid, *name, current.version, current.updated,
                found.clinical_date, found.present, int(current.deleted),
                self._group("systems", rows.systems), self._group("texts", rows.texts),
            )
        )  # fmt: skip
        for table, fresh in after.items():
            if before:  # a row that stays is left alone
                old, new = set(before[table]), set(fresh)
                _extend(plan.remove, table, old - new)
                _extend(plan.add, table, new - old)
            elif fresh:
                _extend(plan.add, table, fresh)

    def _sealed(self, written: Sequence[Current]) -> set[int]:
        """Numbers of the written records whose bodies are sealed: once so, always so."""
        if self.facts.keyring is None:
            return set()
        labels = self.plan.labels
        masks = {row.rid: row.mask for row in (*labels.seen, *labels.rows)} if labels else {}
        again = {c.original.rid for c in written if c.original.version is not None and c.original.packed is None}
        if unsure := again - masks.keys():  # of a record that was deleted the labels stay
            masks |= {rid: row.mask for rid, row in known(self.connection, unsure).items()}
        return {
            current.original.rid
            for current in written
            if is_sealed(current.original.dictionary) or special(masks.get(current.original.rid, 0))
        }.difference(current.original.rid for current in written if self._name(current)[0] in NEVER)

    def _name(self, current: Current) -> Name:
        assert current.latest is not None
        return current.latest.name

    def _seal(self, steps: Sequence[Step], sealed: set[int]) -> None:
        """Seals what is written, and notes whose older versions are not sealed yet."""
        keyring, plan = self.facts.keyring, self.plan
        if keyring is None:
            return
        keys: dict[int, RecordKey | bytes] = {}
        for current in self.current.values():
            original = current.original
            if original.rid in sealed and original.packed is not None:
                if is_sealed(original.dictionary):
                    keys[original.rid] = bytes(original.packed[:ID])
                else:
                    plan.older.add(original.rid)
        for place, body in enumerate(plan.bodies if sealed else ()):
            step = steps[body.place - 1]
            rid = self.known[step.prepared.name].rid
            if rid in sealed:
                if rid not in keys:
                    made = keys[rid] = keyring.make(rid, self.now)
                    plan.record_keys.append(made)
                packed = keyring.seal(self.connection, keys[rid], rid, step.version, body.packed)
                plan.bodies[place] = body._replace(dictionary=~body.dictionary, packed=packed)
        if plan.labels:
            fresh = {key.rid for key in self.fresh.values()}
            plan.older |= {row.rid for row in plan.labels.rows if special(row.mask)} - fresh

    def _label(self, steps: Sequence[Step]) -> None:
        """Labels of all that is written, each version of it, and of all that inherits from it."""
        labelling = self.labelling
        for step in steps:
            prepared = step.prepared
            current = self.current[prepared.name]
            if prepared.said != SILENT:
                labelling.says(current.original.rid, prepared.said)
            if prepared is not current.latest:  # its references stand in no index
                rows = self._expand(prepared.rows, prepared.found, current.patient, current.original.rid)
                labelling.left(edges(rows["ref"]))
        if labelling.said or labelling.edges:
            fresh = {key.rid for key in self.fresh.values()}
            labels = labelling.settled(self.connection, fresh, self._said_before)
            if labels.rows or labels.seen or labels.edges:
                self.plan.labels = labels

    def _said_before(self, rid: int) -> Said:
        original = next((c.original for c in self.current.values() if c.original.rid == rid), None)
        if original is None or original.packed is None:
            return SILENT
        try:
            body = self._text(original)
        except Gone:
            return SILENT
        return said(body, orjson.loads(body))

    def _text(self, original: Head) -> bytes:
        assert original.packed is not None and original.version is not None
        return self.connection.text(original.dictionary, original.packed, original.rid, original.version)

    def _codes(self, rows: Collection[CodeRow]) -> None:
        """Codes of all records of the plan that are not known to be there; asked for in one go."""
        known = self.facts.groups
        unsure = {row[0]: row for row in rows if row[0] not in known}
        there = set(self.engine.brief(_committed_codes, list(unsure))) if unsure else set()
        known |= there
        if missing := {row for key, row in unsure.items() if key not in there}:
            self.plan.grouped["codes"] = missing

    def _group(self, table: Grouped, group: Group) -> int:
        """The number of a set, which the plan makes unless it is known to be there."""
        if group.rows and group.number not in self.facts.groups:
            if self.engine.brief(_committed, table, group):
                self.facts.groups.add(group.number)
            else:
                self.plan.grouped.setdefault(table, set()).update(group.rows)
        return group.number

    def _before(self, latest: Prepared, original: Head) -> IndexRows:
        """The index rows that stand now, found again from the body they were made of."""
        type = latest.draft.type
        if original.deleted or original.packed is None:
            return {}
        try:
            resource = orjson.loads(self._text(original))
        except Gone:
            return {}  # its rows went with it
        found = extract(resource)
        if latest.added.parameters:
            latest.added.fill(type, resource, found, before=True)
        rows = index.rows(self.facts.keys, type, found)
        if is_sealed(original.dictionary):
            rows = index.without_texts(rows)
        self._look_up(_referred(rows, Indexed()))
        return self._expand(rows, found, original.patient, original.rid)

    def _expand(self, rows: Rows, found: Indexed, patient: int, rid: int) -> IndexRows:
        number, head = _MODEL.type_number, self._head
        return index.laid_out(rows, found.clinical_date, patient, rid, lambda type, id: head((number[type], id)).rid)


def _committed_codes(connection: Connection, keys: Sequence[int]) -> list[int]:
    sql = choose("key", Sql("codes"), among(connection.dialect, "key", keys))
    return [key for (key,) in connection.rows(sql.text, sql.params)]


def _committed(connection: Connection, table: Grouped, group: Group) -> bool:
    """Asked of what is committed: a set that was made in this transaction would go with it."""
    if table == "systems":
        return bool(connection.rows("SELECT number FROM systems WHERE key = ? AND number = ?", group.rows[0]))
    sql = "SELECT number FROM texts WHERE key = ? AND value = ? AND number = ?"
    return bool(connection.rows(sql, group.rows[0][:3]))


def _referred(rows: Rows, found: Indexed) -> set[Name]:
    number = _MODEL.type_number
    names = {(number[type], id) for type, id, _ in rows.refs}
    if found.patient is not None:
        names.add((_PATIENT, found.patient))
    return names


def _extend(tables: IndexRows, table: Table, rows: Collection[tuple[Any, ...]]) -> None:
    if rows:
        tables.setdefault(table, []).extend(rows)
