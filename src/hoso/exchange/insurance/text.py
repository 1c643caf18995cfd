"""Bytes of any encoding seen in insurance files as UTF-8, and texts of the time before Unicode as Unicode.

What is no UTF-8 is read byte by byte as Latin letters, which is what the old fonts (TCVN3, VNI) were written with; a
text is mended only where that turns what is no Vietnamese into Vietnamese.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import IO

from hoso.core import Refused
from hoso.identity.normalise.fonts import as_unicode

CHUNK = 1 << 16
_UTF8_BOM = b"\xef\xbb\xbf"
_WIDE = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_WIDE_BARE = {b"<\x00": "utf-16-le", b"\x00<": "utf-16-be"}
_WIDER = (b"\xff\xfe\x00\x00", b"\x00\x00\xfe\xff", b"<\x00\x00\x00", b"\x00\x00\x00<")
_DECLARED = re.compile(rb"""<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._-]+)["']""")
_VIETNAMESE = ("windows-1258", "cp1258")
_MICRO = re.compile("[\u00b5\u03bc](?:m|g|l|s|mol|kat)\\b", re.IGNORECASE)
"""A unit, which the font TCVN3 would read as a word: "µm" is "àm" in it."""
_SHORT = 200
"""Names of medicines, services and places come again and again, and are remembered."""
_EXACT = frozenset({"GIA_TRI", "DON_VI_DO", "DON_VI_TINH", "HAM_LUONG"})
"""Fields of numbers and units, in which no letter is touched."""

codecs.register_error("hoso-latin", lambda error: _as_latin(error))


def _as_latin(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("latin-1"), error.end


def utf8(stream: IO[bytes]) -> Iterator[bytes]:
    """The stream in UTF-8, in pieces. Raises Refused(400) for UTF-32."""
    head = stream.read(CHUNK)
    name, errors, mark = _encoding(head)
    decoder = codecs.getincrementaldecoder(name)(errors)
    piece = head[mark:]
    while piece:
        yield decoder.decode(piece).encode("utf-8", "replace")
        piece = stream.read(CHUNK)
    if rest := decoder.decode(b"", True):
        yield rest.encode("utf-8", "replace")


def whole(data: bytes) -> bytes:
    """A whole text in UTF-8; one that is not, is taken as Latin letters throughout, and never half of it."""
    name, _, mark = _encoding(data)
    if name != "utf-8":
        return data[mark:].decode(name, "replace").encode("utf-8", "replace")
    try:
        data[mark:].decode()
    except UnicodeDecodeError:
        return data[mark:].decode("latin-1").encode()
    return data[mark:]


def _encoding(head: bytes) -> tuple[str, str, int]:
    """The encoding, what to do with bytes it does not know, and the length of the mark before the text."""
    if head.startswith(_WIDER):
        raise Refused.because(400, "structure", "xml.encoding", encoding="UTF-32")
    if head[:2] in _WIDE:
        return _WIDE[head[:2]], "replace", 2
    if head[:2] in _WIDE_BARE:
        return _WIDE_BARE[head[:2]], "replace", 0
    mark = len(_UTF8_BOM) if head.startswith(_UTF8_BOM) else 0
    declared = _DECLARED.match(head[mark : mark + 200].lstrip())
    if declared and declared[1].decode().lower() in _VIETNAMESE and not _is_utf8(head):
        return "cp1258", "replace", mark
    return "utf-8", "hoso-latin", mark


def _is_utf8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def mended(field: str, text: str) -> str:
    """The text in Unicode; the same text when there is nothing to mend or any doubt."""
    if text.isascii() or field in _EXACT or _MICRO.search(text):
        return text
    return _as_unicode(text) if len(text) < _SHORT else _as_unicode.__wrapped__(text)


@lru_cache(4_096)
def _as_unicode(text: str) -> str:
    return as_unicode(unicodedata.normalize("NFC", text))[0]
