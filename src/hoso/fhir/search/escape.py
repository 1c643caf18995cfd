"""Writes a value so that a search takes it for what it is, whatever characters stand in it."""

from __future__ import annotations

import re

_SPECIAL = re.compile(r"[\\|,$]")


def token(system: str, value: str) -> str:
    """system|value, both taken literally."""
    return f"{literal(system)}|{literal(value)}"


def literal(text: str) -> str:
    return _SPECIAL.sub(lambda found: "\\" + found[0], text)
