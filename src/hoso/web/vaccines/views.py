"""The vaccination page of staff and of the citizen, its paper and its calendar file."""

from __future__ import annotations

from datetime import date, timedelta

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from hoso.access import Conflict
from hoso.care.immunization import vaccines
from hoso.care.immunization.schedule import contraindications
from hoso.core.errors import Refused
from hoso.core.ids import new_id
from hoso.web.citizens.family import theirs
from hoso.web.citizens.own import mine, own
from hoso.web.door import Door
from hoso.web.here import record_here
from hoso.web.pages import door, page, signed_in
from hoso.web.papers.views import as_file, paper, printing
from hoso.web.persons import Person
from hoso.web.record import OWN, is_synthetic, person_at
from hoso.web.stewards import said
from hoso.web.vaccines import giving, words
from hoso.web.vaccines.calendar import calendar
from hoso.web.vaccines.gather import Shown, vaccinations, writes
from hoso.web.vaccines.giving import Form
from hoso.web.vaccines.paper import card

_SOON = 365
"""Days within which the last day of a dose is worth saying."""
_BLANK = {"lot": "", "expiry": "", "site": ""}


@signed_in
def vaccines_of(request: HttpRequest, id: str) -> HttpResponse:
    reach = door(request)
    person = person_at(request, reach, id)
    if isinstance(person, HttpResponse):
        return person
    if not reach.may("Immunization"):
        raise Refused.because(403, "forbidden", "rest.forbidden", type="Immunization", right="r")
    shown = vaccinations(reach, person)
    if request.method != "POST":
        return _page(request, reach, person, shown, Form(), f"/patients/{person.id}")
    if not writes(reach):
        raise Http404
    return _written(request, reach, person, shown)


def _written(request: HttpRequest, reach: Door, person: Person, shown: Shown) -> HttpResponse:
    form, told = Form({name: str(value) for name, value in request.POST.items()}), "1"
    try:
        match form.sent.get("do"):
            case "give":
                told = str(giving.give(request, reach, record_here(reach, person), shown.offers, form))
            case "write":
                giving.write_down(request, reach, record_here(reach, person), shown.born, form)
            case "reaction":
                giving.tell_reaction(reach, _dose(shown, form.sent.get("dose", "")), form)
            case _:
                raise Http404
    except Refused as refused:
        form.problems[""] = said(refused)
    except Conflict:
        form.problems[""] = _("Somebody else changed this dose meanwhile; look again and repeat it.")
    if form.problems:
        return _page(request, reach, person, shown, form, f"/patients/{person.id}", 422)
    return HttpResponseRedirect(f"/patients/{person.id}/vaccines?{form.sent['do']}={told}")


def _dose(shown: Shown, key: str) -> tuple[str, str]:
    for one in shown.doses:
        if one.given.id == key:
            return key.partition("/")[2], one.given.on.isoformat()
    raise Http404


@own
def my_vaccines(request: HttpRequest, reach: Door, person: Person) -> HttpResponse:
    return _page(request, reach, person, vaccinations(reach, person), Form(), OWN)


@mine
def their_vaccines(request: HttpRequest, id: str) -> HttpResponse:
    reach, person = door(request), theirs(request, id)
    return _page(request, reach, person, vaccinations(reach, person), Form(), f"{OWN}/family/{person.id}")


@signed_in
def card_of(request: HttpRequest, id: str) -> HttpResponse:
    person = person_at(request, door(request), id)
    return person if isinstance(person, HttpResponse) else _card(request, person)


@own
def my_card(request: HttpRequest, reach: Door, person: Person) -> HttpResponse:
    return _card(request, person)


@mine
def their_card(request: HttpRequest, id: str) -> HttpResponse:
    return _card(request, theirs(request, id))


def _card(request: HttpRequest, person: Person) -> HttpResponse:
    reach = paper(request)
    if not reach.may("Immunization"):
        raise Refused.because(403, "forbidden", "rest.forbidden", type="Immunization", right="r")
    made = card(vaccinations(reach, person), printing(request, reach, person))
    return as_file(made, "phieu-tiem-chung", person)


@signed_in
def dates_of(request: HttpRequest, id: str) -> HttpResponse:
    reach = door(request)
    person = person_at(request, reach, id)
    return person if isinstance(person, HttpResponse) else _dates(reach, person)


@own
def my_dates(request: HttpRequest, reach: Door, person: Person) -> HttpResponse:
    return _dates(reach, person)


@mine
def their_dates(request: HttpRequest, id: str) -> HttpResponse:
    return _dates(door(request), theirs(request, id))


def _dates(reach: Door, person: Person) -> HttpResponse:
    if not reach.may("Immunization"):
        raise Refused.because(403, "forbidden", "rest.forbidden", type="Immunization", right="r")
    shown = vaccinations(reach, person)
    made = calendar(shown.who.name, person.id, shown.coming, reach.today, reach.records.clock())
    response = HttpResponse(made, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="tiem-chung-{person.id[:36]}.ics"'
    return response


def _page(
    request: HttpRequest, reach: Door, person: Person, shown: Shown, form: Form, base: str, status: int = 200
) -> HttpResponse:
    staff = not base.startswith(OWN)
    return page(
        request,
        "vaccines.html",
        status,
        base=base,
        own=not staff,
        theirs=base.startswith(f"{OWN}/"),
        who=shown.who,
        joined=len(person.records),
        synthetic=is_synthetic(person.patient),
        today=reach.today,
        soon=reach.today + timedelta(days=_SOON),
        shown=shown,
        words=words,
        title_of=lambda key: vaccines()[key].title,
        reasons={one.key: one.title for one in contraindications()},
        sites={key: one.site for key, one in vaccines().items()},
        next=_next(shown),
        may_write=staff and writes(reach),
        lots={one.vaccine: _BLANK | giving.lots(request).get(one.vaccine, {}) for one in shown.offers},
        every=sorted(vaccines().values(), key=lambda one: _(one.title)),
        form=form,
        once=form.sent.get("once") or new_id(),
        done={name: request.GET.get(name, "")[:3] for name in ("give", "write", "reaction")},
    )


def _next(shown: Shown) -> tuple[date, str] | None:
    """The first day from which something is due, and what."""
    return next(((day, ", ".join(_(vaccines()[key].title) for key in keys)) for day, keys in shown.coming), None)
