"""Where the tests keep their files: in memory when the machine has room for them, since nobody reads them again and
flushing a disk would be most of the time that a test takes."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 6 * 1024**3
"""Two workers, their servers and their browsers take 3 GB of memory, and their files leave at most 2 GB behind."""


def in_memory() -> None:
    """For this process and those it starts, unless TMPDIR says something else."""
    if "TMPDIR" not in os.environ and MEMORY.is_dir() and min(shutil.disk_usage(MEMORY).free, _available()) > ROOM:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def _available() -> int:
    lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    return int(next(line for line in lines if line.startswith("MemAvailable:")).split()[1]) * 1024
