"""A visit as FHIR: Patient, Encounter and all that happened in it, each field where mapping.csv says.

The same visit always gives the same resources with the same ids. Nothing is refused here but a visit of nobody, or
without a summary; every other oddity keeps its text and gives a warning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache

from hoso.core import Issue
from hoso.exchange.insurance import finish, values
from hoso.exchange.insurance.check import check, decision_of
from hoso.exchange.insurance.convert import Asked, Partly, convert
from hoso.exchange.insurance.draft import Draft, Made
from hoso.exchange.insurance.mapping import KEYS, Line, Resource, home, kept, lines, makes, present_names, put, template
from hoso.exchange.insurance.visit import Row, Visit
from hoso.fhir.terminology.tables import rows as terminology_rows

KnownKey = Callable[[str, str], str | None]
_FACILITY = re.compile(r"[A-Za-z0-9.-]{1,20}\Z")
_WHOLE_VISIT = ("XML0", "XML1")
_ORDERED = frozenset({"1", "2", "3"})
"""Cost groups of tests, imaging and function tests."""
_DONE = frozenset({"8", "18"})
"""Cost groups of operations and procedures."""


@dataclass(slots=True)
class Mapped:
    """`resources` hold exact decimals; targets stand before what refers to them. Empty when an issue is an error.

    `facility`: whose visit it is, by its code.
    """

    resources: list[Resource] = field(default_factory=list)
    issues: list[Issue] = field(default_factory=list)
    facility: str = ""


def map_visit(visit: Visit, known_key: KnownKey = lambda facility, number: None) -> Mapped:
    """Everything the visit holds. Its `issues`, and what its decision would have otherwise, come along.

    `known_key` says under which key a visit of that facility and number (MA_LK) was mapped before, if it was.
    """
    issues = [*visit.issues, *check(visit)]
    summary = next((row for table in ("XML1", "XML0") for row in visit.rows(table)), None)
    if summary is None:
        return Mapped([], [*issues, visit.place.issue("required", "insurance.no-summary")])
    facility = summary.get("MA_CSKCB") or visit.facility
    if not _FACILITY.match(facility):
        return Mapped([], [*issues, summary.at("MA_CSKCB").issue("required", "insurance.no-facility")])
    for name in ("MA_BN", "MA_LK"):
        if not summary.get(name):
            return Mapped([], [*issues, summary.at(name).issue("required", "insurance.no-key", name=name)])
    key = known_key(facility, summary.get("MA_LK")) or _key(summary)
    draft = Draft(visit, facility, summary.get("MA_BN"), key)
    _modernise(visit)
    for table, rows in sorted(visit.tables.items()):
        if table == "XML0" and visit.rows("XML1"):
            continue
        for row in rows[:1] if table in _WHOLE_VISIT else rows:
            _map_row(draft, row)
    issues += _unknown_codes(visit)
    return Mapped(finish.finished(draft, list(_named(draft))), issues, facility)


def _key(summary: Row) -> str:
    """What names the visit for good. Some software builds MA_LK from the day of discharge, which may be corrected."""
    parts = [summary.get(name) for name in ("MA_BN", "MA_HSBA", "NGAY_VAO")]
    return "/".join(parts) if all(parts) else summary.get("MA_LK")


def _modernise(visit: Visit) -> None:
    """Fields of an older decision by the names they have today."""
    names = present_names(decision_of(visit).number)
    for rows in visit.tables.values() if names else ():
        for row in rows:
            for held in (row.values, row.originals):
                for old in [name for name in held if (row.place.table, name) in names]:
                    held.setdefault(names[row.place.table, old], held.pop(old))


def _map_row(draft: Draft, row: Row) -> None:
    table = row.place.table
    own: dict[str, Resource] = draft.shared if table in _WHOLE_VISIT else {}
    active = _active(draft.visit, row)
    known = lines().get(table, {})
    order = _order(table)
    for name in sorted(row.values, key=lambda name: order.get(name, 0)):
        text = row.get(name)
        if not text or (name in KEYS and name not in known):
            continue
        whole = False
        for line in known.get(name, ()):
            if line.resource in active:
                whole = _apply(draft, own, row, line, text) or whole
        if not whole:
            _keep(own, row, kept(f"{table}.{name}", text))
        if name in row.originals:
            _keep(own, row, kept(f"{table}.{name}", row.originals[name], as_it_came=True))
    if table not in _WHOLE_VISIT:
        draft.rows.append((row, own))


@cache
def _order(table: str) -> dict[str, int]:
    """Fields in the order of the mapping: a quantity before its unit."""
    return {name: number for number, name in enumerate(lines().get(table, ()), 1)}


def _active(visit: Visit, row: Row) -> frozenset[str]:
    """The resources that a row makes."""
    table = row.place.table
    names = set(makes(table))
    if table == "XML1" and visit.rows("XML14"):
        names.discard("Appointment:visit")
    if table == "XML2" and values.moment(row.get("NGAY_TH_YL")) is None:
        names.discard("MedicationDispense")
    if table == "XML3":
        group = row.get("MA_NHOM").lstrip("0")
        names.difference_update({"ServiceRequest"} if group not in _ORDERED else set())
        names.difference_update({"Procedure"} if group not in _DONE else set())
    return frozenset(names)


def _apply(draft: Draft, own: dict[str, Resource], row: Row, line: Line, text: str) -> bool:
    """Whether the value says all that the text says."""
    if not line.each:
        return _one(draft, own, row, line, line.resource, text)
    listed = values.listed(text)
    return all([_one(draft, own, row, line, f"{line.resource}#{at}", one) for at, one in enumerate(listed, 1)])


def _one(draft: Draft, own: dict[str, Resource], row: Row, line: Line, name: str, text: str) -> bool:
    value = convert(line.way, Asked(text, row, line.argument, draft.facility, line.field))
    if value is None:
        return False
    whole = not isinstance(value, Partly)
    value = value.value if isinstance(value, Partly) else value
    if value != []:
        put(_resource(own, name), line.path, value)
    return whole


def _resource(own: dict[str, Resource], name: str) -> Resource:
    if name not in own:
        plain = name.partition("#")[0]
        type = plain.partition(":")[0]
        own[name] = {"resourceType": type, **template(plain)}
    return own[name]


def _keep(own: dict[str, Resource], row: Row, extension: Resource) -> None:
    put(_resource(own, home(row.place.table)), ("extension[]",), extension)


def _named(draft: Draft) -> Iterator[Made]:
    """Every resource with its id; a row is known by its number if that is its alone, else by its place."""
    for name, resource in draft.shared.items():
        resource["id"] = draft.patient_id if name == "Patient" else draft.id(name)
        yield None, name, resource
    for number, (row, made) in zip(_row_names(draft), draft.rows, strict=True):
        for name, resource in made.items():
            resource["id"] = draft.id(row.place.table, number, name)
            yield row, name, resource


def _row_names(draft: Draft) -> list[str]:
    stated = [(row.place.table, row.get("STT")) for row, _ in draft.rows]
    return [
        stt if stt and stated.count((table, stt)) == 1 else f"#{row.place.row}"
        for (table, stt), (row, _) in zip(stated, draft.rows, strict=True)
    ]


def _unknown_codes(visit: Visit) -> Iterator[Issue]:
    """Diagnoses that the national list does not have: a warning, since its own annexes use some of these."""
    for row in visit.rows("XML1"):
        for name in ("MA_BENH_CHINH", "MA_BENH_KT"):
            for code in values.listed(row.get(name).upper()):
                if code not in diagnoses():
                    yield row.at(name).issue("code-invalid", "insurance.unknown-code", "warning", diagnosis=code[:20])


@cache
def diagnoses() -> frozenset[str]:
    """Codes of the national list, with and without the dot."""
    found = {row["code"] for row in terminology_rows("icd10vn.csv.gz")}
    return frozenset(found | {code.replace(".", "") for code in found})
