"""The bytes of a message as text: in the charset that MSH-18 names, else UTF-8, else one of older Vietnamese software.

Texts in the fonts of the time before Unicode (TCVN3, VNI) stay Latin letters here; who reads a field mends them.
"""

from __future__ import annotations

import re
import unicodedata

from hoso.identity.normalise.fonts import TCVN3, VNI, as_unicode
from hoso.identity.normalise.syllable import is_written

_NAMES = {
    **{f"8859/{part}": f"iso8859-{part}" for part in (*range(2, 12), 13, 14, 15, 16)},
    "8859/1": "latin-1",
    "ISO-8859-1": "latin-1",
    "WINDOWS-1252": "cp1252",
    "WINDOWS-1258": "cp1258",
    "CP1258": "cp1258",
    "GB 18030-2000": "gb18030",
    "BIG-5": "big5",
}
"""MSH-18 (table 0211, and what senders of Viet Nam write) where it is not UTF-8. A message that begins with the three
bytes of "MSH" is never UTF-16, whatever it says."""
_SAMPLE = 200
"""Words by which the code page of a message that names none is told."""
_WORD = re.compile(r"[^\x00-\x40\x5b-\x60\x7b-\x7f]*[^\x00-\x7f][^\x00-\x40\x5b-\x60\x7b-\x7f]*")


def decoded(data: bytes, named: str) -> str:
    """`named` is the charset of MSH-18, "" for none. What cannot be read as what it is said to be is read otherwise."""
    for one in (_NAMES.get(named.strip().upper(), "utf-8"), "utf-8"):
        try:
            return data.decode(one)
        except UnicodeDecodeError:
            continue
    letters = data.decode("latin-1")
    try:
        paged = unicodedata.normalize("NFC", data.decode("cp1258"))
    except UnicodeDecodeError:
        return letters
    mended = sum(as_unicode(word)[1] in (TCVN3, VNI) for word in _words(letters))
    written = sum(is_written(word.lower()) for word in _words(paged))
    return letters if mended > written else paged


def _words(text: str) -> list[str]:
    return [found[0] for _, found in zip(range(_SAMPLE), _WORD.finditer(text), strict=False)]
