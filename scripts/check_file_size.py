"""Fails when a source file outgrows one idea: 600 lines is the limit (design §2)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LIMIT = 600


def main() -> int:
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.css", "*.js", "*.html", "*.sql"], capture_output=True, text=True, check=True
    )
    long = [(n, f) for f in listed.stdout.split() if (n := len(Path(f).read_bytes().splitlines())) > LIMIT]
    for lines, file in sorted(long, reverse=True):
        print(f"{file}: {lines} lines, the limit is {LIMIT}")
    return 1 if long else 0


if __name__ == "__main__":
    sys.exit(main())
