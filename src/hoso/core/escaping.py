"""The text of a search as an address has it: the same for the link that answers it, its seal, and the audit log."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import quote

SAFE = ":|/,$-._~*"
"""What codes, references and prefixes are written with stays legible."""
_plain = re.compile(r"[A-Za-z0-9:|/,$\-._~*]*").fullmatch


def escaped(pairs: Iterable[tuple[str, str]]) -> str:
    """Different pairs have different texts."""
    return "&".join([f"{_one(name)}={_one(value)}" for name, value in pairs])


def _one(text: str) -> str:
    """Nearly every value is plain, and then a look is all it costs."""
    return text if _plain(text) else quote(text, safe=SAFE)
