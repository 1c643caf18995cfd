"""What of a visit differs from what its decision says: fields missing, too long, unreadable or unknown.

All of it is warnings. The gateway of the insurer refuses such visits; a record of health is better off with them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from hoso.core import Issue
from hoso.exchange.insurance import values
from hoso.exchange.insurance.definitions import Decision, Field, decision, fields, required
from hoso.exchange.insurance.visit import Row, Visit

_CUT = (10, 11)
"""Digits of a personal number whose zeros in front software lost that took it for a number; it has 12."""
_DATES = {"moment": values.moment, "day": values.day, "birth": values.moment}


def decision_of(visit: Visit) -> Decision:
    """By the day on which the visit ended, else began."""
    summary = next((row for table in ("XML1", "XML0") for row in visit.rows(table)), None)
    if summary is None:
        return decision(None)
    days = (values.day(summary.get(name)) or "" for name in ("NGAY_RA", "NGAY_VAO"))
    ended = next((date.fromisoformat(day) for day in days if len(day) == 10), None)
    return decision(ended, frozenset(summary.values))


def check(visit: Visit) -> list[Issue]:
    rule = decision_of(visit)
    return [issue for rows in visit.tables.values() for row in rows for issue in _row(row, rule)]


def _row(row: Row, rule: Decision) -> Iterator[Issue]:
    known = fields(rule.number)
    table = row.place.table
    for name in row.values:
        field = known.get((table, name))
        if field is None:
            yield row.at(name).issue("informational", "insurance.unknown-field", "information", decision=rule.title)
        elif text := row.get(name):
            yield from _text(row, field, text, rule)
    for name in required(rule.number, table):
        if not row.get(name):
            yield row.at(name).issue("required", "insurance.missing", "warning", decision=rule.title)
    yield from _times(row)


def _text(row: Row, field: Field, text: str, rule: Decision) -> Iterator[Issue]:
    if not _is_date(field, text):
        yield row.at(field.name).issue("value", "insurance.no-date", "warning", text=text[:40])
    elif field.kind == "number" and values.number(text) is None:
        yield row.at(field.name).issue("value", "insurance.no-number", "warning", text=text[:40])
    elif field.length is not None and len(text) > field.length:
        sizes = {"length": str(len(text)), "limit": str(field.length)}
        yield row.at(field.name).issue("too-long", "insurance.too-long", "warning", decision=rule.title, **sizes)
    elif field.name == "SO_CCCD" and len(text) in _CUT and text.isascii() and text.isdecimal():
        yield row.at(field.name).issue("value", "insurance.lost-zeros", "warning", text=text, digits=str(len(text)))


def _is_date(field: Field, text: str) -> bool:
    """True of every text where no date belongs."""
    if field.kind == "days":
        return all(values.moment(one) for one in values.listed(text))
    return field.kind not in _DATES or _DATES[field.kind](text) is not None


def _times(row: Row) -> Iterator[Issue]:
    """Who came before being born, or left before coming: as far as the dates are known."""
    for earlier, later in (("NGAY_SINH", "NGAY_VAO"), ("NGAY_VAO", "NGAY_RA")):
        first, second = (values.moment(row.get(name)) for name in (earlier, later))
        if first and second and first[:10] > second[: len(first[:10])]:
            yield row.at(later).issue("business-rule", "insurance.before", "warning", earlier=earlier)
