"""What to do about a node, as one word: the gravest of what is seen of it. Pure."""

from __future__ import annotations

from typing import Literal

from hoso.sync.overview import Own, Station

Advice = Literal[
    "well", "revoked", "expired", "never", "silent", "quiet", "held", "clock", "ends", "version", "disk", "differs",
    "waits",
]  # fmt: skip
DAY = 86_400_000
SILENT, QUIET = 3 * DAY, DAY
CLOCK = 120_000
"""Milliseconds by which a clock may be wrong before times in the record mislead somebody."""
ENDS = 14 * DAY
FREE = 0.05
"""Of a disk."""


def of_station(one: Station, now: int, version: str) -> Advice:
    row = one.row
    if one.standing != "good":
        return one.standing
    if row.seen is None:
        return "never"
    if now - row.seen > SILENT:
        return "silent"
    if one.said.free < one.said.disk * FREE:
        return "disk"
    if one.held:
        return "held"
    if one.waits and 0 < one.said.oldest < now - QUIET:
        return "waits"
    if _is_wrong(row.ahead):
        return "clock"
    if now - row.seen > QUIET:
        return "quiet"
    if row.expires - now < ENDS:
        return "ends"
    return "version" if one.said.version and one.said.version != version else "well"


def of_own(own: Own, now: int) -> Advice:
    if own.free < own.disk * FREE:
        return "disk"
    if own.hub is None:
        return "well"
    if own.certificate is not None and own.certificate < now:
        return "expired"
    if own.last is None:
        return "never"
    if now - own.last > SILENT:
        return "silent"
    if own.sent.held:
        return "held"
    if _is_wrong(own.ahead):
        return "clock"
    if now - own.last > QUIET:
        return "quiet"
    return "well" if own.equal else "differs"


def _is_wrong(ahead: int | None) -> bool:
    return ahead is not None and abs(ahead) > CLOCK
