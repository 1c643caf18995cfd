"""Folding of Vietnamese text: the same folded form is stored by both databases, so a search without accents finds.

SQLite's own folding misses đ and stacked marks, and PostgreSQL's differs from it; therefore we fold here, once.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

_D_STROKE = str.maketrans({"đ": "d", "Đ": "d", "\u00f0": "d", "\u00d0": "d"})  # ð stands for đ in old font data


@lru_cache(maxsize=65_536)
def fold(text: str) -> str:
    """NFC, casefold, đ→d, marks dropped, white space collapsed: "Đặng  Thị Hoà" → "dang thi hoa"."""
    if text.isascii():
        return " ".join(text.lower().split())
    plain = unicodedata.normalize("NFC", text).casefold().translate(_D_STROKE)
    decomposed = unicodedata.normalize("NFD", plain)
    kept = "".join(ch for ch in decomposed if not unicodedata.combining(ch))
    return " ".join(unicodedata.normalize("NFC", kept).split())
