"""The zip of a workbook, read without trusting it: members by name, expansion held against the file's own size.

XML in it is read by expat with document types refused, so that no entity is ever expanded.
"""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, NoReturn
from xml.parsers import expat

from hoso.core import Refused

CHUNK = 1 << 16
EXPANSION, FLOOR = 200, 256 << 20
"""A member may grow to so many times the file's size, and to FLOOR anyway."""
Start = Callable[[str, Mapping[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


class Container:
    """`size` is that of the whole file. Every failure is a Refused(400) that names the member."""

    def __init__(self, stream: IO[bytes], size: int) -> None:
        with _named("zip"):
            self._zip = zipfile.ZipFile(stream)
        self._limit = max(FLOOR, size * EXPANSION)
        self.names = {info.filename.lstrip("/").lower(): info for info in self._zip.infolist()}

    def has(self, name: str) -> bool:
        return name.lower() in self.names

    def chunks(self, name: str) -> Iterator[bytes]:
        """The member piece by piece; nothing when there is none."""
        info = self.names.get(name.lstrip("/").lower())
        if info is None:
            return
        if info.flag_bits & 0x1:
            raise Refused.because(400, "security", "sheet.encrypted")
        with _named(name), self._zip.open(info) as member:
            done = 0
            while piece := member.read(CHUNK):
                done += len(piece)
                if done > self._limit:
                    raise Refused.because(413, "too-costly", "sheet.bomb", times=str(EXPANSION))
                yield piece

    def head(self, name: str, size: int = CHUNK) -> bytes:
        held = b""
        for piece in self.chunks(name):
            held += piece
            if len(held) >= size:
                break
        return held

    def parse(self, name: str, start: Start, end: End | None = None, text: Text | None = None) -> None:
        for _ in self.parsing(name, start, end, text):
            pass

    def parsing(self, name: str, start: Start, end: End | None = None, text: Text | None = None) -> Iterator[None]:
        """The member through the handlers; gives control back after every piece. Names come without their prefix."""
        parser = expat.ParserCreate()
        parser.buffer_text = True

        def first(tag: str, attributes: Mapping[str, str]) -> None:
            """A file that needs no prefixes, as nearly all, is spared the search for them."""
            prefixed = ":" in tag
            parser.StartElementHandler = (lambda tag, told: start(tag.rpartition(":")[2], told)) if prefixed else start
            if end:
                parser.EndElementHandler = (lambda tag: end(tag.rpartition(":")[2])) if prefixed else end
            parser.StartElementHandler(tag, attributes)

        parser.StartElementHandler = first
        if text:
            parser.CharacterDataHandler = text
        parser.StartDoctypeDeclHandler = _refuse_doctype
        with _named(name):
            for piece in self.chunks(name):
                parser.Parse(piece)
                yield
            if self.has(name):
                parser.Parse(b"", True)
        yield


def _refuse_doctype(*_: object) -> NoReturn:
    raise Refused.because(400, "security", "sheet.doctype")


@contextmanager
def _named(member: str) -> Iterator[None]:
    try:
        yield
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        expat.ExpatError,
        OSError,
        ValueError,
    ) as error:
        reason = str(error)[:200]
        raise Refused.because(400, "structure", "sheet.damaged", member=member[:100], reason=reason) from None
    except RuntimeError:  # zipfile's word for a member that needs a password
        raise Refused.because(400, "security", "sheet.encrypted") from None


def attribute(attributes: Mapping[str, str], name: str) -> str:
    """An attribute by its name without prefix."""
    if name in attributes:
        return attributes[name]
    return next((value for key, value in attributes.items() if key.rpartition(":")[2] == name), "")
