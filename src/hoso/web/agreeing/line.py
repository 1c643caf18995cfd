"""The word in the bar of every page: what waits for the line. Asked of the store once in some seconds, not per page."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from hoso.access import Unavailable
from hoso.sync.overview import Overview

SECONDS = 5.0
"""As often a node looks for what is to be sent."""


class Known(NamedTuple):
    """Whether this node exchanges records with any other; with a hub, how many entries wait for the line since when."""

    agrees: bool = False
    waiting: int = 0
    oldest: int | None = None


_kept: dict[Path, tuple[float, Known]] = {}


def known(agreement: Callable[[], Overview]) -> Known:
    """A page is not lost for this: while the store cannot answer, nothing is said."""
    overview = agreement()
    at, found = _kept.get(overview.folder, (0.0, Known()))
    if time.monotonic() - at >= SECONDS or not at:
        try:
            found = _asked(overview)
        except Unavailable:
            found = Known()
        _kept[overview.folder] = (time.monotonic(), found)
    return found


def _asked(overview: Overview) -> Known:
    if not overview.agrees():
        return Known()
    sent = overview.waiting()
    return Known(True, sent.here, sent.oldest) if sent else Known(True)
