"""`hoso load` without its screen: units from files go to worker processes, and what became of them comes back.

Every worker checks and indexes on its own and writes through the door itself; the database lets one write at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from hoso.access import Conflict, Saved, Unavailable
from hoso.core import Issue, Refused
from hoso.exchange import documents, formats, rejects
from hoso.exchange.commit import Door, Key, Misfit, store
from hoso.exchange.crew import Crew
from hoso.exchange.documents import Arrived, Document
from hoso.exchange.journal import Journal
from hoso.exchange.sheets.mapping import Mapping as SheetMapping
from hoso.exchange.sources import Arrival, Unit, Unreadable, read
from hoso.exchange.tally import UNKNOWN, Fate, Tally
from hoso.fhir.outcome import Language

ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class Task:
    """`only`: the last chance of the documents on these lines; references that find nobody wait no longer."""

    arrival: Arrival
    only: frozenset[int | None] = frozenset()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a task. `waits`: lines put off until everything else is loaded; `whole`: the unit's full count.

    `stopped` says why the store could take nothing.
    """

    digest: str | None
    cost: int
    tally: Tally = field(default_factory=Tally)
    rejects: list[bytes] = field(default_factory=list)
    warnings: list[bytes] = field(default_factory=list)
    waits: frozenset[int | None] = frozenset()
    whole: Tally | None = None
    stopped: str | None = None


def run(
    files: Sequence[Path],
    opener: Callable[[], Door],
    *,
    workers: int,
    journal: Journal,
    language: Language = "en",
    sheets: Mapping[Path, SheetMapping | None] | None = None,
) -> Generator[Outcome, None, None]:
    """Loads the files and tells of every piece as it is done. Close the iterator to stop early.

    `sheets` are as `sources.read` takes them.
    What refers to records nobody has yet ("Practitioner?identifier=…") is put off and done last.
    """
    crew: Crew[Task, Outcome] = Crew(workers, partial(_worker, opener, language))
    known: list[Outcome] = []
    put_off: dict[str, Outcome] = {}
    try:
        for outcome in crew.run(_first(files, journal, known, sheets)):
            yield from _drain(known)
            if outcome.waits and outcome.digest:
                put_off[outcome.digest] = outcome
                yield replace(outcome, digest=None)
            else:
                yield outcome
        yield from _drain(known)
        for outcome in crew.run(_last(files, put_off, sheets)):
            yield replace(outcome, whole=outcome.tally + put_off[outcome.digest].tally if outcome.digest else None)
    finally:
        crew.close()


def _drain(known: list[Outcome]) -> Iterator[Outcome]:
    while known:
        yield known.pop()


def _first(
    files: Iterable[Path], journal: Journal, known: list[Outcome], sheets: Mapping[Path, SheetMapping | None] | None
) -> Iterator[Task]:
    """All that is still to be done; what an interrupted load has finished is only counted."""
    for file in files:
        for arrival in read(file, sheets):
            done = journal.finished(arrival.digest) if isinstance(arrival, Unit) else None
            if done is None:
                yield Task(arrival)
            else:
                known.append(Outcome(None, arrival.cost, done.again()))


def _last(
    files: Iterable[Path], put_off: Mapping[str, Outcome], sheets: Mapping[Path, SheetMapping | None] | None
) -> Iterator[Task]:
    """What was put off, read from its file again: holding it would need memory without bound."""
    for file in files if put_off else ():
        for arrival in read(file, sheets):
            if isinstance(arrival, Unit) and arrival.digest in put_off:
                yield Task(replace(arrival, cost=0), put_off[arrival.digest].waits)


def _worker(opener: Callable[[], Door], language: Language) -> Callable[[Task], Outcome]:
    return partial(take, opener(), language)


def take(door: Door, language: Language, task: Task) -> Outcome:
    """One task, done through the door."""
    arrival, tally = task.arrival, Tally()
    if isinstance(arrival, Unreadable):
        tally.add(UNKNOWN, "rejected")
        issue = Issue("structure", arrival.key, arrival.values)
        return Outcome(
            None, arrival.cost, tally, [rejects.line(arrival.source, arrival.line, None, [issue], b"", language)]
        )
    lines: list[bytes] = []
    warnings: list[bytes] = []
    waits: set[int | None] = set()
    try:
        for number, data in _texts(arrival, task.only):
            document = _load(door, partial(_read, door, arrival, data), tally, last=bool(task.only))
            if document is None:
                waits.add(number)
                continue
            for fault in document.faults:
                lines.append(rejects.line(arrival.source, number, fault.entry, fault.issues, fault.original, language))
            if document.warnings:
                warnings.append(rejects.line(arrival.source, number, None, document.warnings, b"null", language))
        door.told(arrival.source)
    except Unavailable as error:
        return Outcome(None, 0, stopped=str(error))
    return Outcome(arrival.digest, arrival.cost, tally, lines, warnings, frozenset(waits))


def _read(door: Door, unit: Unit, data: bytes) -> Document:
    if unit.piece is None:
        return documents.read(data)
    return formats.FORMATS[unit.format].read(data, unit.piece, door)


def _texts(unit: Unit, only: frozenset[int | None]) -> Iterator[tuple[int | None, bytes]]:
    """The documents of a unit with their lines."""
    if unit.line is None:
        yield unit.piece, unit.data
        return
    for number, line in enumerate(unit.data.split(b"\n"), unit.line):
        if line.strip() and (not only or number in only):
            yield number, line


def _load(door: Door, read: Callable[[], Document], tally: Tally, last: bool) -> Document | None:
    """One document into the store: counts what became of its resources and returns it with what is refused.

    None when it refers to somebody who is not here yet and this is not its last chance.
    """
    written: dict[Key, Saved] = {}
    for _ in range(ATTEMPTS):
        door.afresh()
        document = read()
        try:
            targets = targets_of(door, document)
            if not last and is_waiting(document, targets):
                return None
            documents.settle(document, targets)
            unfit: list[Misfit] = []
            fates = store(
                door, document.arrived, atomic=document.atomic, written=written, unfit=unfit, as_read=document.as_read
            )
            documents.refuse(document, unfit)
            _count(document, fates, tally)
            return document
        except Conflict:  # somebody else wrote the same records meanwhile: look again
            continue
        except Refused as refused:
            document.refuse_whole(*refused.issues)
            _count(document, [], tally)
            return document
    document.refuse_whole(Issue("conflict", "load.contended"))
    _count(document, [], tally)
    return document


def _count(document: Document, fates: Iterable[tuple[Arrived, Fate]], tally: Tally) -> None:
    for item, fate in fates:
        tally.add(item.type, fate)
    for fault in document.faults:
        for type in fault.types:
            tally.add(type, "rejected")


def targets_of(door: Door, document: Document) -> dict[str, str]:
    """Whom each criterion of the document means, if anybody."""
    matches = {criteria: door.find(criteria) for criteria in sorted(documents.criteria(document))}
    return {criteria: f"{match.type}/{match.id}" for criteria, match in matches.items() if match}


def is_waiting(document: Document, targets: Mapping[str, str]) -> bool:
    """Whether a conditional reference finds nobody; one to a record the document itself brings is found later."""
    conditions = {item.criteria for item in document.arrived}
    return bool(documents.criteria(document) - conditions - targets.keys())
