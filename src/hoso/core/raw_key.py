"""How SQLite's cipher is given a key: as it is, for it is random already, and deriving another takes 50 ms a time."""

from __future__ import annotations


def raw(key: bytes) -> str:
    """For the pragmas `hexkey` and `hexrekey`."""
    return f"raw:{key.hex()}".encode().hex()
