"""`hoso match`: finds persons of records that have none, makes keys anew, tries and installs weights; also beside a
serving node."""

from __future__ import annotations

import argparse
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path

from hoso import compose
from hoso.cli import weights
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import explained, opened
from hoso.cli.progress import Progress
from hoso.cli.texts import language, say
from hoso.exchange.crew import Crew, WorkerFailed, WorkerLost
from hoso.identity.arrive import PLACE
from hoso.identity.batch.place import place
from hoso.identity.batch.rekey import rekey
from hoso.identity.batch.rescore import Shadow, rescore
from hoso.identity.batch.walk import ERRAND, Mark, Piece, Result, pieces
from hoso.identity.match import WeightsError
from hoso.identity.match.packed import SHAPE
from hoso.store.jobs import Jobs

CANNOT_RUN = 2
TOGETHER = {"place": 64, "rekey": 500, "rescore": 200}
"""Records of one piece: as many as a transaction may hold up others for."""

COUNTED = ("decided", "proposed", "certain elsewhere", "other person")
SHOWN = 10
"""Changed decisions that are shown with their reasons."""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    text = say("match.help")
    parser = subparsers.add_parser("match", help=text, description=text, epilog=say("match.exit"))
    add_data(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--rekey", action="store_true", help=say("match.rekey"))
    what.add_argument("--rescore", action="store_true", help=say("match.rescore"))
    what.add_argument("--learn", type=Path, metavar="OUT", help=say("match.learn"))
    what.add_argument("--use", type=Path, metavar="FILE", help=say("match.use"))
    parser.add_argument("--model", type=Path, metavar="FILE", help=say("match.model"))
    parser.add_argument("--propose", action="store_true", help=say("match.propose"))
    parser.add_argument("--benchmark", type=Path, metavar="FILE", help=say("match.benchmark"))
    parser.add_argument("--json", action="store_true", help=say("match.json"))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N", help=say("match.workers"))


def run(args: argparse.Namespace) -> int:
    try:
        if ((args.model or args.propose) and not args.rescore) or (args.benchmark and not args.learn):
            raise Failure("match.alone")
        with explained(args.data), opened(args.data) as node:
            if args.learn:
                return weights.learn(args, node)
            if args.use:
                return weights.use(args, node)
            return _walk(args, node)
    except WeightsError as error:
        raise Failure("match.bad_model", code=CANNOT_RUN, reason=error) from error
    except Failure as failure:
        failure.code = CANNOT_RUN
        raise


def _walk(args: argparse.Namespace, node: compose.Node) -> int:
    what = "rekey" if args.rekey else "rescore" if args.rescore else "place"
    mark = Mark(node.records, what, _token(args, node)) if what != "place" else None
    people = node.records.people(ERRAND)
    after = mark.after if mark else -1
    lone = what == "place"
    total = sum(len(page) for page in _pages(node, after, lone))
    counts, lines = Counter(mark.counts if mark else ()), list[str]()
    prepare = partial(worker, Path(args.data), what, args.model, args.propose, language())
    crew: Crew[Piece, Result] = Crew(max(1, args.workers), prepare)
    try:
        with Progress(total, say("match.records")) as progress:
            results: Iterable[Result] = crew.run(pieces(people, TOGETHER[what], after, lone=lone))
            for result in mark.kept(results) if mark else results:
                counts += result.counts
                lines += result.lines[: SHOWN - len(lines)]
                progress.add(len(result.piece.ids), len(result.piece.ids))
    except WorkerLost as lost:
        raise Failure("match.worker_lost") from lost
    except WorkerFailed as failed:
        raise Failure("match.worker_failed", trace=failed) from failed
    finally:
        crew.close()
    if mark:
        mark.clear()
    else:
        _finish(node)
    _show(args, what, counts, lines)
    return 1 if counts["left"] else 0


def _finish(node: compose.Node) -> None:
    """What a station put off until there are codes is done for those that have a person by now."""
    jobs, now = Jobs(node.store.engine), node.store.now()
    while some := jobs.claim(now, 500, PLACE):
        known = node.records.people(ERRAND).arrived([job.argument for job in some])
        for job in some:
            if (found := known.get(job.argument)) is None or found.person is not None:
                jobs.finish(job)


def _pages(node: compose.Node, after: int, lone: bool) -> Iterable[tuple[str, ...]]:
    return (piece.ids for piece in pieces(node.records.people(ERRAND), 2_000, after, lone=lone))


def _token(args: argparse.Namespace, node: compose.Node) -> str:
    """A walk that was interrupted goes on only if it is still the same."""
    tried = compose.matching(Path(args.data), args.model).model.version if args.model else ""
    return f"{SHAPE} {node.matching.model.version} {tried} {args.propose}"


def worker(data: Path, what: str, model: Path | None, propose: bool, said: str) -> Callable[[Piece], Result]:
    """A worker's own way to the records of the node."""
    node = compose.open(data)
    if what == "place":
        return partial(place, node.records, compose.arrivals(node.codes, node.matching, node.store))
    if what == "rekey":
        return partial(rekey, node.records, node.matching)
    then = compose.matching(data, model) if model else node.matching
    return partial(rescore, node.records, Shadow(node.matching, then, propose, "vi" if said == "vi" else "en"))


def _show(args: argparse.Namespace, what: str, counts: Mapping[str, int], lines: list[str]) -> None:
    names = {"place": ("placed", "left"), "rekey": ("records", "changed")}.get(what)
    summary = {name: counts.get(name, 0) for name in names} if names else {"decided": 0, **dict(sorted(counts.items()))}
    if args.json:
        print(json.dumps(summary))
        return
    for line in lines:
        print(line)
    for name, number in summary.items():
        print(f"{say(f'match.count_{name}') if names or name in COUNTED else name}: {number:,}")
    if what == "place" and summary["left"]:
        print(say("match.no_codes"))
