"""The shared texts of a workbook, packed: a million rows name millions of them, and memory must stay small.

Rows name texts in nearly the order they were written in, so a few unpacked blocks serve almost every look-up.
"""

from __future__ import annotations

import zlib
from collections import OrderedDict

BLOCK = 1_024
OPEN = 64
"""So many blocks stay unpacked."""
_MARK = "\x00"


class Strings:
    def __init__(self) -> None:
        self._packed: list[bytes] = []
        self._filling: list[str] = []
        self._open: OrderedDict[int, list[str]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._packed) * BLOCK + len(self._filling)

    def add(self, text: str) -> None:
        self._filling.append(text.replace(_MARK, ""))
        if len(self._filling) == BLOCK:
            self._packed.append(zlib.compress(_MARK.join(self._filling).encode("utf-8", "surrogatepass"), 1))
            self._filling = []

    def __getitem__(self, number: int) -> str:
        """Raises IndexError for a text that is not there."""
        if number < 0:
            raise IndexError(number)
        block, place = divmod(number, BLOCK)
        if block == len(self._packed):
            return self._filling[place]
        texts = self._open.get(block)
        if texts is None:
            texts = zlib.decompress(self._packed[block]).decode("utf-8", "surrogatepass").split(_MARK)
            self._open[block] = texts
            if len(self._open) > OPEN:
                self._open.popitem(last=False)
        return texts[place]
