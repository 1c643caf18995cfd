"""Text on its way into XML and the encodings taken on its way out: UTF-8, and whoever says so must mean it."""

from __future__ import annotations

import re

from hoso.core.errors import Refused
from hoso.fhir.json_scan import place

_SPECIAL = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
)
_NEEDS = re.compile('[&<>"\n\r\t]')
_UNSAYABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BOM = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00", b"<\x00")
_NAMES = ("utf-8", "utf8", "us-ascii", "ascii")


def attribute(text: str) -> str:
    """The text as it stands between quotation marks."""
    return text.translate(_SPECIAL) if _NEEDS.search(text) else text


def unsayable(text: str) -> bool:
    """Whether it holds a character that XML 1.0 cannot write in any way."""
    return _UNSAYABLE.search(text) is not None


def sayable(text: str) -> str:
    return _UNSAYABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def plain(body: bytes) -> bytes:
    """The body without its byte order mark. Raises Refused(400) when it is not UTF-8."""
    if body.startswith(_WIDE):
        raise Refused.because(400, "structure", "xml.encoding", encoding="UTF-16 / UTF-32")
    body = body.removeprefix(_BOM)
    try:
        body.decode()
    except UnicodeDecodeError as wrong:
        raise Refused.because(400, "structure", "json.not-utf8", **place(body, wrong.start)) from None
    if not body.strip():
        raise Refused.because(400, "structure", "xml.empty")
    return body


def check_encoding(declared: str | None) -> None:
    """Raises Refused(400) when the XML declaration names another encoding than the one the body has."""
    if declared is not None and declared.lower() not in _NAMES:
        raise Refused.because(400, "structure", "xml.encoding", encoding=declared[:40])
