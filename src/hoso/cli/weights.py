"""`hoso match --learn` and `--use`: weights from a node's own records, and their installation."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from hoso import compose
from hoso.access import Transaction
from hoso.cli.failure import Failure
from hoso.cli.texts import say
from hoso.core import new_id, system_clock
from hoso.core.clock import instant, to_ms
from hoso.identity.batch import learn as learning
from hoso.identity.batch.walk import ERRAND
from hoso.identity.desk import Desk
from hoso.identity.ledger import Event
from hoso.identity.match import Model
from hoso.identity.match.weights import write


def learn(args: argparse.Namespace, node: compose.Node) -> int:
    if args.learn.exists():
        raise Failure("match.there", file=args.learn)
    people, old = node.records.people(ERRAND), node.matching.model
    version = f"{old.version.partition('+')[0]}+{instant(to_ms(system_clock()))[:10]}"
    try:
        judged = learning.benchmark(args.benchmark, system_clock) if args.benchmark else []
        learned = learning.learn(people, old, version)
    except learning.TooFew as few:
        raise Failure("match.too_few", found=f"{few.found:,}", needed=f"{few.needed:,}") from few
    except learning.BadBenchmark as bad:
        raise Failure("match.bad_benchmark", file=args.benchmark, line=bad.line) from bad
    except OSError as error:
        raise Failure("match.cannot_read", file=args.benchmark, reason=error.strerror or error) from error
    summary: dict[str, object] = {
        "version": version, "records": learned.records, "pairs": learned.anchored, "judged": len(judged),
    }  # fmt: skip
    worse = False
    if judged:
        population = people.count()
        before, after = (
            learning.scored(model, node.matching.policy, judged, population) for model in (old, learned.model)
        )
        worse = after.worse_than(before)
        for name, score in (("before", before), ("after", after)):
            summary[name] = {"wrong": score.wrong, "right": score.right, "missed": score.missed}
    if not worse:
        _write(args.learn, write(learned.model))
    if args.json:
        print(json.dumps(summary))
    else:
        key = "worse" if worse else "learned" if judged else "learned_unjudged"
        values = {"file": args.learn, "pairs": f"{learned.anchored:,}", "judged": f"{len(judged):,}"}
        print(say(f"match.{key}", **values))
    return 1 if worse else 0


def use(args: argparse.Namespace, node: compose.Node) -> int:
    try:
        text = args.use.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Failure("match.cannot_read", file=args.use, reason=error) from error
    old, new = node.matching.model, compose.matching(Path(args.data), args.use).model
    if new.chances != old.chances or new.version != old.version:
        _record(node, old, new)
        compose.install_weights(Path(args.data), text)
    summary = {"before": old.version, "after": new.version}
    print(json.dumps(summary) if args.json else say("match.in_use", **summary))
    return 0


def _record(node: compose.Node, old: Model, new: Model) -> None:
    """The ledger knows from when on decisions rest on other weights."""

    def work(transaction: Transaction) -> None:
        desk = Desk(transaction, ERRAND.actor.id, system_clock)
        evidence = {"before": old.version, "after": new.version, "source": new.source}
        event = Event("policy", "", (), ERRAND.actor.id, desk.time, "weights", "", evidence)
        desk.add({**event.resource(), "id": new_id()})
        desk.done()

    node.records.transact(ERRAND, (("c", "Linkage"),), work)


def _write(file: Path, text: str) -> None:
    try:
        with file.open("x", encoding="utf-8") as out:
            out.write(text)
    except OSError as error:
        raise Failure("match.cannot_write", file=file, reason=error.strerror or error) from error
