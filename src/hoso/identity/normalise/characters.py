"""Characters that look like others or like nothing: controls, zero-width marks, full-width and look-alike letters.

Cyrillic and Greek letters become Latin only in a text that is otherwise Latin; a Russian name stays Russian.
"""

from __future__ import annotations

import re
import unicodedata

CONTROL, HOMOGLYPH = "control", "homoglyph"
_LOOKALIKES = {
    **dict(zip("АВЕКМНОРСТХУІЈЅԚԜ", "ABEKMHOPCTXYIJSQW", strict=True)),
    **dict(zip("авекмнорстхуіјѕԛԝһԁ", "abekmhopctxyijsqwhd", strict=True)),
    **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX", strict=True)),
    **dict(zip("αινορυχκ", "aivopuxk", strict=True)),
}
_LOOK = str.maketrans(_LOOKALIKES)
_D_STROKE = str.maketrans({"\u00f0": "đ", "\u00d0": "Đ", "\u0256": "đ", "\u0189": "Đ"})
_APOSTROPHE = str.maketrans(dict.fromkeys("\u2019\u2018\u02bc\u00b4\u0060\u2032\uff07", "'"))
_LATIN = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_SPACES = frozenset("\t\n\r\v\f\x85")


def clean(text: str) -> tuple[str, tuple[str, ...]]:
    """NFC text of ordinary characters, and what had to be done for it."""
    notes = []
    visible = _visible(text)
    if visible != text:
        notes.append(CONTROL)
    plain = unicodedata.normalize("NFC", _wide(visible)).translate(_D_STROKE).translate(_APOSTROPHE)
    latin = plain.translate(_LOOK) if _LATIN.search(plain) else plain
    if latin != plain and _mixed(latin):
        plain = unicodedata.normalize("NFC", latin)
        notes.append(HOMOGLYPH)
    elif plain.casefold() != unicodedata.normalize("NFC", visible).casefold() and _is_other(plain, visible):
        notes.append(HOMOGLYPH)
    return plain, tuple(notes)


def _visible(text: str) -> str:
    """Without what is never seen; line ends and tabs are spaces."""
    if text.isascii() and text.isprintable():
        return text
    kept = []
    for ch in text:
        if ch in _SPACES:
            kept.append(" ")
        elif ch.isprintable() or unicodedata.category(ch) in ("Zs", "Zl", "Zp"):
            kept.append(ch)
    return "".join(kept)


def _wide(text: str) -> str:
    """Full-width letters and ligatures as ordinary ones; nothing else that NFKC would touch."""
    return "".join(unicodedata.normalize("NFKC", ch) if "\uff00" <= ch <= "\uffef" else ch for ch in text)


def _mixed(latin: str) -> bool:
    """Does the text keep no letter of another script once the look-alikes are replaced?"""
    return not re.search("[\u0370-\u03ff\u0400-\u052f]", latin)


def _is_other(plain: str, visible: str) -> bool:
    return any("\uff00" <= ch <= "\uffef" or ch in "\u00f0\u00d0\u0256\u0189" for ch in visible) and plain != visible
