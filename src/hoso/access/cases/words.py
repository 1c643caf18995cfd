"""What people type into a case: one line of plain text, without what a terminal or a reader could be tricked by."""

from __future__ import annotations

import unicodedata

from hoso.core.errors import Refused

FEWEST, MOST = 10, 2_000
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co"))
"""Control, format (also those that turn the direction of writing), half characters, private ones."""


def said(text: str, least: int = FEWEST) -> str:
    """Raises Refused 422 when it is too short or too long."""
    plain = " ".join("".join(" " if unicodedata.category(ch) in _UNSEEN else ch for ch in text[: MOST + 1]).split())
    if not least <= len(plain) <= MOST or len(text) > MOST:
        raise Refused.because(422, "value", "case.words", least=str(least), most=str(MOST))
    return unicodedata.normalize("NFC", plain)
