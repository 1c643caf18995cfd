"""One page of a list, by the number that an address asks for; nonsense asks for the first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def part(lines: Sequence[T], asked: str, size: int) -> tuple[Sequence[T], int, range]:
    """The lines of the page, its number, and the numbers of all; behind the last page is the last."""
    pages = max(1, -(-len(lines) // size))
    number = min(max(1, int(asked)), pages) if asked.isascii() and asked.isdecimal() and len(asked) < 5 else 1
    return lines[(number - 1) * size : number * size], number, range(1, pages + 1)
