"""The tables that lie in `data/`, row by row."""

from __future__ import annotations

import csv
import gzip
import io
import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

_DATA = files("hoso.fhir.terminology") / "data"


def rows(name: str) -> Iterator[dict[str, str]]:
    raw = (_DATA / name).read_bytes()
    text = (gzip.decompress(raw) if name.endswith(".gz") else raw).decode()
    lines = (line for line in io.StringIO(text) if not line.startswith("#"))
    return csv.DictReader(lines)


def toml(name: str) -> dict[str, Any]:
    return tomllib.loads((_DATA / name).read_text(encoding="utf-8"))


def several(cell: str) -> tuple[str, ...]:
    """What stands in one cell with bars between."""
    return tuple(part for part in cell.split("|") if part)
