"""Which files of `hoso load` are spreadsheets, and what their columns mean: remembered, or certain with --facility."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from hoso import compose
from hoso.core import Refused, system_clock
from hoso.exchange import formats
from hoso.exchange.health_checks import is_roster
from hoso.exchange.intake import Sender
from hoso.exchange.sheets import table
from hoso.exchange.sheets.desk import SheetDesk
from hoso.exchange.sheets.mapping import Mapping

SUFFIXES = (".csv", ".tsv", ".xlsx", ".xlsm", ".ods", ".xls")
_LOADER = Sender("node/load", channel="command")


def sorted_out(
    node: compose.Node, named: Sequence[Path], files: Sequence[Path], skipped: Sequence[Path], facility: str
) -> tuple[list[Path], list[Path], dict[Path, Mapping | None]]:
    """Files to read, files left alone, and those of the first that are spreadsheets.

    One that was named is told of when its columns are not known; one in a folder is left alone then.
    """
    desk = SheetDesk(node.intake, lambda: system_clock().date())
    taken: list[Path] = []
    left: list[Path] = []
    known: dict[Path, Mapping | None] = {}
    for file in [*files, *skipped]:
        if not _is_sheet(file):
            (taken if file in files else left).append(file)
            continue
        mapping = _mapping(desk, file, facility)
        if mapping is None and file not in named:
            left.append(file)
            continue
        taken.append(file)
        known[file] = mapping
    return taken, left, known


def _is_sheet(file: Path) -> bool:
    """By its first bytes, or its name where these are plain text; health checks have a format of their own."""
    try:
        with file.open("rb") as stream:
            head = stream.read(formats.HEAD)
            if formats.known(head) is not None or head.lstrip()[:1] in (b"{", b"[", b"<"):
                return False
            stream.seek(0)
            is_book = table.knows(head)
            return (is_book and not is_roster(stream)) or (not is_book and file.suffix.lower() in SUFFIXES[:2])
    except OSError:
        return False


def _mapping(desk: SheetDesk, file: Path, facility: str) -> Mapping | None:
    try:
        with file.open("rb") as stream:
            look = desk.look(_LOADER, stream, file.name, facility)
    except (OSError, Refused):
        return None
    return look.mapping if look.certain and look.mapping.facility else None
