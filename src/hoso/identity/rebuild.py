"""Who belongs to whom, made anew from the ledger: as it was at any moment, to be compared with what the store says, or
to be written in its place after a restore.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import islice
from typing import TypeVar

import orjson

from hoso.access import Entry, Errand, PeopleRows, Person, Records, Transaction
from hoso.access.scope import Right
from hoso.core import citizen_code
from hoso.core.clock import to_ms
from hoso.fhir.search import parse
from hoso.identity.code import Codes
from hoso.identity.leading import align, misled
from hoso.identity.ledger import Apart, Event, State, apply, read
from hoso.identity.matching import Matching

T = TypeVar("T")

PAGE = 500
RESTLESS = 2
"""A record that turned more often is compared with nobody; see arrive.py."""

READS: Sequence[tuple[Right, str]] = (("s", "Patient"), ("s", "Linkage"))
WRITES: Sequence[tuple[Right, str]] = (*READS, ("u", "Patient"))
Seen = Callable[[int], None]
Place = tuple[int, int]


@dataclass(slots=True)
class Replayed:
    """By ids. `merged`: the person each person was found to be; `restored`: those who are persons again; `turned`: how
    often a record became somebody else."""

    state: State = field(default_factory=State)
    apart: Apart = field(default_factory=set)
    merged: dict[str, str] = field(default_factory=dict)
    persons: dict[str, None] = field(default_factory=dict)
    turned: Counter[str] = field(default_factory=Counter)
    restored: dict[str, None] = field(default_factory=dict)
    last: Place = (-(1 << 62), 0)

    def add(self, event: Event) -> None:
        apply(event, self.state, self.apart)
        if event.kind in ("link", "split"):
            self.persons[event.person] = None
        elif event.kind == "merge":
            self.merged[event.other] = event.person
        elif event.kind == "unmerge":
            self.merged.pop(event.person, None)
            self.restored[event.person] = None
        elif event.kind == "unlink" and event.reason == "turned":
            self.turned.update(event.records)


def replayed(records: Records, errand: Errand, until: str | None = None) -> Replayed:
    """Who belonged to whom after all that was decided up to an instant, that instant included; without one, by now."""
    end = None if until is None else to_ms(datetime.fromisoformat(until))
    found = Replayed()
    for place, event in _events(records.people(errand), found.last):
        if end is not None and place[0] > end:
            break
        found.add(event)
        found.last = place
    return found


def rebuild(
    records: Records,
    errand: Errand,
    matching: Matching,
    codes: Codes,
    seen: Seen = lambda number: None,
) -> Replayed:
    """Writes the projection and what newcomers are compared with anew, and leads codes; while nobody else writes."""
    found = replayed(records, errand)
    records.transact(errand, WRITES, lambda transaction: _write(transaction, found))
    query = parse("Patient", [("_count", str(PAGE))])
    for versions in _batched(records.scan(errand, query), PAGE):
        patients = {version.rid: (version.id, version.body) for version in versions}
        entries = [
            _entry(records, errand, matching, rid, id, body, found.turned) for rid, (id, body) in patients.items()
        ]
        records.transact(errand, WRITES, lambda transaction, some=entries: transaction.people.put(some))  # type: ignore[misc]
        seen(len(entries))
    people = records.people(errand)
    for some in _batched([*found.merged, *found.restored], PAGE):
        align(codes, people, people.rids(some).values())
    return found


def compare(records: Records, errand: Errand, codes: Codes) -> tuple[int, list[str]]:
    """How many records of persons there are, and where the store says something else than its ledger.

    Works while others write: what was decided meanwhile is not looked at.
    """
    found = replayed(records, errand)
    people = records.people(errand)
    members, faults = _compared_members(people, found.state)
    faults |= _compared_persons(people, found)
    apart = set(people.log.partings())
    faults |= {(record, person): "are kept apart for no reason" for record, person in apart - found.apart}
    faults |= {(record, person): "should be kept apart" for record, person in found.apart - apart}
    faults |= {(id,): "is compared with nobody" for id in people.log.unfound()}
    for some in _batched([*found.merged, *found.restored], PAGE):
        rids = people.rids(some)
        ids = {person.code: person.rid for person in people.persons(rids.values()).values()}
        names = {rid: id for id, rid in rids.items()}
        for code, leads, end in misled(codes, people, rids.values()):
            faults[names[ids[code]],] = f"its code {code} leads to {leads}, not {end}"
    meanwhile = {id for _, event in _events(people, found.last) for id in (event.person, event.other, *event.records)}
    return members, [f"{', '.join(ids)}: {fault}" for ids, fault in sorted(faults.items()) if not meanwhile & {*ids}]


def state(people: PeopleRows, persons: Collection[int], pictures: Iterable[Mapping[str, object]] = ()) -> str:
    """A hash of what some persons are: their codes, whom they were found to be, their records, and of golden Patients
    all but `meta`. Equal hashes, equal persons."""
    known = sorted(map(tuple, people.persons(persons).values()))
    members = sorted(people.members(persons))
    drawn = [{name: value for name, value in picture.items() if name != "meta"} for picture in pictures]
    told = [known, members, sorted(drawn, key=lambda picture: str(picture.get("id")))]
    return sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()


Faults = dict[tuple[str, ...], str]


def _compared_members(people: PeopleRows, state: State) -> tuple[int, Faults]:
    faults: Faults = {}
    there: set[str] = set()
    last = -1
    while page := people.log.memberships(last, PAGE):
        for _, record, person in page:
            there.add(record)
            if state.get(record) != person:
                faults[record,] = f"belongs to {person}, the ledger says {state.get(record, 'nobody')}"
        last = page[-1][0]
    faults |= {(record,): f"belongs to nobody, the ledger says {state[record]}" for record in state.keys() - there}
    return len(there), faults


def _compared_persons(people: PeopleRows, found: Replayed) -> Faults:
    faults: Faults = {}
    there: set[str] = set()
    last = -1
    while page := people.log.persons(last, PAGE):
        for _, id, _, merged in page:
            there.add(id)
            if found.merged.get(id) != merged:
                faults[id,] = f"was found to be {merged or 'nobody'}, the ledger says {found.merged.get(id, 'nobody')}"
            if id not in found.persons:
                faults[id,] = "is a person of whom the ledger knows nothing"
        last = page[-1][0]
    return faults | {(id,): "is a person in the ledger only" for id in found.persons.keys() - there}


def _events(people: PeopleRows, after: Place) -> Iterator[tuple[Place, Event]]:
    while page := people.log.ledger(after, PAGE):
        for place, text in page:
            event = read(orjson.loads(text))
            if event is not None:
                yield place, event
        after = page[-1][0]


def _write(transaction: Transaction, found: Replayed) -> None:
    people = transaction.people
    people.clear()
    for some in _batched(found.persons, PAGE):
        rids = people.rids([*some, *(found.merged[id] for id in some if id in found.merged)])
        heads = transaction.heads([("Patient", id) for id in some])
        merged = {id: rids[found.merged[id]] if id in found.merged else None for id in some}
        people.fill([Person(rids[id], _code(heads["Patient", id].body), merged[id]) for id in some], [])
    for links in _batched(found.state.items(), PAGE):
        rids = people.rids({id for pair in links for id in pair})
        people.fill([], [(rids[record], rids[person]) for record, person in links])
    for pairs in _batched(sorted(found.apart), PAGE):
        rids = people.rids({id for pair in pairs for id in pair})
        people.keep_apart((rids[record], rids[person]) for record, person in pairs)


def _batched(found: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(found)
    while some := list(islice(rest, size)):
        yield some


def _code(golden: bytes) -> str:
    identifiers = orjson.loads(golden)["identifier"]
    return str(next(i["value"] for i in identifiers if i.get("system") == citizen_code.SYSTEM))


def _entry(
    records: Records, errand: Errand, matching: Matching, rid: int, id: str, body: bytes,
    turned: Mapping[str, int],
) -> Entry:  # fmt: skip
    described = matching.describe(orjson.loads(body))
    flips = turned.get(id, 0)
    if flips >= RESTLESS:  # how often it turned after it had left its person for the last time stands in its versions
        flips = _flips(records, errand, matching, id)
    return Entry(rid, () if flips > RESTLESS else described.keys, described.packed, flips)


def _flips(records: Records, errand: Errand, matching: Matching, id: str) -> int:
    flips, cursor = 0, None
    after = None
    while True:
        page = records.history(errand, "Patient", id, count=PAGE, cursor=cursor)
        for version in page.versions:
            now = None if version.deleted else matching.describe(orjson.loads(version.body))
            if after is not None and now is not None and matching.contradicts(now.packed, after):
                flips += 1
            after = now
        cursor = page.cursor
        if cursor is None:
            return flips
