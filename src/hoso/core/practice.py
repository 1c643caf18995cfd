"""Whether a node is for practice: invented people, and nothing leaves it. A mark in its folder says so, for good.

The mark is made with the node and never taken away: what was practised on is not a record of anybody.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

MARK = "practice.mark"


def is_practice(folder: Path) -> bool:
    return (folder / MARK).is_file()


def mark(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / MARK).write_text("This node is for practice. Everyone in it is invented; nothing leaves it.\n", "utf-8")


def kept_in(folder: Path, read: dict[str, Any]) -> dict[str, Any]:
    """Settings as a node of practice has them: whatever names another house is left out."""
    if not is_practice(folder):
        return read
    audit = {name: value for name, value in read.get("audit", {}).items() if name != "witnesses"}
    return {**read, "audit": audit, "oauth": {}, "national": {}, "subscriptions": {}, "gateway": {}}
