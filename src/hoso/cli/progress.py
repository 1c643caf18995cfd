"""Progress of long work on standard error: a bar with rate and time left on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import TextIO

WIDTH = 28
REDRAW = 0.1
LINE_EVERY = 5.0
FORESEEABLE = 0.01
"""The share from which on the time left is more than a guess."""

Now = Callable[[], float]


class Progress:
    """`total` is what all the work costs (bytes, say); `items` is what people count."""

    def __init__(self, total: int, label: str, *, out: TextIO | None = None, now: Now = time.monotonic) -> None:
        self._total, self._label = max(total, 1), label
        self._out = sys.stderr if out is None else out
        self._now = now
        self._bar = self._out.isatty()
        self._start = self._last = now()
        self._cost = self._items = 0
        self._drawn = 0

    def add(self, cost: int, items: int) -> None:
        self._cost += cost
        self._items += items
        moment = self._now()
        if moment - self._last >= (REDRAW if self._bar else LINE_EVERY):
            self._last = moment
            self._draw(moment)

    def _draw(self, moment: float) -> None:
        text = self._text(moment - self._start)
        if self._bar:
            self._out.write("\r" + text.ljust(self._drawn))
            self._drawn = len(text)
        else:
            self._out.write(text + "\n")
        self._out.flush()

    def _text(self, seconds: float) -> str:
        share = min(self._cost / self._total, 1.0)
        rate = self._items / seconds if seconds else 0.0
        left = seconds / share - seconds if share >= FORESEEABLE else None
        full = round(share * WIDTH)
        bar = f"{'█' * full}{'░' * (WIDTH - full)} " if self._bar else ""
        rest = "—" if left is None else duration(left)
        return f"{bar}{share:4.0%}  {self._items:,} {self._label}  {rate:,.0f}/s  {rest}"

    def __enter__(self) -> Progress:
        if self._bar:
            self._draw(self._now())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar or self._items:
            self._draw(self._now())
        if self._bar:
            self._out.write("\n")
            self._out.flush()


def duration(seconds: float) -> str:
    """ "7s", "3:05", "2:10:00"."""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours}:{minutes:02}:{rest:02}"
    return f"{minutes}:{rest:02}" if minutes else f"{rest}s"
