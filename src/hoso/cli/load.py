"""`hoso load`: records from files into a node, also while it serves. Run again, it goes on or changes nothing."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hoso import compose, knowledge
from hoso.cli import sheet_files
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import explained
from hoso.cli.progress import Progress, duration
from hoso.cli.texts import language, say
from hoso.core import system_clock
from hoso.exchange import load, sources
from hoso.exchange.crew import WorkerFailed, WorkerLost
from hoso.exchange.door import LoadDoor
from hoso.exchange.journal import Journal
from hoso.exchange.rejects import RejectsFile
from hoso.exchange.tally import FATES, Tally

CANNOT_RUN = 2


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("load", help=say("load.help"), description=say("load.help"), epilog=say("load.exit"))
    add_data(parser)
    parser.add_argument("paths", nargs="+", metavar="PATH", type=Path, help=say("load.paths"))
    parser.add_argument("--facility", default="", metavar="CODE", help=say("load.facility"))
    parser.add_argument("--json", action="store_true", help=say("load.json"))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N", help=say("load.workers"))


def run(args: argparse.Namespace) -> int:
    data = Path(args.data)
    try:
        with explained(args.data):
            with closing(compose.open(data)) as node:  # what is wrong with it is said here, once, not by every worker
                knowledge.check(node.records, node.config.folder / "config.toml")
            missing = next((path for path in args.paths if not path.exists()), None)
            if missing:
                raise Failure("load.missing", path=missing)
            report = load_paths(data, args.paths, workers=max(1, args.workers), facility=args.facility)
    except Failure as failure:
        failure.code = CANNOT_RUN
        raise
    if args.json:
        print(json.dumps(report.tally.summary()))
    else:
        print(report)
    return 1 if report.tally.total("rejected") else 0


@dataclass(frozen=True, slots=True)
class Report:
    """The end of a load, as a table for people."""

    tally: Tally
    seconds: float
    rejects: Path | None
    warnings: Path | None
    skipped: Sequence[Path] = ()

    def __str__(self) -> str:
        names = [say("load.type"), say("load.read"), *(say(f"load.{fate}") for fate in FATES)]
        rows = [[type, *self._row(type)] for type in self.tally.types()]
        rows.append([say("load.total"), *(f"{number:,}" for number in self.tally.summary().values())])
        lines = _table([names, *rows])
        rate = self.tally.read / self.seconds if self.seconds else 0
        lines += ["", say("load.took", number=f"{self.tally.read:,}", time=duration(self.seconds), rate=f"{rate:,.0f}")]
        if self.skipped:
            shown = ", ".join(path.name for path in self.skipped[:3])
            lines.append(say("load.skipped", number=len(self.skipped), names=shown))
        if self.rejects:
            lines.append(say("load.rejects", file=self.rejects))
        if self.warnings:
            lines.append(say("load.warnings", file=self.warnings))
        return "\n".join(lines)

    def _row(self, type: str) -> list[str]:
        counts = [self.tally.counts[type, fate] for fate in FATES]
        return [f"{number:,}" for number in (sum(counts), *counts)]


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join([row[0].ljust(widths[0]), *(c.rjust(w) for c, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]


def load_paths(data: Path, paths: Sequence[Path], *, workers: int, facility: str = "") -> Report:
    """Loads everything under the paths with a progress bar; raises Failure when it cannot go on."""
    start = system_clock()
    files, skipped = sources.files(paths)
    with closing(compose.open(data)) as node:
        files, skipped, known = sheet_files.sorted_out(node, paths, files, skipped, facility)
    tally = Tally()
    with Journal(data, paths) as journal, Progress(_size(files), say("load.resources")) as progress:
        rejects = RejectsFile(data / (journal.rejects or f"rejects-{start:%Y%m%dT%H%M%SZ}.ndjson"))
        warnings = RejectsFile(data / f"warnings-{start:%Y%m%dT%H%M%SZ}.ndjson")
        outcomes = load.run(
            files,
            partial(open_door, data),
            workers=workers,
            journal=journal,
            language="vi" if language() == "vi" else "en",
            sheets=known,
        )
        try:
            for outcome in outcomes:
                if outcome.stopped is not None:
                    raise Failure("load.stopped", reason=outcome.stopped)
                tally += outcome.tally
                if outcome.rejects and not journal.rejects:
                    journal.name_rejects(rejects.path.name)
                rejects.add(outcome.rejects)
                warnings.add(outcome.warnings)
                if outcome.digest:
                    journal.add(outcome.digest, outcome.whole or outcome.tally)
                progress.add(outcome.cost, outcome.tally.read)
        except WorkerLost as lost:
            raise Failure("load.worker_lost") from lost
        except WorkerFailed as failed:
            raise Failure("load.worker_failed", trace=failed) from failed
        finally:
            outcomes.close()
            rejects.close()
            warnings.close()
        journal.complete()
    seconds = (system_clock() - start).total_seconds()
    warned = warnings.path if warnings.path.exists() else None
    return Report(tally, seconds, rejects.path if journal.rejects else None, warned, skipped)


def open_door(data: Path) -> LoadDoor:
    """A worker's own way to the records of the node."""
    return LoadDoor(compose.open(data).records)


def _size(files: Sequence[Path]) -> int:
    return sum(file.stat().st_size for file in files if file.exists())
