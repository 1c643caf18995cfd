"""A plan as the one argument of `hoso_commit`: see migrations/postgres/0002_functions.sql for the other end."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from hoso.store.labels import gives, takes
from hoso.store.plan import Grouped, LabelPlan, LabelRow, Plan, Table

_GROUPED: Mapping[Grouped, str] = {"codes": "kpc", "systems": "kn", "texts": "kvnel"}
"""The name of each column in the argument."""

_encode = msgspec.json.Encoder().encode


def encode(plan: Plan) -> str:
    first = plan.changes[0]
    batch: dict[str, Any] = {
        "stream": plan.stream,
        "bundle": _text(first.bundle) if first.bundle else None,
        "actor": first.actor,
        "reason": first.reason,
        "changes": [
            {
                "n": c.place, "i": _text(c.id), "o": c.op, "m": c.method, "t": c.type, "r": c.rid, "v": c.version,
                "b": c.base, "p": c.patient, "at": c.time, "s": c.size, "d": _text(c.digest),
            }
            for c in plan.changes
        ],
        "heads": [
            {
                "n": h.place, "p": h.patient, "r": h.rid, "t": h.type, "i": h.id, "v": h.version, "u": h.updated,
                "d": h.date, "s": h.present, "x": h.deleted, "y": h.systems, "z": h.texts,
            }
            for h in plan.heads
        ],
        "add": _tables(plan.add),
    }  # fmt: skip
    if plan.keys:
        batch["keys"] = [{"t": k.type, "i": k.id, "p": k.patient, "r": k.rid} for k in plan.keys]
    if plan.expected:
        batch["expected"] = [{"r": e.rid, "p": e.patient, "v": e.version, "g": e.replaced} for e in plan.expected]
    if plan.moves:
        batch["moves"] = [{"r": m.rid, "p": m.patient} for m in plan.moves]
    if plan.bodies:
        batch["bodies"] = [{"n": b.place, "p": b.patient, "d": b.dictionary, "t": _text(b.packed)} for b in plan.bodies]
    for table, rows in plan.grouped.items():
        names = _GROUPED[table]
        batch[table] = [dict(zip(names, row, strict=True)) for row in sorted(rows, key=repr)]
    if plan.remove:
        batch["remove"] = _tables(plan.remove)
    if plan.labels:
        batch["labels"] = _labels(plan.labels)
    return _encode(batch).decode()


def _labels(labels: LabelPlan) -> dict[str, Any]:
    return {
        "takes": _array(takes()),
        "gives": _array(gives()),
        "rows": [_label(row) for row in labels.rows],
        "seen": [_label(row) for row in labels.seen],
        "heirs": [{"r": rid, "n": number} for rid, number in labels.heirs.items()],
        "edges": [{"s": source, "d": heir} for source, heir in sorted(labels.edges)],
    }


def _label(row: LabelRow) -> dict[str, int]:
    return dict(zip("rmchil", row, strict=True))


def _array(numbers: Iterable[int]) -> str:
    return "{" + ",".join(map(str, sorted(numbers))) + "}"


def _text(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def _tables(tables: Mapping[Table, Sequence[tuple[Any, ...]]]) -> dict[str, Any]:
    return {table: _strings(rows) if table == "string" else _columns(rows) for table, rows in tables.items()}


def _columns(rows: Sequence[tuple[Any, ...]]) -> list[str]:
    """One text of an array per column."""
    return ["{" + ",".join(map(repr, column)) + "}" for column in zip(*rows, strict=True)]


def _strings(rows: Sequence[tuple[Any, ...]]) -> list[dict[str, Any]]:
    return [{"k": k, "v": v, "p": p, "r": r, "e": e, "l": long} for k, v, p, r, e, long in rows]
