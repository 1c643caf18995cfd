"""How wide words are before a browser has set them: in the widest font that a desk may have, so that no line is missed.

Widths are in em. Whatever is not in the table is taken for a wide sign; a mark that stacks on a letter takes no room.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache

_BOLD = 1.13
_WIDE = 1.05
_MOST_PER_EM = 3.5
"""Of the narrowest letters."""
_WIDEST = 5.0
"""Arabic phrases that are one sign."""
_TABLE = {
    0.30: "ijlI'|.,J", 0.36: " ·:;!", 0.40: "frt-/()[]`", 0.53: "csvxyz?\"*–", 0.64: "abdeghknopquđ0123456789ELSTYZ_$#",
    0.70: "ABCFKPRXV", 0.78: "DGHNU&", 0.84: "w+×=<>~≤≥−OQĐ", 1.0: "mMW@%…→",
}  # fmt: skip
_EM = {sign: width for width, signs in _TABLE.items() for sign in signs}

Run = tuple[str, float, bool]
"""Words, their size in px, and whether they are bold."""


@lru_cache(maxsize=4096)
def _em(sign: str) -> float:
    if sign in _EM:
        return _EM[sign]
    if unicodedata.combining(sign) or unicodedata.category(sign) in ("Mn", "Me", "Cf", "Cc"):
        return 0.0
    if "\ufbb2" <= sign <= "\ufdff" or sign >= "\U00012000":
        return _WIDEST
    base = unicodedata.normalize("NFD", sign)[0]
    return _EM.get(base, _WIDE)


def px(words: str, size: float, bold: bool = False) -> float:
    return sum(map(_em, words)) * size * (_BOLD if bold else 1)


def lines(runs: Sequence[Run], width: float) -> int:
    """How many lines these take one after the other; a word longer than a line is broken."""
    count, at = 1, 0.0
    for words, size, bold in runs:
        for place, word in enumerate(words.split(" ")):
            gap = px(" ", size, bold) if place else 0.0
            wide = px(word, size, bold)
            if at + gap + wide <= width:
                at += gap + wide
                continue
            if at:
                count, at = count + 1, 0.0
            if wide <= width:
                at = wide
                continue
            for sign in word:
                step = px(sign, size, bold)
                if at and at + step > width:
                    count, at = count + 1, 0.0
                at += step
    return count


def clip(words: str, size: float, width: float, most: int = 1, bold: bool = False) -> str:
    """As much as `most` lines hold, with "…" where the rest would be; one space for any white space."""
    held = int(most * width / size * _MOST_PER_EM) + 1
    kept = " ".join(words[:held].split())
    scale = size * (_BOLD if bold else 1)
    room, dots = width / scale, _em("…")
    line, at, end, safe = 1, 0.0, 0, 0  # `safe`: up to where it may be cut, with room for the dots
    for word in kept.split(" "):
        gap = _em(" ") if end else 0.0
        wide = sum(map(_em, word))
        if at + gap + wide > room and at:
            line, at, gap = line + 1, 0.0, 0.0
        if line > most:
            break
        at += gap
        end += 1 if end else 0
        for sign in word:
            step = _em(sign)
            if at and at + step > room:
                line, at = line + 1, 0.0
            if line > most:
                break
            at += step
            end += 1
            if line < most or at + dots <= room:
                safe = end
        if line > most:
            break
    if line <= most and len(words) <= held:
        return kept
    return kept[:safe].rstrip() + "…"
