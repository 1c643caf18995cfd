"""`make evaluate` through the store: look-ups, registrations and backfill against a register of a given size, on both
engines, each by as many processes as there are processors.

The register is written as rows, without texts of its people: a link to one of them draws the person from the newcomer
alone. Nothing else differs from a register that grew by arrivals.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count, islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from bench import match_http, node, postgres
from bench.figures import Figures
from bench.node import cpu_seconds, resident_mb, tree
from bench.scores import percentile
from bench.simulator.form import Patient
from bench.simulator.trial import Trial
from hoso import compose
from hoso.access import Actor, Draft, Errand, Origin, Records, Scopes
from hoso.cli.match import TOGETHER
from hoso.core import citizen_code, system_clock
from hoso.fhir.model import load
from hoso.identity.arrive import Arrivals
from hoso.identity.batch.place import place
from hoso.identity.batch.walk import Piece
from hoso.identity.match import Policy, default_model
from hoso.identity.matching import Matching
from hoso.identity.seek import seek, seek_all
from hoso.store.contract import StoreConfig
from hoso.store.opening import open_store
from hoso.store.postgres.connection import PostgresConnection
from hoso.store.record_store import RecordStore
from hoso.store.sqlite.connection import SqliteConnection

ENGINES = ("sqlite", "postgresql")
CLIENT = Actor("client/bench", Scopes.parse("system/*.cruds"))
PATIENT = load().type_number["Patient"]
CHUNK = 50_000
PROCESSES = os.cpu_count() or 1
THREADS = 8
"""Counters that register at once in each process."""
PLACED_TOGETHER = TOGETHER["place"]
WARM = 50
LOOKUPS, REGISTERED, SCORED, PLACED = 3_000, 4_000, 20_000, 4_000

TABLES = ("key (type, id, patient, rid)", "person", "member", "match_record", "match_key")


class Row(NamedTuple):
    """What is kept of an enrolled person."""

    id: str
    packed: bytes
    keys: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Spent:
    """Done in so many seconds by the clock, with so much processor time of all processes, the server's too."""

    done: int
    seconds: float
    cpu: float

    @property
    def per_second(self) -> float:
        return self.done / self.seconds

    @property
    def cpu_ms(self) -> float:
        return 1_000 * self.cpu / self.done


def measure(figures: Figures, trial: Trial, engines: Sequence[str] = ENGINES) -> None:
    """Adds the rows of every engine. The register of the trial is read to its end."""
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        rows = [row for chunk in _described(pool, trial.register()) for row in chunk]
    arrivals = [arrival.patient for split in ("known", "stranger", "kin") for arrival in trial.arrivals(split)]
    arrivals = arrivals[:: max(1, len(arrivals) // (2 * REGISTERED + 2 * SCORED)) or 1]
    for engine in engines:
        with _made(engine, figures) as (folder, server):
            _measure(figures, engine, folder, server, rows, arrivals)


def _measure(
    figures: Figures, engine: str, folder: Path, server: int | None, rows: Sequence[Row], arrivals: list[Patient]
) -> None:
    config = compose.store_config(compose.load(folder))
    store = open_store(config)
    start = time.perf_counter()
    fill(store, rows)
    figures.add(f"fill.{engine}.per_second", len(rows) / (time.perf_counter() - start), "people/s")
    some = arrivals[:: max(1, len(arrivals) // LOOKUPS)][:LOOKUPS]
    clock, cpu = _lookups(store, some)
    figures.add(f"lookup.{engine}.p50_ms", percentile(clock, 0.5), "ms")
    figures.add(f"lookup.{engine}.p99_ms", percentile(clock, 0.99), "ms")
    figures.add(f"lookup.{engine}.cpu_p50_ms", percentile(cpu, 0.5), "ms")
    figures.add(f"lookup.{engine}.cpu_p99_ms", percentile(cpu, 0.99), "ms")
    _saved(store, arrivals[-PLACED:])
    asked = arrivals[:: max(1, len(arrivals) // match_http.ASKED)][: match_http.ASKED]
    match_http.prepare(store, asked)
    store.close()
    match_http.measure(figures, engine, folder, asked)
    told: tuple[tuple[str, Callable[..., int], Sequence[Patient]], ...] = (
        ("backfill", _score, arrivals[:SCORED]),
        ("register", _register, arrivals[:REGISTERED]),
        ("place", _place, arrivals[-PLACED:]),
    )
    for name, work, people in told:
        spent, memory = _shared(work, config, people, server)
        figures.add(f"{name}.{engine}.per_second", spent.per_second, "people/s")
        figures.add(f"{name}.{engine}.cpu_ms", spent.cpu_ms, "ms")
    figures.add(f"memory.{engine}.worker_mb", memory, "MB")


# The register


def _described(pool: ProcessPoolExecutor, people: Iterable[Patient]) -> Iterator[list[Row]]:
    """In the order of the people, a few chunks ahead."""
    source, ahead = iter(people), list[Future[list[Row]]]()
    while True:
        while len(ahead) < 2 * PROCESSES and (some := list(islice(source, 5_000))):
            ahead.append(pool.submit(describe, some))
        if not ahead:
            return
        yield ahead.pop(0).result()


def describe(people: Iterable[Patient]) -> list[Row]:
    matching = Matching(default_model(), Policy(), system_clock)
    made = ((patient["id"], matching.describe(patient)) for patient in people)
    return [Row(id, described.packed, tuple(described.keys)) for id, described in made]


def fill(store: RecordStore, rows: Sequence[Row]) -> None:
    """Each a person of one record, in transactions of many."""
    for start in range(0, len(rows), CHUNK):
        some = rows[start : start + CHUNK]
        store.engine.transact(lambda connection, some=some: _insert(store, connection, some))  # type: ignore[misc]
    store.engine.transact(lambda connection: connection.rows("ANALYZE"))


def _insert(store: RecordStore, connection: Any, some: Sequence[Row]) -> None:
    rids = store.engine.rids(connection)
    tables: list[list[tuple[Any, ...]]] = [[] for _ in TABLES]
    for row in some:
        record, person = next(rids), next(rids)
        tables[0] += [(PATIENT, row.id, record, record), (PATIENT, f"p-{row.id}", person, person)]
        tables[1].append((person, citizen_code.make(person), None))
        tables[2].append((record, person))
        tables[3].append((record, 0, row.packed))
        tables[4] += [(key, record) for key in row.keys]
    tables[4].sort()
    for table, found in zip(TABLES, tables, strict=True):
        if isinstance(connection, SqliteConnection):
            marks = ", ".join("?" * len(found[0]))
            connection.many(f"INSERT INTO {table} VALUES ({marks})", found)
        else:
            assert isinstance(connection, PostgresConnection)
            with connection.handle.cursor().copy(f"COPY {table} FROM STDIN") as copy:
                for one in found:
                    copy.write_row(one)


# What is measured


def _lookups(store: RecordStore, arrivals: Sequence[Patient]) -> tuple[list[float], list[float]]:
    """Milliseconds of each look-up, by the clock and of this process."""
    matching, people = Matching(default_model(), Policy(), system_clock), store.people
    clock, cpu = [], []
    described = [matching.describe(patient) for patient in arrivals]
    for one in described[:300]:  # pages and statements that a node at work has at hand
        matching.decide(one, seek(people, one), people)
    for one in described:
        start, spent = time.perf_counter(), time.process_time()
        matching.decide(one, seek(people, one), people)
        cpu.append((time.process_time() - spent) * 1_000)
        clock.append((time.perf_counter() - start) * 1_000)
    return clock, cpu


def _saved(store: RecordStore, patients: Sequence[Patient]) -> None:
    """Stored as before identity: under another id, without a person."""
    origin = Origin(CLIENT.id, "SYSADMIN")
    for start in range(0, len(patients), PLACED_TOGETHER):
        some = [{**patient, "id": f"old-{patient['id']}"} for patient in patients[start : start + PLACED_TOGETHER]]
        store.save([Draft("PUT", "Patient", p["id"], orjson.dumps(p), p) for p in some], origin)


def _shared(
    work: Callable[..., int], config: StoreConfig, people: Sequence[Patient], server: int | None
) -> tuple[Spent, float]:
    """Shared by processes that are warm already; and the memory of one of them."""
    parts = [list(people[part::PROCESSES]) for part in range(PROCESSES)]
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        list(pool.map(_warm, [config] * PROCESSES, [people[:WARM]] * PROCESSES))
        start, before = time.perf_counter(), _cpu(server)
        done = [pool.submit(work, config, part, number) for number, part in enumerate(parts)]
        total = sum(one.result() for one in done)
        seconds = time.perf_counter() - start
        spent = Spent(total, seconds, sum(_cpu(server).values()) - sum(before.values()))
        return spent, pool.submit(_memory).result()


def _cpu(server: int | None) -> dict[int, float]:
    """Processor seconds of ours and the server's processes; what a helper of the server that ended took is left out."""
    found = {}
    for pid in {*tree(os.getpid()), *(tree(server) if server else ())}:
        with suppress(FileNotFoundError, ProcessLookupError):
            found[pid] = cpu_seconds([pid])
    return found


def _memory() -> float:
    return resident_mb([os.getpid()])


_OPEN: dict[str, tuple[RecordStore, Arrivals]] = {}


def _warm(config: StoreConfig, patients: Sequence[Patient]) -> None:
    """Tables are read and names counted, as in a node that has been at work for a minute."""
    time.sleep(0.5)  # so that each process gets one
    _score(config, patients, 0)


def _opened(config: StoreConfig, number: int) -> tuple[RecordStore, Arrivals]:
    if config.url not in _OPEN:
        compose.collect_seldom()  # as a node's processes do
        numbers = count((os.getpid() % 4_000_000 + 1_000) * 2_000)
        matching = Matching(default_model(), Policy(), system_clock)
        store = open_store(config)
        arrivals = Arrivals(
            matching,
            lambda n: [citizen_code.make(next(numbers)) for _ in range(n)],
            system_clock,
            people=lambda: store.people,
        )
        _OPEN[config.url] = store, arrivals
    return _OPEN[config.url]


def _score(config: StoreConfig, patients: Sequence[Patient], number: int) -> int:
    """Keys, look-up and decision of each, as many at once as `hoso match` takes; nothing is written."""
    store, arrivals = _opened(config, number)
    people, matching = store.people, arrivals.matching
    for start in range(0, len(patients), PLACED_TOGETHER):
        some = [matching.describe(patient) for patient in patients[start : start + PLACED_TOGETHER]]
        for described, sought in zip(some, seek_all(people, some), strict=True):
            matching.decide(described, sought, people)
    return len(patients)


def _register(config: StoreConfig, patients: Sequence[Patient], number: int) -> int:
    """Each in a transaction of its own, by counters that wait for their answer."""
    store, arrivals = _opened(config, number)
    records = Records(store, system_clock, arrivals)

    def one(patient: Patient) -> None:
        records.update(Errand(CLIENT, "TREAT"), "Patient", patient["id"], orjson.dumps(patient))

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(one, patients))
    return len(patients)


def _place(config: StoreConfig, patients: Sequence[Patient], number: int) -> int:
    """As `hoso match` does it."""
    store, arrivals = _opened(config, number)
    records = Records(store, system_clock, arrivals)
    done = 0
    for start in range(0, len(patients), PLACED_TOGETHER):
        ids = tuple(f"old-{patient['id']}" for patient in patients[start : start + PLACED_TOGETHER])
        done += place(records, arrivals, Piece(0, ids, 0)).counts["placed"]
    return done


@contextmanager
def _made(engine: str, figures: Figures) -> Iterator[tuple[Path, int | None]]:
    """The folder of a new node, and the process of its database's server."""
    with tempfile.TemporaryDirectory(prefix="hoso-evaluate-") as folder:
        if engine == "sqlite":
            node.make(Path(folder, "node"), None)
            yield Path(folder, "node"), None
            return
        with postgres.running(figures) as server, postgres.database(server.url) as url:
            node.make(Path(folder, "node"), url)
            assert server.process is not None
            yield Path(folder, "node"), server.process.pid
