"""Order by a token parameter. The index knows codes only as hashes, so the codes are read from the matches themselves.

Every match is looked at once a page, in batches; only the page is kept. Narrowed to a patient, that costs nothing; a
search with more than `MOST` matches is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cmp_to_key
from heapq import nsmallest
from itertools import chain
from typing import Any

import orjson

from hoso.fhir.extract import extract
from hoso.fhir.search.query import SortKey
from hoso.store.connection import Row
from hoso.store.search.sort import Key, falling

BATCH = 1_000
MOST = 10_000
"""Matches that are read for one page; about a second of work."""

Fetch = Callable[[Row | None, int], list[Row]]
"""fetch(last row or None, limit): matches in order of rid; the sort values stand in `VALUES`, NULL for codes."""

VALUES = slice(9, -3)
_RID = 6


def rows(
    fetch: Fetch,
    text: Callable[[int, bytes], bytes],
    sort: Sequence[SortKey],
    keys: Sequence[Key],
    behind: tuple[Sequence[Any], int] | None,
    limit: int,
) -> list[Row]:
    """The first `limit` matches in order, `behind` a place if there is one."""

    def compare(a: Sequence[Any], b: Sequence[Any]) -> int:
        return _compare(keys, a, b)

    place = cmp_to_key(compare)
    offset = len(keys) - len(sort)
    start = place((*behind[0], behind[1])) if behind else None
    best: list[tuple[Any, Row]] = []
    for batch in _batches(fetch):
        fresh = []
        for row in batch:
            values = list(row[VALUES])
            codes = _codes(text(row[4], row[5]), sort)
            values[offset:] = [codes.get(n, value) for n, value in enumerate(values[offset:])]
            at = place((*values, row[_RID]))
            if start is None or start < at:
                fresh.append((at, (*row[:9], *values, *row[-3:])))
        best = nsmallest(limit, chain(best, fresh), key=lambda entry: entry[0])
    return [row for _, row in best]


def _batches(fetch: Fetch) -> Iterator[list[Row]]:
    last: Row | None = None
    while batch := fetch(last, BATCH):
        yield batch
        last = batch[-1]
        if len(batch) < BATCH:
            return


def _codes(body: bytes, sort: Sequence[SortKey]) -> dict[int, str | None]:
    found = extract(orjson.loads(body)).tokens
    codes: dict[int, str | None] = {}
    for n, key in enumerate(sort):
        if key.kind == "token":
            mine = [code for param, _, code in found if param == key.code]
            codes[n] = (max if key.descending else min)(mine) if mine else None
    return codes


def _compare(keys: Sequence[Key], a: Sequence[Any], b: Sequence[Any]) -> int:
    """As `sort.order` has it: no value last, ties by rid in the direction of the last key."""
    for key, one, other in zip(keys, a, b, strict=False):
        if one == other:
            continue
        if one is None or other is None:
            return 1 if one is None else -1
        return (1 if one > other else -1) * (-1 if key.descending else 1)
    return (int(a[-1]) - int(b[-1])) * (-1 if falling(keys) else 1)
