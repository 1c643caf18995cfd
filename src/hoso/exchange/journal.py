"""What a load has finished so far, so that one that was interrupted continues: a small file in the data directory.

A line is written only after its unit is committed; it goes away when the whole load is done, because from then on
the comparison with what is stored says what is new.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

from hoso.exchange.tally import Tally


class Journal:
    """Keeps, for each finished unit, what became of it; and the name of the rejects file of the whole load."""

    def __init__(self, folder: Path, paths: Iterable[Path]) -> None:
        name = hashlib.sha256("\n".join(sorted(str(path.resolve()) for path in paths)).encode()).hexdigest()[:16]
        self._path = folder / f"load-{name}.journal"
        self._done: dict[str, Tally] = {}
        self.rejects: str | None = None
        self._read()
        self._file = os.fdopen(os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "a")
        self.resumed = bool(self._done)

    def _read(self) -> None:
        if not self._path.exists():
            return
        for line in self._path.read_text().splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue  # the last line of a killed load may be half written: its unit is simply done again
            if "rejects" in row:
                self.rejects = row["rejects"]
            else:
                self._done[row["unit"]] = Tally.from_rows(row["tally"])

    def finished(self, digest: str) -> Tally | None:
        return self._done.get(digest)

    def name_rejects(self, name: str) -> None:
        self.rejects = name
        self._write({"rejects": name})

    def add(self, digest: str, tally: Tally) -> None:
        self._write({"unit": digest, "tally": tally.rows()})

    def _write(self, row: object) -> None:
        self._file.write(json.dumps(row) + "\n")
        self._file.flush()

    def complete(self) -> None:
        self._path.unlink(missing_ok=True)

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
