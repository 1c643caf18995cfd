"""`hoso synth`: writes a synthetic Vietnamese population that `hoso load` reads, and the truth about it."""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from itertools import chain, islice
from pathlib import Path
from time import monotonic
from typing import Any

import orjson

from hoso.cli import synth_hl7v2, synth_insurance, synth_ksk, synth_sheets
from hoso.cli.failure import Failure
from hoso.cli.texts import say
from hoso.synth.population import TODAY, Citizen, facilities, truths

FORMATS = ("fhir", "insurance-xml", "ksk", "hl7v2", "csv")
WRITERS = {
    "insurance-xml": synth_insurance.write,
    "ksk": synth_ksk.write,
    "hl7v2": synth_hl7v2.write,
    "csv": synth_sheets.write,
}
PER_FILE = 1_000


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("synth", help=say("synth.help"), description=say("synth.help"))
    parser.add_argument("--citizens", type=int, required=True, metavar="N", help=say("synth.citizens"))
    parser.add_argument("--seed", type=int, default=1, metavar="S", help=say("synth.seed"))
    parser.add_argument("--out", required=True, metavar="DIR", help=say("synth.out"))
    parser.add_argument("--as", dest="form", choices=FORMATS, default="fhir", help=say("synth.as"))
    parser.add_argument("--today", default=TODAY.isoformat(), metavar="DATE", help=say("synth.today", day=TODAY))


def run(args: argparse.Namespace) -> int:
    if args.citizens < 1:
        raise Failure("synth.no_citizens", number=args.citizens)
    folder = Path(args.out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        today = _day(args.today)
        if writer := WRITERS.get(args.form):
            people = _shown(truths(args.citizens, args.seed, today), args.citizens)
            counts = writer(folder, people, args.seed, today)
        else:
            counts = write(folder, args.citizens, args.seed, today)
    except OSError as error:
        raise Failure("synth.cannot_write", folder=folder, reason=error.strerror or error) from error
    for kind, number in sorted(counts.items()):
        print(f"{number:>10,}  {kind}")
    if args.form != "fhir":
        return 0
    print(say("synth.done", citizens=args.citizens, resources=f"{counts.total():,}", folder=folder))
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Failure("synth.bad_day", text=text) from error


def write(folder: Path, citizens: int, seed: int, today: date) -> Counter[str]:
    """facilities.json, citizens-NNNNN.ndjson.gz (one transaction Bundle a line) and truth.json; counts by type."""
    counts: Counter[str] = Counter()
    bundle = facilities(seed)
    _count(bundle, counts)
    (folder / "facilities.json").write_bytes(orjson.dumps(bundle))
    stream = _shown(truths(citizens, seed, today), citizens)
    with (folder / "truth.json").open("wb") as truth:
        head = {"seed": seed, "today": today.isoformat(), "citizens": citizens}
        truth.write(json.dumps(head).encode()[:-1] + b', "people": [')
        separator = b"\n"
        for number, first in enumerate(stream, start=1):
            with _file(folder, number) as file:
                for citizen in chain([first], islice(stream, PER_FILE - 1)):
                    file.write(orjson.dumps(citizen.bundle) + b"\n")
                    truth.write(separator + orjson.dumps(citizen.truth))
                    separator = b",\n"
                    _count(citizen.bundle, counts)
        truth.write(b"\n]}\n")
    return counts


@contextmanager
def _file(folder: Path, number: int) -> Iterator[gzip.GzipFile]:
    path = folder / f"citizens-{number:05d}.ndjson.gz"
    # neither name nor time inside, so that the same seed gives the same bytes
    with path.open("wb") as raw, gzip.GzipFile("", "wb", compresslevel=5, fileobj=raw, mtime=0) as file:
        yield file


def _count(bundle: dict[str, Any], counts: Counter[str]) -> None:
    counts.update(entry["resource"]["resourceType"] for entry in bundle["entry"])


def _shown(citizens: Iterator[Citizen], total: int) -> Iterator[Citizen]:
    """Passes citizens on and keeps a line of progress on stderr when somebody watches."""
    watched = sys.stderr.isatty()
    started = shown = monotonic()
    for done, citizen in enumerate(citizens, start=1):
        yield citizen
        if watched and (monotonic() - shown > 0.5 or done == total):
            shown = monotonic()
            rate = done / (shown - started) * 60
            print(f"\r{say('synth.progress', done=done, total=total, rate=round(rate))}", end="", file=sys.stderr)
    if watched:
        print(file=sys.stderr)
