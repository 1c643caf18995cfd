"""What a password costs who guesses it."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
from hoso.web.accounts.hasher import Argon2
from django.conf import settings
settings.configure()
print(Argon2().encode("Gieng-nuoc-trong-2026", "salt-of-a-test"))
"""


def test_a_password_costs_64_mebibytes_and_three_passes() -> None:
    """In a process of its own: the tests' own passwords are cheap."""
    told = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert told.stdout.startswith("argon2$argon2id$v=19$m=65536,t=3,p=1$"), told.stdout
