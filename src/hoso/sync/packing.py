"""Packs what goes over the line with zstd and the dictionary of health records, and unpacks it within bounds."""

from __future__ import annotations

import io
import threading
from functools import cache

import zstandard

from hoso.store.codec import CURRENT, NONE, shipped

SLOWLY, QUICKLY = 15, 3
"""Levels. A batch is packed once and travels the thin line: 15 % shorter than at level 3 is worth 2 ms a visit."""
WINDOW = 1 << 24
"""Bytes that unpacking may look back, and so may need at once."""
MOST_RATIO = 400
"""JSON of one visit over and over is packed about 40 times; what is packed more than this is a bomb."""
FREE = 1024 * 1024
"""Up to this length unpacked nobody asks for the ratio."""


class NotPacked(Exception):
    """These bytes cannot be unpacked."""


class Bomb(Exception):
    """These bytes would be longer than allowed."""


def pack(raw: bytes, level: int) -> bytes:
    """Packed with the dictionary CURRENT."""
    return _tools.packer(level).compress(raw)


def known(dictionary: int) -> bool:
    return dictionary in _tools.unpackers


def unpack(dictionary: int, packed: bytes, most: int) -> bytes:
    """What was packed, if it is not longer than `most` and in proportion. Raises NotPacked, Bomb."""
    most = min(most, max(FREE, MOST_RATIO * len(packed)))
    try:
        raw = _tools.unpackers[dictionary].stream_reader(io.BytesIO(packed)).read(most + 1)
    except zstandard.ZstdError as fault:
        raise NotPacked from fault
    if len(raw) > most:
        raise Bomb
    return raw


class _Tools(threading.local):
    """A zstd context serves one thread at a time, so each thread has its own."""

    def __init__(self) -> None:
        self.packers: dict[int, zstandard.ZstdCompressor] = {}
        self.unpackers = {NONE: zstandard.ZstdDecompressor(max_window_size=WINDOW)}
        for number, data in shipped().items():
            dictionary = zstandard.ZstdCompressionDict(data)
            self.unpackers[number] = zstandard.ZstdDecompressor(dict_data=dictionary, max_window_size=WINDOW)

    def packer(self, level: int) -> zstandard.ZstdCompressor:
        if level not in self.packers:
            dictionary = _dictionary(level)
            self.packers[level] = zstandard.ZstdCompressor(level=level, dict_data=dictionary, write_dict_id=False)
        return self.packers[level]


@cache
def _dictionary(level: int) -> zstandard.ZstdCompressionDict:
    dictionary = zstandard.ZstdCompressionDict(shipped()[CURRENT])
    dictionary.precompute_compress(level=level)
    return dictionary


_tools = _Tools()
