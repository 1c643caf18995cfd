"""The limits: the same work with nothing of HoSo around it, measured in the same run on the same machine."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.http import wrk
from hoso import compose
from hoso.store.reading import _MODEL, _READ
from hoso.store.record_store import RecordStore

_OK = [("Content-Type", "application/fhir+json")]


def constant() -> Callable[..., list[bytes]]:
    """A WSGI function that only answers."""

    def answer(environ: dict[str, Any], start: Callable[..., object]) -> list[bytes]:
        start("200 OK", _OK)
        return [b'{"resourceType":"Patient"}']

    return answer


def same_sql() -> Callable[..., list[bytes]]:
    """A WSGI function that finds and unpacks a body with the statement HoSo uses, and checks nothing."""
    store = compose.open(Path(os.environ["HOSO_BENCH_NODE"])).store
    assert isinstance(store, RecordStore)
    engine, unpack, number = store.engine, store.facts.codec.unpack, _MODEL.type_number

    def answer(environ: dict[str, Any], start: Callable[..., object]) -> list[bytes]:
        _, _, type, id = environ["PATH_INFO"].split("/")
        row = engine.reader().rows(_READ, (number[type], id))[0]
        start("200 OK", _OK)
        return [unpack(row[3], row[4]) if row[3] >= 0 else row[4]]  # a sealed body is not opened here

    return answer


@contextmanager
def granian(factory: str, node: Path | None = None) -> Iterator[str]:
    port = random.randint(20_000, 40_000)
    command = [
        str(Path(sys.executable).with_name("granian")), "--interface", "wsgi", "--factory", "--workers", "2",
        "--blocking-threads", "8", "--port", str(port), "--log-level", "error", f"bench.bare:{factory}",
    ]  # fmt: skip
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd()), "HOSO_BENCH_NODE": str(node or "")}
    process = subprocess.Popen(command, env=environment)
    try:
        _until_it_listens(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def _until_it_listens(port: int) -> None:
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the bare server did not start")


def wsgi_rate() -> float:
    with granian("constant") as address:
        return wrk(address, ["/"], {}, seconds=5).rate


def sql_rate(node: Path, paths: Sequence[str]) -> float:
    with granian("same_sql", node) as address:
        return wrk(address, paths, {}, seconds=5).rate


def fsync_rate(folder: Path, seconds: float = 2.0) -> float:
    """Durable writes of 8 KB a second: no commit can be quicker."""
    file = folder / "fsync"
    page = os.urandom(8192)
    count, ends = 0, time.perf_counter() + seconds
    with file.open("wb") as out:
        while time.perf_counter() < ends:
            out.write(page)
            out.flush()
            os.fsync(out.fileno())
            count += 1
    file.unlink()
    return count / seconds
