"""Events as lines for other software that watches: JSON, or CSV that no spreadsheet takes for a formula."""

from __future__ import annotations

import csv
from collections.abc import Callable
from typing import TextIO

import msgspec

from hoso.access.audit.event import Event
from hoso.core.clock import instant

FORMATS = ("jsonl", "csv")
COLUMNS = (
    "seq", "time", "actor", "role", "facility", "purpose", "channel", "activity", "action", "kind", "outcome", "types",
    "what", "patient", "reason", "grant", "request", "session", "address", "digest",
)  # fmt: skip
_FORMULA = "=+-@\t\r|%"

Write = Callable[[int, Event], None]


def writer(form: str, out: TextIO) -> Write:
    """Writes one line an event, whatever stands in it."""
    if form == "jsonl":
        return lambda seq, event: _line(out, seq, event)
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    return lambda seq, event: table.writerow([_cell(value) for value in values(seq, event).values()])


def values(seq: int, event: Event) -> dict[str, object]:
    found = {name: getattr(event, name) for name in COLUMNS if name != "seq"}
    return (
        {"seq": seq} | found | {"time": instant(event.time), "types": list(event.types), "digest": event.digest.hex()}
    )


def _line(out: TextIO, seq: int, event: Event) -> None:
    out.write(msgspec.json.encode(values(seq, event)).decode() + "\n")


def _cell(value: object) -> object:
    """Text that a spreadsheet would run gets a quote before it; line breaks are written as \\n."""
    if isinstance(value, int):
        return value
    text = " ".join(value) if isinstance(value, list) else str(value)
    text = text.replace("\\", "\\\\").replace("\r", "\\r").replace("\n", "\\n").replace("\x00", "\\0")
    return f"'{text}" if text.lstrip()[:1] in _FORMULA and text else text
