"""Takes the README's picture of the emergency card anew, with colours reduced so that it stays under 150 kB.

`python scripts/screenshot.py` runs the page's own test, which signs in and looks at the made-up person.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import tempfile
import zlib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PICTURE = ROOT / "docs/images/emergency-card.png"
COLOURS = 256
_SIGNATURE = b"\x89PNG\r\n\x1a\n"

Colour = tuple[int, ...]


def chunks(png: bytes) -> dict[bytes, bytes]:
    """By name; the pieces of image data joined."""
    found: dict[bytes, bytes] = {}
    at = len(_SIGNATURE)
    while at < len(png):
        size, name = struct.unpack(">I4s", png[at : at + 8])
        found[name] = found.get(name, b"") + png[at + 8 : at + 8 + size]
        at += size + 12
    return found


def rows(data: bytes, width: int, depth: int) -> list[bytearray]:
    """Lines of pixels with PNG's prediction filters undone."""
    stride, before, found = width * depth, bytearray(width * depth), []
    for at in range(0, len(data), stride + 1):
        line = bytearray(data[at + 1 : at + 1 + stride])
        for i in range(stride):
            left = line[i - depth] if i >= depth else 0
            corner = before[i - depth] if i >= depth else 0
            line[i] = (line[i] + _predicted(data[at], left, before[i], corner)) & 255
        found.append(line)
        before = line
    return found


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    if kind == 4:
        return min((left, up, corner), key=lambda value: abs(left + up - corner - value))
    return (0, left, up, (left + up) // 2)[kind]


def reduced(png: bytes) -> bytes:
    """The same picture with the most frequent colours only, each other one replaced by its nearest."""
    parts = chunks(png)
    width, height, _, kind = struct.unpack(">IIBB", parts[b"IHDR"][:10])
    depth = {2: 3, 6: 4}[kind]
    lines = rows(zlib.decompress(parts[b"IDAT"]), width, depth)
    pixels = [[tuple(line[i : i + 3]) for i in range(0, len(line), depth)] for line in lines]
    counted = Counter(pixel for line in pixels for pixel in line)
    palette = [colour for colour, _ in counted.most_common(COLOURS)]
    number = {colour: _nearest(colour, palette) for colour in counted}
    body = b"".join(b"\0" + bytes(number[pixel] for pixel in line) for line in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    table = b"".join(bytes(colour) for colour in palette)
    made = [(b"IHDR", header), (b"PLTE", table), (b"IDAT", zlib.compress(body, 9)), (b"IEND", b"")]
    return _SIGNATURE + b"".join(_chunk(name, content) for name, content in made)


def _nearest(colour: Colour, palette: list[Colour]) -> int:
    return min(range(len(palette)), key=lambda n: sum((a - b) ** 2 for a, b in zip(colour, palette[n], strict=True)))


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        taken = Path(folder) / "card.png"
        test = [sys.executable, "-m", "pytest", "-q", "-n0", str(ROOT / "tests/web/test_picture.py")]
        subprocess.run(test, check=True, cwd=ROOT, env={**os.environ, "HOSO_PICTURE": str(taken)})
        PICTURE.write_bytes(reduced(taken.read_bytes()))
    print(f"{PICTURE}: {PICTURE.stat().st_size:,} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
