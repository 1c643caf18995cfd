"""Cells that a spreadsheet program would run as a formula, made harmless on the way out, given back on the way in."""

from __future__ import annotations

import re

_DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?\d[\d.,]*\Z")
_MADE_SO = re.compile(r"'[=+\-@\t\r]")


def neutral(text: str) -> str:
    """With an apostrophe in front if it begins like a formula; a plain number is none."""
    return f"'{text}" if text.startswith(_DANGEROUS) and not _NUMBER.match(text) else text


def restored(text: str) -> str:
    return text[1:] if _MADE_SO.match(text) else text
