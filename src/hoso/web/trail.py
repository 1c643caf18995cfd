"""The audit log for auditors and privacy officers: a form, what was found, and the table to take away."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import wraps
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import urlencode
from django.utils.translation import gettext

from hoso.access.inspecting import DAYS, Question, inspects, takes_out
from hoso.access.trail import Entry
from hoso.core import citizen_code
from hoso.core.card_scan import read_day
from hoso.core.clock import from_ms
from hoso.core.errors import Refused
from hoso.web import trail_words
from hoso.web.alarm import REASON_TITLES
from hoso.web.box import LONGEST, asked
from hoso.web.citizens import names
from hoso.web.citizens.log import place_at
from hoso.web.pages import View, codes, door, errand, inspection, page, signed_in
from hoso.web.roles import CITIZEN, finds_people
from hoso.web.stewards import said

FIELDS = ("patient", "who", "facility", "act", "since", "until")
FIRST_YEAR, LAST_YEAR = 2000, 2200
_MOST_NAMES = 50
_MOST = {"patient": LONGEST, "who": 150, "facility": 40}
_RECORD = re.compile(r"[A-Za-z0-9.\-]{1,64}\Z")


@dataclass(slots=True)
class Form:
    """What was typed, what it asks for, and what is wrong with it by field."""

    typed: dict[str, str]
    question: Question = field(default_factory=Question)
    wrong: dict[str, str] = field(default_factory=dict)


def inspectors_only(view: View) -> View:
    """For those who look through the log of everybody; to others the page is not there."""

    @wraps(view)
    def guarded(request: HttpRequest, **more: Any) -> HttpResponse:
        if not inspects(errand(request).actor.role):
            raise Http404
        return view(request, **more)

    return signed_in(guarded)


@inspectors_only
def search(request: HttpRequest) -> HttpResponse:
    """Nothing is looked at before somebody asks."""
    form, before = _read(request), place_at(request, "before")
    found, problem, status = None, "", 422 if form.wrong else 200
    since, until = form.question.since, form.question.until
    if not form.wrong:
        try:
            since, until = inspection().period(form.question)
            found = inspection().search(errand(request), form.question, before) if request.GET else None
        except Refused as refused:
            if refused.status != 422:
                raise
            problem, status = said(refused), 422
    given = {name: value for name, value in form.typed.items() if value}
    return page(
        request, "trail.html", status, typed=form.typed, wrong=form.wrong, problem=problem, since=since, until=until,
        lines=_lines(request, found.entries) if found else [], asked=found is not None, acts=trail_words.ACT_TITLES,
        more=found.before if found else None, newest=before is not None, query=urlencode(given), days=DAYS,
        takes_out=takes_out(errand(request).actor.role), here=before,
    )  # fmt: skip


@inspectors_only
def export(request: HttpRequest) -> HttpResponse:
    """A table with what proves where it comes from, in one file. Not there for roles that take no log out."""
    form = _read(request)
    if request.method != "POST" or not takes_out(errand(request).actor.role) or form.wrong:
        raise Http404
    made = inspection().export(errand(request), form.question, place_at(request, "before"))
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_DEFLATED) as out:
        out.writestr("hoso-audit.csv", made.table)
        out.writestr("hoso-audit.csv.note", made.note)
    response = HttpResponse(packed.getvalue(), content_type="application/zip")
    response["Content-Disposition"] = 'attachment; filename="hoso-audit.zip"'
    return response


def _read(request: HttpRequest) -> Form:
    form = Form({name: " ".join(request.GET.get(name, "").replace("\0", "").split()) for name in FIELDS})
    for name, most in _MOST.items():
        if len(form.typed[name]) > most:
            form.wrong[name] = gettext("This is too long.")
            form.typed[name] = form.typed[name][:most]
    days = {name: _day(form, name) for name in ("since", "until")}
    numbers, record = _whose(form) if "patient" not in form.wrong else ((), "")
    form.question = Question(
        numbers, record, form.typed["who"], form.typed["facility"], form.typed["act"], days["since"], days["until"]
    )
    return form


def _day(form: Form, name: str) -> date | None:
    """As the browser's calendar sends it, or as people here write it."""
    text = form.typed[name][:40]
    if not text:
        return None
    try:
        day = date.fromisoformat(text if len(text) == 10 and text[4] == "-" else read_day(text) or "-")
    except ValueError:
        day = date.min
    if FIRST_YEAR <= day.year <= LAST_YEAR:
        form.typed[name] = day.isoformat()
        return day
    form.typed[name] = ""
    form.wrong[name] = gettext("This is no date: give day, month and year.")
    return None


def _whose(form: Form) -> tuple[tuple[str, ...], str]:
    """Numbers of the person, with the codes that a code was merged with; or the id of a record, from a line."""
    text = form.typed["patient"]
    if not text:
        return (), ""
    meant = asked(text, codes().verify_card)
    if meant.numbers:
        merged = (n for one in meant.numbers if citizen_code.is_valid(one) for n in codes().names(one)[:_MOST_NAMES])
        return tuple(dict.fromkeys([*meant.numbers, *merged])), ""
    if _RECORD.match(text) and not text.isdecimal():
        return (), text
    form.wrong["patient"] = gettext("This is no whole number of a person: check it digit by digit.")
    return (), ""


def _lines(request: HttpRequest, entries: Iterable[Entry]) -> list[dict[str, Any]]:
    found, reach = list(entries), door(request)
    named = (one.event for one in found if one.event.role != CITIZEN or finds_people(errand(request).actor.role))
    actors = names.actors({event.actor for event in named})  # who sees no names of patients sees none of citizens
    places = names.facilities(reach, {one.event.facility for one in found})
    numbers = {one.event.patient for one in found if one.event.patient}
    people = {n: reach.persons.numbered(n) for n in sorted(numbers)} if reach.may("Patient") else {}
    return [_line(one, actors, places, people.get(one.event.patient)) for one in found]


def _line(
    entry: Entry, actors: dict[str, str], places: dict[str, str], person: dict[str, str] | None
) -> dict[str, Any]:
    event = entry.event
    reason, words = trail_words.reason(event, REASON_TITLES)
    return {
        "seq": entry.seq,
        "when": from_ms(event.time),
        "who": actors.get(event.actor, ""),
        "actor": names.plain(event.actor) if event.actor.startswith("user/") else event.actor,
        "role": event.role,
        "place": places.get(event.facility, ""),
        "facility": event.facility,
        "deed": trail_words.deed(event),
        "kinds": trail_words.kinds(event),
        "how": trail_words.how(event),
        "purpose": trail_words.PURPOSES.get(event.purpose, ""),
        "reason": reason,
        "words": words,
        "outcome": event.outcome,
        "emergency": bool(event.grant) or event.kind == "break-glass",
        "person": person,
        "record": entry.patient,
    }
