"""Codes that one person tells another: easy to read aloud and to type, hard to guess."""

from __future__ import annotations

import secrets

LETTERS = "bcdfghjkmnpqrstvwxz23456789"
_GROUPS, _LENGTH = 3, 4


def new_code() -> str:
    """57 bits, such as "bcdf-2345-ghjk"."""
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(_LENGTH)) for _ in range(_GROUPS))
