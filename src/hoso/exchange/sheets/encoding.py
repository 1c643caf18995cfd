"""In which encoding a text file is written, found out from its bytes: nobody says, and Vietnamese has had many.

Bytes that are neither UTF nor windows-1258 are read as Latin letters, which is what the old fonts were written with;
every cell is then mended for itself.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections import Counter
from typing import IO

from hoso.core import Refused
from hoso.identity.normalise.fonts import as_unicode
from hoso.identity.normalise.syllable import is_written

CHUNK = 1 << 16
SAMPLE = 1 << 20
UTF8, LATIN, WINDOWS = "utf-8", "latin-1", "cp1258"
_MARKS = ((codecs.BOM_UTF8, UTF8), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_WIDER = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_WORD = re.compile(r"[^\W\d_]+(?:[\u0300-\u0323]+[^\W\d_]*)*")
_WORDS = 5_000
STRAY = 0.01
"""The part of all letters beyond ASCII that may be broken in a file that is still taken for UTF-8."""


def encoding(stream: IO[bytes]) -> tuple[str, int]:
    """The encoding and the length of the mark in front; the stream is read to its end. Raises Refused for UTF-32."""
    head = stream.read(SAMPLE)
    if head.startswith(_WIDER):
        raise Refused.because(400, "structure", "sheet.encoding", encoding="UTF-32")
    for mark, name in _MARKS:
        if head.startswith(mark):
            return name, len(mark)
    if wide := _wide(head):
        return wide, 0
    return (UTF8 if _is_utf8(head, stream) else _eight_bits(head)), 0


def _wide(head: bytes) -> str | None:
    """UTF-16 without its mark: nearly every second byte is zero."""
    pairs = len(head) // 2
    if pairs < 2 or head.count(0) < pairs * 0.6:
        return None
    low, high = head[1 : 2 * pairs : 2].count(0), head[: 2 * pairs : 2].count(0)
    return "utf-16-le" if low > high else "utf-16-be"


def _is_utf8(head: bytes, stream: IO[bytes]) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    beyond = broken = 0
    piece = head
    while piece:
        text = decoder.decode(piece)
        if not text.isascii():
            broken += text.count("\ufffd")
            beyond += sum(ch > "\x7f" for ch in text)
        if broken > 1_000 and broken > beyond * STRAY:
            return False
        piece = stream.read(CHUNK)
    broken += decoder.decode(b"", True).count("\ufffd")
    return broken <= beyond * STRAY


def _eight_bits(head: bytes) -> str:
    text = unicodedata.normalize("NFC", head.decode(WINDOWS, "replace"))
    words = [word for word in _WORD.findall(text) if not word.isascii()][:_WORDS]
    good = sum(is_written(word.lower()) for word in words)
    old = sum(kind != "" for _, kind in map(as_unicode, _latin_words(head)))
    return WINDOWS if words and good >= len(words) * 0.5 and good > old else LATIN


def _latin_words(head: bytes) -> list[str]:
    parts = re.split(r"[\s,;|\"]+", head.decode("latin-1"))
    return [word for word in parts if not word.isascii() and len(word) < 30][:_WORDS]


def font(head: bytes) -> str:
    """Which old font the Latin letters were written in, when nearly all that can be read in one says the same."""
    kinds = Counter(kind for _, kind in map(as_unicode, _latin_words(head)) if kind)
    best, times = kinds.most_common(1)[0] if kinds else ("", 0)
    return best if times >= 3 and times >= kinds.total() * 0.9 else ""
