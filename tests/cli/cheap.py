"""The `hoso` command with passwords that cost a thousandth: the tests sign in hundreds of times, and each real hash
takes a core a third of a second. What a real one costs is asked in tests/web/test_hasher.py."""

from __future__ import annotations

import sys
from pathlib import Path

NODE = [sys.executable, str(Path(__file__))]


def passwords() -> None:
    from hoso.web.accounts.hasher import Argon2

    Argon2.time_cost, Argon2.memory_cost = 1, 64  # KiB


if __name__ != "tests.cli.cheap":  # the command, or a process of it that was started anew
    passwords()
if __name__ == "__main__":
    from hoso.cli.main import main

    sys.exit(main())
