"""A transaction bundle carried out: every entry or none, links rewritten, conditions looked up inside it."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from hoso.access.criteria import lock_name
from hoso.access.demands import Unfit
from hoso.access.errand import Errand
from hoso.access.intake import check
from hoso.access.pending import Pending, can_answer
from hoso.access.records import Records
from hoso.access.scope import Right
from hoso.core.errors import Issue, Refused
from hoso.core.ids import new_id
from hoso.fhir.bundle import Entry, check_transaction, in_order, link_tables, placed
from hoso.fhir.json import parse
from hoso.fhir.links import Links, conditional_references, dangling, rewrite
from hoso.fhir.patch import apply_patch, read_patch
from hoso.fhir.path_patch import apply_path_patch, read_path_patch
from hoso.fhir.search import Query
from hoso.fhir.search import parse as parse_search
from hoso.store.contract import Conflict, Draft, Reading, Saved, Transaction, Version

_RIGHT: dict[str, Right] = {"POST": "c", "PUT": "u", "PATCH": "u", "DELETE": "d"}
_TAG = re.compile(r'(?:W/)?"?([A-Za-z0-9.-]{1,64})"?\Z')


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one entry."""

    entry: Entry
    saved: Saved
    warnings: Sequence[Issue] = ()


@dataclass(slots=True)
class _Work:
    """One attempt: which record each entry means, and what the references written as searches found."""

    head: Callable[[str, str], Version | None]
    """The record that a patch changes, as far as the caller may."""
    targets: dict[int, str] = field(default_factory=dict)
    found: dict[int, Version] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    """What is deleted, and so not there any more for what is created and resolved after it."""
    resolved: dict[str, str] = field(default_factory=dict)
    done: list[Done] = field(default_factory=list)
    drafted: list[tuple[Entry, Sequence[Issue]]] = field(default_factory=list)


class _Criteria:
    """The searches a transaction depends on, parsed before anything is locked."""

    def __init__(self, entries: Sequence[Entry], records: Records, errand: Errand) -> None:
        self.of_entry: dict[int, Query] = {}
        self.of_reference: dict[str, tuple[Query, Entry]] = {}
        own: set[str] = set()
        for entry in entries:
            if entry.criteria is not None:
                self.of_entry[entry.place] = _query(entry, entry.type, entry.criteria, records, errand)
                if entry.method == "POST":  # to whose record they lead, whether it is found or made
                    own.add(f"{entry.type}?{entry.criteria}")
        for entry in entries:
            if entry.resource is not None:
                for link in conditional_references(entry.body, entry.resource) - own:
                    type, _, text = link.partition("?")
                    self.of_reference[link] = (_query(entry, type, text, records, errand), entry)

    def locks(self) -> list[str]:
        return sorted({lock_name(query) for query in self.of_entry.values()})


def execute(records: Records, errand: Errand, entries: Sequence[Entry]) -> list[Done]:
    """Carries out the writing entries and answers in R4's order. Raises Refused or Conflict, with nothing stored."""
    check_transaction(entries)
    writing = [entry for entry in in_order(entries) if not entry.reads]
    criteria = _Criteria(writing, records, errand)
    rights = _rights(writing, criteria)
    if not criteria.of_entry and not criteria.of_reference and all(e.method in ("POST", "PUT") for e in writing):
        work = _Work(partial(records.to_change, errand, None))
        _settle(writing, work)
        drafts = _drafts(writing, work, None)
        try:
            return _answers(work, records.save(errand, rights, drafts) if drafts else [])
        except Unfit as unfit:
            raise _located(unfit, work) from unfit
    last: list[_Work] = []

    def attempt(transaction: Transaction) -> Sequence[Draft]:
        work = _Work(partial(records.to_change, errand, transaction))
        last[:] = [work]
        _look_up(records, errand, transaction, writing, criteria, work)
        _settle(writing, work)
        _resolve(records, errand, transaction, writing, criteria, work)
        return _drafts(writing, work, transaction)

    try:
        saved = records.write(errand, rights, criteria.locks(), attempt)
    except Unfit as unfit:
        raise _located(unfit, last[0]) from unfit
    return _answers(last[0], saved)


def _located(unfit: Unfit, work: _Work) -> Refused:
    """The same, each fault at the entry that brought it."""
    issues: list[Issue] = []
    for entry, _ in work.drafted:
        type, _, id = work.targets[entry.place].partition("/")
        found = unfit.faults.get((type, id), ())
        issues.extend(placed(Refused(422, *found), entry).issues)
    return Refused(422, *issues)


def _rights(entries: Sequence[Entry], criteria: _Criteria) -> list[tuple[Right, str]]:
    rights: list[tuple[Right, str]] = [(_RIGHT[entry.method], entry.type) for entry in entries]
    searched = {entry.type for entry in entries if entry.place in criteria.of_entry}
    searched |= {query.types[0] for query, _ in criteria.of_reference.values()}
    return list(dict.fromkeys([*rights, *(("s", type) for type in sorted(searched))]))


def _look_up(
    records: Records,
    errand: Errand,
    reading: Reading,
    entries: Sequence[Entry],
    criteria: _Criteria,
    work: _Work,
) -> None:
    making: set[str] = set()
    for entry in entries:
        query = criteria.of_entry.get(entry.place)
        if query is not None:
            version = _single(records, errand, reading, query, entry, work.gone if entry.method == "POST" else ())
            if version is not None:
                work.found[entry.place] = version
            elif entry.method in ("POST", "PUT"):
                _make_once(making, lock_name(query), entry)
        if entry.method == "DELETE" and (entry.id or entry.place in work.found):
            work.gone.add(f"{entry.type}/{entry.id or work.found[entry.place].id}")


def _resolve(
    records: Records,
    errand: Errand,
    reading: Reading,
    entries: Sequence[Entry],
    criteria: _Criteria,
    work: _Work,
) -> None:
    """The references written as a search, as they stand after the deletions, creations and updates of the bundle."""
    nothing = Pending(()), work.gone
    pending: dict[str, tuple[Pending, set[str]]] = {}
    for link, (query, holder) in criteria.of_reference.items():
        type = query.types[0]
        if type not in pending:
            brought = _pending(type, entries, work)
            pending[type] = brought, {*work.gone, *(f"{type}/{id}" for id in brought.ids)}
        coming, without = pending[type] if can_answer(query) else nothing
        found = [one.id for one in records.matches(errand, reading, query, without=without)]
        found += coming.find(query)
        if len(found) != 1:
            count, where = "> 1" if found else "0", holder.expression
            raise Refused.because(412, "not-found", "bundle.unresolved", where, link=link[:120], found=count)
        work.resolved[link] = f"{type}/{found[0]}"


def _pending(type: str, entries: Sequence[Entry], work: _Work) -> Pending:
    """The records of a type that the bundle brings; a conditional create that found its record brings none."""
    coming: list[tuple[str, dict[str, Any]]] = []
    for entry in entries:
        brings = entry.method == "PUT" or (entry.method == "POST" and entry.place not in work.found)
        if brings and entry.type == type and entry.resource is not None:
            try:
                accepted = check(entry.body, entry.resource, type)
            except Refused as refused:
                raise placed(refused, entry) from refused
            coming.append((work.targets[entry.place].partition("/")[2], accepted.resource))
    return Pending(coming)


def _make_once(making: set[str], criteria: str, entry: Entry) -> None:
    """Two entries with the same criteria would both find nothing and make two of what should be one."""
    if criteria in making:
        target = f"{entry.type}?{entry.criteria}"[:120]
        raise Refused.because(400, "duplicate", "bundle.twice", entry.expression, target=target)
    making.add(criteria)


def _single(
    records: Records,
    errand: Errand,
    reading: Reading,
    query: Query,
    entry: Entry,
    without: Collection[str],
) -> Version | None:
    try:
        return records.match(errand, reading, query, without=without)
    except Refused as refused:
        raise placed(refused, entry) from refused


def _drafts(entries: Sequence[Entry], work: _Work, reading: Reading | None) -> list[Draft]:
    tables = link_tables(work.targets, entries)
    drafts = []
    for entry in entries:
        found = work.found.get(entry.place)
        if entry.method == "POST" and found is not None:
            work.done.append(Done(entry, _kept(found)))
        elif entry.place in work.targets:
            links = Links({**tables(entry), **work.resolved}) if work.resolved else tables(entry)
            drafts.append(_draft(entry, work, links, reading))
        elif entry.method == "PATCH":
            raise Refused.because(404, "not-found", "rest.no-match", entry.expression, type=entry.type)
        else:
            work.done.append(Done(entry, Saved(entry.type, "", None, 0, "unchanged", b"")))
    return drafts


def _settle(entries: Sequence[Entry], work: _Work) -> None:
    for entry in entries:
        _target(entry, work)
    _check_once(entries, work)


def _target(entry: Entry, work: _Work) -> None:
    """Which record the entry means: the one it names, the one it found, or a new one."""
    found = work.found.get(entry.place)
    named = (entry.resource or {}).get("id") if entry.method == "PUT" else None
    if entry.id is not None:
        id = entry.id
    elif found is not None:
        id = found.id
        if named not in (None, id):
            raise Refused.because(400, "invalid", "rest.wrong-id", f"{entry.expression}.resource.id", id=id)
    elif entry.method in ("DELETE", "PATCH"):
        return
    else:
        id = str(named) if named else new_id()
    work.targets[entry.place] = f"{entry.type}/{id}"


def _check_once(entries: Sequence[Entry], work: _Work) -> None:
    seen: dict[str, Entry] = {}
    for entry in entries:
        target = work.targets.get(entry.place)
        if target is None or (entry.method == "POST" and entry.place in work.found):
            continue
        if target in seen:
            raise Refused.because(400, "duplicate", "bundle.twice", entry.expression, target=target)
        seen[target] = entry


def _draft(entry: Entry, work: _Work, links: Mapping[str, str], reading: Reading | None) -> Draft:
    id = work.targets[entry.place].partition("/")[2]
    try:
        if entry.method == "DELETE":
            work.drafted.append((entry, ()))
            return Draft("DELETE", entry.type, id, b"", None, _base(entry))
        if entry.method == "PATCH":
            assert reading is not None
            return _patch(entry, work, id)
        # In a transaction the same entry may be worked on again, so the tree that links change is its own.
        tree = parse(entry.body) if reading is not None else entry.resource or {}
        body = rewrite(entry.body, tree, links)
        link = dangling(body, tree)
        if link is not None:
            raise Refused.because(400, "not-found", "bundle.dangling", link=link[:120])
        named = id if entry.method == "PUT" and entry.id is not None else None
        accepted = check(body, tree, entry.type, named)
    except Refused as refused:
        raise placed(refused, entry) from refused
    work.drafted.append((entry, accepted.warnings))
    method, base = ("POST", None) if entry.method == "POST" else ("PUT", _base(entry))
    if entry.method == "PUT" and entry.id is None and entry.place not in work.found:
        if base not in ("any", None):
            raise Refused.because(412, "not-found", "rest.no-match", entry.expression, type=entry.type)
        base = None
    return accepted.draft("POST" if method == "POST" else "PUT", id, base)


def _change(entry: Entry) -> Callable[[bytes], bytes]:
    """A Binary holds a JSON Patch, Parameters are a FHIRPath Patch."""
    resource = entry.resource or {}
    if resource.get("resourceType") == "Parameters":
        steps = read_path_patch(entry.body)
        return lambda body: apply_path_patch(body, steps)
    if resource.get("resourceType") != "Binary" or resource.get("contentType") != "application/json-patch+json":
        raise Refused.because(400, "invalid", "bundle.patch-form")
    try:
        operations = read_patch(b64decode(str(resource.get("data", "")), validate=True))
    except ValueError as error:
        raise Refused.because(400, "invalid", "bundle.patch-form") from error
    return lambda body: apply_patch(body, operations)


def _patch(entry: Entry, work: _Work, id: str) -> Draft:
    change = _change(entry)
    head = work.head(entry.type, id)
    if head is None or head.deleted:
        raise Refused.because(404, "not-found", "rest.not-found", type=entry.type, id=id)
    base = _base(entry)
    if base not in ("any", head.version):
        raise Conflict(entry.type, id, head.version)
    body = change(head.body)
    accepted = check(body, parse(body), entry.type, id)
    work.drafted.append((entry, accepted.warnings))
    return accepted.draft("PATCH", id, head.version)


def _base(entry: Entry) -> str | None:
    if "ifMatch" in entry.conditions:
        match = _TAG.match(entry.conditions["ifMatch"].strip())
        if not match:
            raise Refused.because(
                400, "value", "rest.bad-condition", header="ifMatch", value=entry.conditions["ifMatch"]
            )
        return match[1]
    return None if entry.conditions.get("ifNoneMatch") == "*" else "any"


def _answers(work: _Work, saved: Sequence[Saved]) -> list[Done]:
    fresh = [Done(entry, one, warnings) for (entry, warnings), one in zip(work.drafted, saved, strict=True)]
    return [*work.done, *fresh]


def _kept(version: Version) -> Saved:
    return Saved(version.type, version.id, version.version, version.updated, "unchanged", version.body)


def _query(entry: Entry, type: str, text: str, records: Records, errand: Errand) -> Query:
    try:
        pairs = parse_qsl(text.lstrip("?"), keep_blank_values=True)
        query = records.settled(errand, parse_search(type, pairs, added=records.parameters.offered()))
    except Refused as refused:
        raise placed(refused, entry) from refused
    if not query.conditions:
        raise Refused.because(412, "required", "rest.no-criteria", entry.expression, type=type)
    return query
