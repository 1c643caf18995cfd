"""All that the emergency card has, in full and list by list: what one screen has no room for is a tap away here.

A page is filled up to a weight, whatever the record holds; a text longer than that goes on in the next piece.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from hoso.care import emergency_card
from hoso.care.card import EmergencyCard, Measure, Medicine, Source
from hoso.web import present, record
from hoso.web.citizens.family import BASE, theirs
from hoso.web.citizens.own import mine, own
from hoso.web.door import Door
from hoso.web.pages import door, page, signed_in
from hoso.web.persons import Person

_PIECE = 3000
"""Characters of a text in one line of the page."""
_PAGE = 20_000
"""Characters of all lines of a page."""
LISTS = {
    "allergies": "Allergies",
    "alerts": "Alerts",
    "blood": "Blood group",
    "problems": "Active problems",
    "active": "In use",
    "possible": "Possibly in use",
    "measures": "Last measurements",
    "reports": "Reports",
    "stays": "Hospital stays and operations, 12 months",
    "visits": "Recent visits",
    "contacts": "Contact",
    "who": "Numbers and address",
}
"""In the order of the card; each is a catalogue key."""


@dataclass(frozen=True, slots=True)
class Row:
    """A line in full: its name, and what is said about it. `grave`: danger to life."""

    name: str
    about: str = ""
    grave: bool = False

    @property
    def weight(self) -> int:
        return len(self.name) + len(self.about) + 60


@signed_in
def whole(request: HttpRequest, id: str) -> HttpResponse:
    reach = door(request)
    person = record.person_at(request, reach, id)
    return person if isinstance(person, HttpResponse) else _shown(request, reach, person, f"/patients/{person.id}")


@own
def my_whole(request: HttpRequest, reach: Door, person: Person) -> HttpResponse:
    return _shown(request, reach, person, record.OWN)


@mine
def their_whole(request: HttpRequest, id: str) -> HttpResponse:
    person = theirs(request, id)
    return _shown(request, door(request), person, f"{BASE}/{person.id}")


def _shown(request: HttpRequest, reach: Door, person: Person, base: str) -> HttpResponse:
    sources = reach.persons.sources(person)
    resources, refused = reach.card(person, sources)
    card = emergency_card(
        person.patient, resources, reach.today, refused, sources=sources.patients, young=sources.young
    )
    asked = request.GET.get("list", "")
    found = {name: list(rows(card, name)) for name in LISTS}
    chosen = asked if found.get(asked) else next(name for name in LISTS if found[name])
    start = _number(request.GET.get("from", ""))
    pieces = list(_pieces(found[chosen]))
    end = _end(pieces, start)
    return page(
        request,
        "whole.html",
        base=base,
        own=base.startswith(record.OWN),
        who=card.who,
        joined=len(person.records),
        titles={name: (LISTS[name], len(found[name])) for name in LISTS if found[name]},
        chosen=chosen,
        rows=pieces[start:end],
        first=start + 1,
        next=end if end < len(pieces) else None,
        today=reach.today,
        synthetic=record.is_synthetic(person.patient),
    )


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 7 else 0


def _end(pieces: list[Row], start: int) -> int:
    weight = 0
    for place in range(start, len(pieces)):
        weight += pieces[place].weight
        if weight > _PAGE and place > start:
            return place
    return len(pieces)


def _pieces(found: Iterable[Row]) -> Iterator[Row]:
    for row in found:
        for at in count(0, _PIECE):
            name, about = row.name[at : at + _PIECE], row.about[at : at + _PIECE]
            if not (name or about) and at:
                break
            yield Row(("… " if at and name else "") + name, ("… " if at and about else "") + about, row.grave)


def rows(card: EmergencyCard, name: str) -> Iterator[Row]:
    """One list of the card, nothing cut; "" between parts never stands."""
    match name:
        case "allergies":
            yield from _allergies(card)
        case "alerts":
            for a in card.alerts.items:
                weeks = (
                    _("%(weeks)s weeks %(days)s days") % {"weeks": a.weeks[0], "days": a.weeks[1]} if a.weeks else ""
                )
                yield Row(_(a.title), _said(a.detail, weeks, _measured(a.measure) if a.measure else "", *_of(a.source)))
        case "blood":
            for m in card.blood_group.values:
                yield Row(m.value, _said(*_of(m.source), _("By history – cross-match before transfusion")))
        case "problems":
            for p in card.problems.items:
                yield Row(p.name, _said("" if p.certain else _("suspected"), p.code, *_of(p.source)))
        case "active" | "possible":
            yield from map(_medicine, card.medicines.active if name == "active" else card.medicines.possible)
        case "measures":
            for m in card.measures.items:
                yield Row(_measured(m), _said(*_of(m.source)))
        case "reports":
            for o in card.reports:
                yield Row(o.name, _said(*_of(o.source)))
        case "visits" | "stays":
            yield from _visits(card, name)
        case "contacts":
            for c in card.contacts:
                yield Row(c.name, _said(c.relation, present.phone(c.phone)))
        case _:
            yield from _who(card)


def _allergies(card: EmergencyCard) -> Iterator[Row]:
    severity = {"severe": _("Severe"), "moderate": _("Moderate"), "mild": _("Mild"), "": ""}
    for a in card.allergies.items:
        bad = _("High risk") if a.high_risk and a.severity != "severe" else severity[a.severity]
        sure = _("confirmed") if a.confirmed else _("not confirmed")
        said = _said(bad, ", ".join(a.reactions) or _("reaction not recorded"), sure, *_of(a.source))
        yield Row(a.substance or _("Substance not recorded"), said, a.high_risk)
    for d in card.allergies.denied:
        yield Row(_("Another source says: no known allergy."), _said(*_of(d)))


def _medicine(m: Medicine) -> Row:
    supplied = _("supplied %(day)s") % {"day": present.date_text(m.supplied)} if m.supplied else ""
    return Row(m.name, _said(present.dose(m.dose), present.supply(m.days_left, m.supply_end), supplied, *_of(m.source)))


def _measured(m: Measure) -> str:
    value = f"{_(m.title)}: {present.number(m.value)} {present.unit(m.unit)}".strip()
    return f"{value} ({_(m.flag)})" if m.flag else value


def _visits(card: EmergencyCard, name: str) -> Iterator[Row]:
    if card.visits.state == "refused":
        return
    for v in card.visits.items if name == "visits" else card.stays:
        masked = _("Your role may not see this") if v.masked else _("reason not recorded")
        lasted = present.date_text(v.start) + (f"–{present.date_text(v.end) or _('now')}" if name == "stays" else "")
        yield Row(v.reason or masked, _said(lasted, v.outcome, v.facility or _("facility not recorded")))
    for o in card.operations if name == "stays" else ():
        yield Row(o.name, _said(*_of(o.source)))


def _who(card: EmergencyCard) -> Iterator[Row]:
    who = card.who
    yield Row(who.name or _("Name not recorded"), _said(present.sex(who.sex), present.date_text(who.born)))
    titles = {
        "citizen-code": _("Citizen code"),
        "personal-number": _("Personal number"),
        "insurance": _("Insurance card"),
    }
    for one in who.identifiers:
        if one.kind in titles:
            yield Row(present.grouped(one.value, one.kind), titles[one.kind])
    kept = (
        (who.address, _("Address")),
        (present.phone(who.phone), _("The person")),
        (who.station, _("Registered with %(facility)s") % {"facility": ""}),
        (who.language, _("Speaks %(language)s") % {"language": ""}),
    )
    yield from (Row(value, title.strip()) for value, title in kept if value)
    for difference in card.differences:
        sex = difference.kind == "sex"
        for said in difference.said:
            value = present.sex(said.value) if sex else present.date_text(said.value)
            yield Row(
                value,
                _said(
                    _("Sources differ in the sex:") if sex else _("Sources differ in the birth date:"), *said.facilities
                ),
            )
    for facility in card.trust.facilities:
        yield Row(facility, _("Sources"))


def _of(source: Source) -> tuple[Any, ...]:
    origin = source.origin
    linked = (
        _("from record %(number)s of %(facility)s, linked %(day)s")
        % {
            "number": origin.number or "?",
            "facility": origin.facility or _("a facility not named"),
            "day": present.date_text(origin.since),
        }
        if origin
        else ""
    )
    return present.date_text(source.when), source.facility, source.author, linked


def _said(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
