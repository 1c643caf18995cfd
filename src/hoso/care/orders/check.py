"""The one question a door asks before an order is written: what stands against it?"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import date

from hoso.care.card import Medicine, Source
from hoso.care.chart import Chart
from hoso.care.elements import key_of
from hoso.care.medicines import TYPES as MEDICINE_TYPES
from hoso.care.medicines import drug_codes, in_use, medicines
from hoso.care.orders.allergies import crossings, unrecorded
from hoso.care.orders.finding import SEVERITIES, Finding
from hoso.care.orders.pairs import Taken, doubles, interactions
from hoso.care.orders.repeats import repeats
from hoso.care.orders.substances import Substance, substance
from hoso.care.orders.wanted import Wanted

ORDER_TYPES = ("AllergyIntolerance", *MEDICINE_TYPES, "Observation", "DiagnosticReport", "ServiceRequest", "Encounter")
"""What of a record must be read for it, plus Organization, Practitioner and Medication for names."""

_GIVEN_INTO_THE_BODY = {"contrast", "gadolinium"}


def check_order(
    record_view: Chart,
    wanted: Wanted,
    today: date,
    *,
    beside: Sequence[Wanted] = (),
    refused: Collection[str] = (),
) -> list[Finding]:
    """Gravest first. `beside`: what is ordered in the same breath; `refused`: types the reader may not see."""
    this = substance(wanted.name, wanted.codes)
    found: list[Finding] = []
    if wanted.kind == "test":
        found += repeats(record_view, wanted, today)
    if wanted.kind == "medicine" or this.groups & _GIVEN_INTO_THE_BODY:
        others = [*_taken(record_view, today, wanted), *_with(beside, wanted)]
        met = crossings(record_view, wanted.name, this)
        found += met or unrecorded(record_view, "AllergyIntolerance" in refused, wanted.name)
        found += interactions(wanted.name, this, others)
        found += doubles(wanted.name, this, others) if wanted.kind == "medicine" else []
    return sorted(found, key=lambda one: (not one.hard_stop, SEVERITIES.index(one.severity)))


def _taken(chart: Chart, today: date, wanted: Wanted) -> Iterator[Taken]:
    """Medicines in use or possibly in use, but for the draft itself."""
    for record, line in in_use(chart, medicines(chart, today)):
        if key_of(record) != wanted.key:
            yield Taken(_substance(line, drug_codes(record, chart)), line.source, line.days_left, key_of(record))


def _substance(line: Medicine, codes: list[tuple[str, str]]) -> Substance:
    return substance(line.name, tuple(codes))


def _with(beside: Sequence[Wanted], wanted: Wanted) -> Iterator[Taken]:
    for other in beside:
        is_it = other is wanted or (other.key and other.key == wanted.key)
        this = substance(other.name, other.codes)
        if not is_it and (other.kind == "medicine" or this.groups & _GIVEN_INTO_THE_BODY):
            yield Taken(this, Source())
