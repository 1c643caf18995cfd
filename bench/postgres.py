"""The PostgreSQL of a measurement: durable, and with the settings that its documentation advises for a machine of this
size, where the one of the tests makes do with little.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from tests.postgres import Server, database
from tests.postgres import running as _running

from bench.figures import Figures

__all__ = ["database", "running"]

MOST_MB = 2_048


def settings(memory_mb: int) -> Mapping[str, str]:
    """A quarter of the memory for pages, at most 2 GB; dead rows and statistics looked after, as on a server that
    stays."""
    return {
        "shared_buffers": f"{min(MOST_MB, memory_mb // 4)}MB",
        "effective_cache_size": f"{memory_mb // 2}MB",
        "max_wal_size": "4GB",
        "autovacuum": "on",
    }


@contextmanager
def running(figures: Figures | None = None) -> Iterator[Server]:
    """With `figures`, its settings are said beside them."""
    chosen = settings((os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")) >> 20)
    if figures:
        figures.say("PostgreSQL with " + ", ".join(f"{name} {value}" for name, value in chosen.items()))
    with _running(fsync=True, settings=chosen) as server:
        yield server
