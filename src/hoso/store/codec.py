"""Bodies are kept as zstd with a dictionary trained on health records; a row names the dictionary it needs for ever."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from importlib.resources import files

import zstandard

NONE = 0
"""The number of no dictionary."""

CURRENT = 1
LEVEL = 3


def shipped() -> dict[int, bytes]:
    """The dictionaries of this release, by number. A number never changes its bytes."""
    folder = files("hoso.store").joinpath("data")
    return {number: folder.joinpath(f"zstd-{number}.dict").read_bytes() for number in range(1, CURRENT + 1)}


class _Tools(threading.local):
    """A zstd context serves one thread at a time, so each thread has its own."""

    def __init__(self, dictionaries: Mapping[int, zstandard.ZstdCompressionDict], current: int) -> None:
        pressing = dictionaries.get(current)
        self.pack = zstandard.ZstdCompressor(
            level=LEVEL, dict_data=pressing, write_dict_id=False, write_checksum=False
        ).compress
        self.unpack = {NONE: zstandard.ZstdDecompressor().decompress}
        for number, dictionary in dictionaries.items():
            self.unpack[number] = zstandard.ZstdDecompressor(dict_data=dictionary).decompress


class Codec:
    def __init__(self, dictionaries: Mapping[int, bytes]) -> None:
        ready = {number: zstandard.ZstdCompressionDict(data) for number, data in dictionaries.items()}
        self.current = max(ready, default=NONE)
        if self.current:
            ready[self.current].precompute_compress(level=LEVEL)
        self._tools = _Tools(ready, self.current)

    def pack(self, text: bytes) -> bytes:
        """Packed with the dictionary `current`."""
        return self._tools.pack(text)

    def unpack(self, dictionary: int, packed: bytes) -> bytes:
        return self._tools.unpack[dictionary](packed)
