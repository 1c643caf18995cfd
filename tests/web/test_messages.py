"""Every text a page may show is there in Vietnamese and English, and no catalogue carries a dead one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_both_catalogues_are_complete() -> None:
    check = [sys.executable, str(ROOT / "scripts/messages.py"), "--check"]
    done = subprocess.run(check, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
