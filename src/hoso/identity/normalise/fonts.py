"""Text of the time before Unicode: bytes of the TCVN3 (ABC) and VNI fonts, and UTF-8, all read as Latin letters.

A repair is made only when it turns what is no Vietnamese into syllables; "Thò" alone stays, since it may be Thò.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from functools import cache
from importlib.resources import files

from hoso.identity.normalise.syllable import is_written
from hoso.identity.normalise.tables import names

TCVN3, VNI, UTF8 = "tcvn3", "vni", "utf8"
_EDGES = re.compile(r"\A[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\xa0]+|[\x00-\x2f\x3a-\x40\x5b-\x60\x7b-\xa0]+\Z")
_NOT_VIETNAMESE = re.compile("[\u0080-\u009f\u0250-\u02ff\u0370-\u1dff\u1f00-\U0010ffff]")
_UTF8_LEAD = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u2122]")
_CP1252 = {bytes([byte]).decode("cp1252", "ignore") or chr(byte): byte for byte in range(0x80, 0xA0)}


def as_unicode(text: str) -> tuple[str, str]:
    """The text in Unicode, and what was mended: "tcvn3", "vni", "utf8" or ""."""
    mended = _utf8(text)
    if mended is not None:
        return mended, UTF8
    if all(ch < "\u0100" or ch == "\u03bc" for ch in text):
        readings = {found: kind for kind in (TCVN3, VNI) if (found := _whole(text, kind))}
        if len(readings) == 1:
            return next(iter(readings.items()))
    return _word_by_word(text)


def in_letters(text: str, kind: str) -> str:
    """The text read in TCVN3 or VNI without any doubt, as one of a file that is known to be written so."""
    return _decode(unicodedata.normalize("NFC", text), kind)


def _utf8(text: str) -> str | None:
    if not _UTF8_LEAD.search(text):
        return None
    try:
        mended = bytes(_CP1252.get(ch, ord(ch) if ord(ch) < 256 else -1) for ch in text).decode()
    except ValueError:
        return None
    return None if _NOT_VIETNAMESE.search(mended) else mended  # "ê" and two hard spaces make a letter of Sylheti


def _whole(text: str, kind: str) -> str | None:
    """Read as one font throughout, if that makes syllables of words that are none and leaves no word broken."""
    changed = _decode(text, kind)
    pairs = [(old, new) for old, new in zip(text.split(), changed.split(), strict=True) if not new.isascii()]
    if not all(_is_syllable(new) for _, new in pairs):
        return None
    return changed if any(len(old) > 1 and not _is_syllable(old) for old, _ in pairs) else None


def _word_by_word(text: str) -> tuple[str, str]:
    """Single words in an old font among words in Unicode, as programs leave that converted only half."""
    kind = ""
    words = []
    for word in text.split(" "):
        if len(word) > 1 and not word.isascii() and not _is_syllable(word):
            readings = {found: name for name in (TCVN3, VNI) if _is_syllable(found := _decode(word, name))}
            if len(readings) == 1:
                word, kind = next(iter(readings.items()))
        words.append(word)
    return (" ".join(words), kind) if kind else (text, "")


def _is_syllable(word: str) -> bool:
    word = unicodedata.normalize("NFC", _EDGES.sub("", word)).lower()
    return not word or word.isdigit() or is_written(word) or word in names().clans


def _decode(text: str, kind: str) -> str:
    table, pattern = _tables()[kind]
    return pattern.sub(lambda match: table[match[0]], text if kind == TCVN3 else text.lower())


@cache
def _tables() -> dict[str, tuple[dict[str, str], re.Pattern[str]]]:
    rows = list(csv.DictReader(io.StringIO((files("hoso.identity") / "data/fonts.csv").read_text(encoding="utf-8"))))
    tcvn3 = {_latin(row["tcvn3"]): row["letter"] for row in rows if row["tcvn3"]}
    tcvn3["\u03bc"] = tcvn3["\u00b5"]  # normalising turns the micro sign into the Greek letter
    vni = {_latin(row["vni"]): row["letter"] for row in rows if row["letter"].islower()}
    return {TCVN3: (tcvn3, _longest_first(tcvn3)), VNI: (vni, _longest_first(vni))}


def _latin(code: str) -> str:
    return bytes.fromhex(code).decode("latin-1")


def _longest_first(table: dict[str, str]) -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, sorted(table, key=len, reverse=True))))
