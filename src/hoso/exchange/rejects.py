"""What a load refused, in a file: one line each with place, reasons in both languages and the original.

The file is NDJSON, readable only by its owner because it holds health data; `original` can be mended and loaded again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO

import orjson

from hoso.core import Issue
from hoso.fhir.outcome import Language, outcome, text


def line(
    source: str, number: int | None, entry: int | None, issues: Iterable[Issue], original: bytes, language: Language
) -> bytes:
    """One reject. `entry` counts from 0 as FHIRPath does, `line` from 1 as editors do."""
    found = list(issues)
    return orjson.dumps(
        {
            "source": source,
            "line": number,
            "entry": entry,
            "reason": " ".join(text(issue, language) for issue in found[:5]),
            "outcome": outcome(found, language),
            "original": _original(original),
        }
    )


def _original(data: bytes) -> object:
    """The JSON itself when it is some that loses nothing by being read, else its text."""
    try:
        tree = orjson.loads(data)
        if orjson.dumps(tree) == data:
            return orjson.Fragment(data)
        return orjson.Fragment(b" ".join(data.split(b"\n"))) if tree is not None else None
    except orjson.JSONDecodeError:
        return data.decode("utf-8", "backslashreplace")


class RejectsFile:
    """Made only when there is something to put in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: IO[bytes] | None = None

    def add(self, lines: Iterable[bytes]) -> None:
        for one in lines:
            if self._file is None:
                self._file = os.fdopen(os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")
            self._file.write(one + b"\n")
        if self._file:
            self._file.flush()

    def close(self) -> None:
        if self._file:
            self._file.close()
