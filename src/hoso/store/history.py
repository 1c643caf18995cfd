"""History of one record, one type or the whole system, newest first, on a cursor that later writes do not disturb."""

from __future__ import annotations

from collections.abc import Sequence

from hoso.core.errors import Refused
from hoso.fhir.model import load
from hoso.store.connection import Connection
from hoso.store.contract import HistoryPage
from hoso.store.reading import FROM_CHANGE, VERSION, as_version
from hoso.store.visible import EVERYTHING, Visible

_NUMBER = load().type_number

Condition = tuple[str, list[object]]


def history(
    connection: Connection,
    type: str | None,
    id: str | None,
    *,
    since: int | None,
    at: tuple[int, int] | None,
    count: int,
    cursor: str | None,
    types: Sequence[str] | None,
    visible: Visible | None,
) -> HistoryPage:
    named = None if type is None else (type,)
    where = [_seen(visible or EVERYTHING, named if types is None else types), *_within(since, at)]
    if type is not None and id is not None:
        where.append(("c.rid = (SELECT rid FROM key WHERE type = ? AND id = ?)", [_NUMBER.get(type, 0), id]))
    total = _count(connection, where) if id is not None and cursor is None else None
    if cursor is not None:
        where.append(_after(cursor, by_time=id is None))
    order = "c.seq DESC" if id is not None else "c.time DESC, c.seq DESC"
    text, params = _join(where)
    rows = connection.rows(
        f"SELECT {VERSION} {FROM_CHANGE} WHERE {text} ORDER BY {order} LIMIT ?",
        [*params, count + 1],
    )
    versions = [as_version(connection, row) for row in rows[:count]]
    more = len(rows) > count and versions
    return HistoryPage(versions, total, f"{versions[-1].updated}.{versions[-1].seq}" if more else None)


def _seen(visible: Visible, types: Sequence[str] | None) -> Condition:
    """Only rows the caller may see, of the types asked for (None: all)."""
    if visible is EVERYTHING and types is None:
        return "1=1", []
    rules: dict[tuple[str, tuple[object, ...]], list[int]] = {}
    wanted = sorted(_NUMBER if visible.types is None else visible.types) if types is None else types
    for type in wanted:
        if type in _NUMBER:
            text, params = visible.predicate("c", type)
            rules.setdefault((text, tuple(params)), []).append(_NUMBER[type])
    parts: list[Condition] = []
    for (text, given), numbers in rules.items():
        if text != "1=0":
            named = "c.type = ?" if len(numbers) == 1 else f"c.type IN ({', '.join(map(str, numbers))})"
            if len(numbers) == len(_NUMBER):
                return text, list(given)
            test = named if text == "1=1" else f"({named} AND {text})"
            parts.append((test, [*(numbers if len(numbers) == 1 else ()), *given]))
    if not parts:
        return "1=0", []
    return "(" + " OR ".join(text for text, _ in parts) + ")", [p for _, params in parts for p in params]


def _within(since: int | None, at: tuple[int, int] | None) -> list[Condition]:
    where: list[Condition] = []
    if since is not None:
        where.append(("c.time >= ?", [since]))
    if at is not None:  # the version was the current one at some moment of the span
        low, high = at
        where.append(("c.time < ?", [high]))
        where.append(
            ("NOT EXISTS (SELECT 1 FROM change n WHERE n.rid = c.rid AND n.seq > c.seq AND n.time <= ?)", [low])
        )
    return where


def _after(cursor: str, *, by_time: bool) -> Condition:
    time, _, seq = cursor.partition(".")
    if not (time.lstrip("-").isdigit() and seq.isdigit() and len(cursor) < 45):
        raise Refused.because(400, "invalid", "history.cursor")
    if by_time:
        return "(c.time, c.seq) < (?, ?)", [int(time), int(seq)]
    return "c.seq < ?", [int(seq)]


def _count(connection: Connection, where: list[Condition]) -> int:
    text, params = _join(where)
    ((number,),) = connection.rows(f"SELECT count(*) FROM change c WHERE {text}", params)  # noqa: S608
    return int(number)


def _join(where: list[Condition]) -> tuple[str, list[object]]:
    return " AND ".join(text for text, _ in where), [p for _, params in where for p in params]
