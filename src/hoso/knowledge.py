"""What a node knows of guides and what it asks of records by them: the part [profiles] of config.toml, made to work."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hoso.keyfolder import BadConfig

if TYPE_CHECKING:
    from hoso.access.demands import Required
    from hoso.access.guides import Guides
    from hoso.access.records import Records
    from hoso.store.record_store import RecordStore


def required(table: Any) -> Required:
    """Raises ValueError for what cannot be meant."""
    from hoso.access.demands import parse

    return parse(table)


def full_text(table: Any) -> bool:
    """The part [search]. Raises ValueError for what cannot be meant."""
    found = table.get("text", False)
    if set(table) - {"text"} or not isinstance(found, bool):
        raise ValueError(f"[search] is text = true or text = false, not {table!r}")
    return found


def guides(store: RecordStore, records: Records, required: Required) -> Guides:
    """The guides of the node; from now on `records` asks of what comes in what is required."""
    from hoso.access.demands import Demands
    from hoso.access.guides import Guides
    from hoso.store.guides import GuideTable

    known = Guides(GuideTable(store.engine), records.code_lists.library)
    records.demands = Demands(required, known)
    return known


def check(records: Records, config: Path) -> None:
    """Before a node serves or loads. Raises BadConfig where a profile that is asked for is not known here."""
    unknown = records.demands.unknown() if records.demands else []
    if unknown:
        raise BadConfig(config, f"[profiles] require: not known here (hoso profile load): {', '.join(unknown)}")
