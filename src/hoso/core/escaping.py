"""The text of a search as an address has it: the same for the link that answers it, its seal, and the audit log."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import quote

SAFE = ":|/,$-._~*"
"""What codes, references and prefixes are written with stays legible."""
_plain = re.compile(r"[A-Za-z0-9:|/,$\-._~*]*").fullmatch
_all_plain = re.compile(r"[A-Za-z0-9:|/,$\-._~*&=]*").fullmatch


def escaped(pairs: Sequence[tuple[str, str]]) -> str:
    """Different pairs have different texts. Nearly all pairs are plain, and then one look is all they cost."""
    parts = [f"{name}={value}" for name, value in pairs]
    text = "&".join(parts)
    if _all_plain(text) and text.count("=") == len(parts) and text.count("&") == len(parts) - 1:
        return text
    return "&".join([f"{_one(name)}={_one(value)}" for name, value in pairs])


def _one(text: str) -> str:
    return text if _plain(text) else quote(text, safe=SAFE)
