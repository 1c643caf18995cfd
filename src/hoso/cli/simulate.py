"""`hoso simulate`: many nodes of the real sync core under a schedule of faults, and what a checker found wrong."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from time import monotonic

from hoso.cli.failure import Failure
from hoso.cli.texts import say
from hoso.sync.simulation.play import play
from hoso.sync.simulation.run import Result, many
from hoso.sync.simulation.schedule import SMALL, Size, draw, week
from hoso.sync.simulation.shrink import shrink

SHORTENED = 200
"""A schedule of more actions is not made shorter: it would take as many weeks as it has actions."""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("simulate", help=say("simulate.help"), description=say("simulate.help"))
    parser.add_argument("--seed", type=int, default=1, metavar="S", help=say("simulate.seed"))
    parser.add_argument("--schedules", type=int, default=1_000, metavar="N", help=say("simulate.schedules"))
    parser.add_argument("--stations", type=int, metavar="N", help=say("simulate.stations"))
    parser.add_argument("--visits", type=int, default=200, metavar="N", help=say("simulate.visits"))
    parser.add_argument("--days", type=int, default=7, metavar="N", help=say("simulate.days"))
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, metavar="N", help=say("simulate.workers"))
    parser.add_argument("--json", metavar="FILE", help=say("simulate.json"))


def run(args: argparse.Namespace) -> int:
    for name in ("schedules", "stations", "visits", "days", "workers"):
        number = getattr(args, name)
        if number is not None and number < 1:
            raise Failure("simulate.too_few", option=f"--{name}", number=number, code=2)
    size = SMALL if args.stations is None else week(args.stations, args.visits, args.days)
    begun = monotonic()
    result = many(range(args.seed, args.seed + args.schedules), size, args.workers, _progress)
    seconds = monotonic() - begun
    if sys.stderr.isatty():
        print(file=sys.stderr)
    print(
        say(
            "simulate.done",
            schedules=f"{result.schedules:,}",
            nodes=size.nodes,
            writes=f"{result.writes:,}",
            seconds=f"{seconds:.0f}",
            rounds=result.slowest,
        )
    )
    for kind, number in result.classes.items():
        print(f"{number:>10,}  {kind}")
    if args.json:
        _write(Path(args.json), args, result, seconds)
    if result.failing:
        _explain(result.failing, size, args)
    return 1 if result.failing else 0


def _progress(result: Result) -> None:
    if sys.stderr.isatty():
        print(f"\r{result.schedules:>10,}  {len(result.failing)}", end="", file=sys.stderr, flush=True)


def _explain(failing: list[int], size: Size, args: argparse.Namespace) -> None:
    """The first failing seed, made short, and the command that plays it again."""
    seed = failing[0]
    failed = play(draw(seed, size))
    if len(failed.schedule.actions) <= SHORTENED:
        failed = shrink(failed)
    week = "" if args.stations is None else f" --stations {args.stations} --visits {args.visits} --days {args.days}"
    print(
        say(
            "simulate.failing", number=len(failing), seed=seed, again=f"hoso simulate --seed {seed} --schedules 1{week}"
        )
    )
    for action in failed.schedule.actions[:SHORTENED]:
        print(f"  {action}")
    for kind, text in failed.failures[:10]:
        print(f"  {kind}: {text}")


def _write(file: Path, args: argparse.Namespace, result: Result, seconds: float) -> None:
    command = f"hoso simulate --seed {args.seed} --schedules {args.schedules}" + (
        "" if args.stations is None else f" --stations {args.stations} --visits {args.visits} --days {args.days}"
    )
    rows = [_row("schedules", result.schedules, None), *(_row(kind, n, 0) for kind, n in result.classes.items())]
    machine = f"{os.cpu_count()} cores, {seconds:.0f} s"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps({"machine": machine, "command": command, "rows": rows}, indent=1) + "\n", "utf-8")
    except OSError as error:
        raise Failure("simulate.cannot_write", file=file, reason=error.strerror or error) from error


def _row(name: str, figure: int, budget: int | None) -> dict[str, object]:
    ok = budget is None or figure <= budget
    return {"name": name, "figure": figure, "unit": "schedules", "budget": budget, "limit": None, "ok": ok}
