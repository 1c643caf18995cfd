"""A real node for a measurement: made, filled and served by the `hoso` command as anybody would."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from hoso import compose

HOSO = str(Path(sys.executable).with_name("hoso"))
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(slots=True)
class Served:
    folder: Path
    address: str
    token: str
    pid: int

    @property
    def port(self) -> int:
        return urlsplit(self.address).port or 80

    def client(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)

    def get(self, path: str) -> dict[str, object]:
        client = self.client()
        client.request("GET", path, headers=self.headers())
        answer = client.getresponse()
        body = answer.read()
        client.close()
        if answer.status != 200:
            raise RuntimeError(f"{path}: {answer.status} {body[:300]!r}")
        found: dict[str, object] = json.loads(body)
        return found

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}", "Content-Type": "application/fhir+json"}


def run(*arguments: object, stdin: str | None = None) -> str:
    done = subprocess.run([HOSO, *map(str, arguments)], input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"hoso {' '.join(map(str, arguments))}: {done.stderr}")
    return done.stdout


def make(folder: Path, database: str | None) -> None:
    run("init", "--data", folder, *(["--database", database] if database else []))


@contextmanager
def served(folder: Path) -> Iterator[Served]:
    token = run("token", "create", "--data", folder, "--name", f"bench-{time.time_ns()}", "--scope", "system/*.cruds")
    command = [HOSO, "serve", "--data", str(folder), "--port", "0", "--workers", "2"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        address = next((word for word in line.split() if word.startswith("http")), None)
        if address is None:
            raise RuntimeError(f"the node did not start: {line}")
        yield Served(folder, address.rstrip("/"), token.strip(), process.pid)
    finally:
        process.terminate()
        process.wait(60)


def tree(pid: int) -> list[int]:
    """A process and all below it."""
    found = [pid]
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            found += tree(int(child))
    return found


def cpu_seconds(pids: list[int]) -> float:
    """Processor time of these processes and of their children that have ended."""
    total = 0.0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += sum(map(int, fields[11:15])) / TICKS
    return total


def database_bytes(folder: Path) -> int:
    """What the records take in the database, without what a log still repeats."""
    node = compose.open(folder)
    connection = node.store.engine.reader()
    if connection.dialect == "sqlite":
        pages, size = (connection.rows(f"PRAGMA {name}")[0][0] for name in ("page_count", "page_size"))
        found = int(pages) * int(size)
    else:
        found = int(connection.rows("SELECT pg_database_size(current_database())")[0][0])
    node.close()
    return found


def resident_mb(pids: list[int]) -> float:
    """Proportional: memory that workers share is counted once."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total / 1024
