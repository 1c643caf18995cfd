"""Certificates the tests make: good ones by the node's own authority, and every kind that must be refused."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hoso.transit.authority import Authority

NOW = datetime.now(UTC)


def authority(folder: Path, name: str = "Test authority") -> Authority:
    made = Authority(folder)
    made.begin(name, NOW)
    return made


def server(made: Authority, name: str, *names: str, now: datetime = NOW, days: int = 30) -> tuple[Path, Path]:
    files = made.folder / f"{name}.pem", made.folder / f"{name}.key"
    made.server(names or ("hoso.test", "127.0.0.1"), now, *files, days)
    return files


def client(made: Authority, name: str, *, now: datetime = NOW, days: int = 30) -> tuple[Path, Path]:
    files = made.folder / f"{name}.pem", made.folder / f"{name}.key"
    made.client(name, now, *files, days)
    return files


LONG_AGO = NOW - timedelta(days=100)


def trusting(made: Authority, shown: tuple[Path, Path] | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(made.certificate))
    if shown is not None:
        context.load_cert_chain(*map(str, shown))
    return context
