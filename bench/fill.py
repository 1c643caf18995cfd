"""Fills a node with the synthetic population straight through its store: a process for each processor and no HTTP.

For sizes at which an import over HTTP would only try patience. What is written is what an import would have written.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import orjson

from hoso import compose
from hoso.store.contract import Draft, Origin
from hoso.synth.population import TODAY, facilities, truths

TOGETHER = 8
"""Citizens of one transaction: a commit is not what is measured here."""

ORIGIN = Origin("client/bench", "SYSADMIN")


def fill(
    folder: Path, citizens: int, seed: int, told: Callable[[int, float], None] = lambda done, seconds: None
) -> int:
    """Saves the facilities and so many citizens; answers how many resources that are. `told` hears of progress."""
    processes, spawn = os.cpu_count() or 1, get_context("spawn")
    counts = [spawn.Value("q", 0) for _ in range(processes)]
    first: int = _save(folder, [facilities(seed)], None)
    workers = [
        spawn.Process(target=_work, args=(folder, citizens, seed, part, processes, counts[part]), daemon=True)
        for part in range(processes)
    ]
    start = time.monotonic()
    for worker in workers:
        worker.start()
    while any(worker.is_alive() for worker in workers):
        workers[0].join(10)
        for worker in workers[1:]:
            worker.join(0.1)
        told(first + sum(count.value for count in counts), time.monotonic() - start)
    if any(worker.exitcode for worker in workers):
        raise RuntimeError("a process that filled the node failed")
    return first + sum(int(count.value) for count in counts)


def _work(folder: Path, citizens: int, seed: int, part: int, parts: int, count: Any) -> None:
    _save(folder, (c.bundle for c in truths(citizens, seed, TODAY, part=part, parts=parts)), count)


def _save(folder: Path, bundles: Iterable[dict[str, Any]], count: Any) -> int:
    done: int = 0
    with closing(compose.open(folder)) as node:
        waiting = iter(bundles)
        while drafts := list(_drafts(islice(waiting, TOGETHER))):
            node.store.save(drafts, ORIGIN)
            done += len(drafts)
            if count is not None:
                count.value = done
    return done


def _drafts(bundles: Iterable[dict[str, Any]]) -> Iterator[Draft]:
    for bundle in bundles:
        for entry in bundle["entry"]:
            resource = entry["resource"]
            yield Draft("PUT", resource["resourceType"], resource["id"], orjson.dumps(resource), resource)
