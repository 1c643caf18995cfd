"""Addresses of the visit page: begin, type, keep, sign, look at, change.

What is typed is kept first and judged afterwards, also when the session has ended in the meantime.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, JsonResponse
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext

from hoso.care import timeline_page
from hoso.care.chart import Chart
from hoso.care.visit import again, diagnoses
from hoso.care.visit.note import Note, Reading, clipped, reading, suggested
from hoso.care.visit.templates import Template, measured_in, templates
from hoso.care.visit.vitals import Problem
from hoso.care.visit.write import is_void
from hoso.care.who import who
from hoso.core.errors import Refused
from hoso.web.agreeing.words import WHERE_TITLES
from hoso.web.door import Door
from hoso.web.here import record_here
from hoso.web.pages import View, agreement, counter, door, errand, page, signed_in
from hoso.web.present import number, time_text
from hoso.web.record import is_synthetic, person_at
from hoso.web.referrals.writing import may_refer
from hoso.web.since import last_view
from hoso.web.visits import gather, keeping, signing
from hoso.web.visits.against import checked
from hoso.web.visits.gather import Sitting, sitting
from hoso.web.visits.keeping import Kept, Ticket
from hoso.web.visits.words import FIELD_TITLES, said


def kept_first(view: View) -> View:
    """A form that was sent after its session had ended is kept by its ticket, before anybody is asked to sign in."""

    @wraps(view)
    def guarded(request: HttpRequest, id: str, encounter: str) -> HttpResponse:
        if request.user.is_authenticated or request.method != "POST":
            return signed_in(view)(request, id, encounter)
        ticket = Ticket.opened(request.POST.get("ticket", ""))
        back = f"/patients/{id}/visits/{encounter}/edit"
        if ticket is None or (ticket.person, ticket.encounter) != (id, encounter):
            return HttpResponseRedirect("/?" + urlencode({"next": back}))
        keeping.keep(ticket, clipped(_posted(request)), _seen(request))
        return HttpResponseRedirect("/?" + urlencode({"kept": "1", "next": back}))

    guarded.keeps_typed = True  # type: ignore[attr-defined]
    return guarded


@signed_in
def begin(request: HttpRequest, id: str) -> HttpResponse:
    """Leads to the visit that has begun here, or begins one."""
    reach = door(request)
    person = person_at(request, reach, id)
    if isinstance(person, HttpResponse):
        return person
    if not gather.writes_visits(reach):
        raise Http404
    if request.method != "POST":
        shown = who(person.patient, Chart.of([person.patient]), reach.today, reach.persons.sources(person).patients)
        return page(request, "visits/begin.html", base=f"/patients/{person.id}", who=shown, today=reach.today)
    there = gather.begun(reach, person)
    visit = str(there["id"]) if there else counter().receive(errand(request), str(record_here(reach, person)["id"]))
    return HttpResponseRedirect(f"/patients/{person.id}/visits/{visit}/edit")


@signed_in
def visit(request: HttpRequest, id: str, encounter: str) -> HttpResponse:
    """A visit as it stands in the record; one that is not signed leads to its form, for whoever writes it."""
    reach = door(request)
    person = person_at(request, reach, id)
    if isinstance(person, HttpResponse):
        return person
    found, _ = gather.visit_at(reach, person, encounter)
    changes = gather.is_ours(reach, found) and gather.writes_visits(reach)
    if found.get("status") in gather.OPEN and changes:
        return HttpResponseRedirect(f"/patients/{person.id}/visits/{encounter}/edit")
    last_view(request, person.id, reach.records.clock(), wrote="signed" in request.GET)
    parts = [found, *gather.parts_of(reach, encounter)]
    sources = reach.persons.sources(person)
    shown = timeline_page([*parts, *reach.named_in(parts)], limit=10_000, sources=sources.patients, young=sources.young)
    return page(
        request,
        "visits/visit.html",
        base=f"/patients/{person.id}",
        id=encounter,
        who=who(person.patient, Chart.of([person.patient]), reach.today, sources.patients),
        synthetic=is_synthetic(person.patient),
        today=reach.today,
        years=shown.years,
        changes=changes,
        refers=changes and may_refer(reach),
        amendments=signing.amendments(found),
        signed="signed" in request.GET,
        arrived=WHERE_TITLES.get(where) if (where := agreement().where(map(_key, parts))) else "",
        prescriptions=sorted(
            {code for one in parts if (code := one.get("groupIdentifier", {}).get("value")) and not is_void(one)}
        ),
    )


def _key(resource: Mapping[str, Any]) -> tuple[str, str]:
    return resource["resourceType"], resource["id"]


@kept_first
def edit(request: HttpRequest, id: str, encounter: str) -> HttpResponse:
    reach = door(request)
    person = person_at(request, reach, id)
    if isinstance(person, HttpResponse):
        return person
    at = sitting(request, reach, person, encounter)
    account = int(request.user.pk)  # type: ignore[arg-type]
    kept = keeping.kept(account, encounter)
    if request.method != "POST":
        return _form(request, at, kept, _texts(at, kept))
    ticket = Ticket.opened(request.POST.get("ticket", ""))
    if ticket is None or (ticket.account, ticket.encounter) != (account, encounter):
        ticket = _ticket(request, at, kept)
    kept = keeping.keep(ticket, clipped(_posted(request)), _seen(request))
    return _done(request, reach, at, kept, ticket)


def _done(request: HttpRequest, reach: Door, at: Sitting, kept: Kept, ticket: Ticket) -> HttpResponse:
    form, back = request.POST, f"/patients/{at.person.id}/visits/{at.id}"
    account = int(request.user.pk)  # type: ignore[arg-type]
    if kept.closed:  # the button was pressed twice
        return HttpResponseRedirect(f"{back}?signed=1" if at.signed else back)
    texts = _texts(at, kept)
    if template := templates().get(form.get("template_chosen", "")):
        filled = suggested(template, texts, at.setting.today, _words(template))
        keeping.keep(ticket, clipped(filled), kept.revision)
    elif choice := form.get("choose", ""):
        chosen = {"as_words": "yes"} if choice == "words" else {"main": _line(choice), "as_words": ""}
        keeping.keep(ticket, chosen, kept.revision)
    elif "discard" in form:
        keeping.close(account, at.id)
        return HttpResponseRedirect(back if at.signed else f"/patients/{at.person.id}")
    elif "sign" in form:
        return _signed(request, reach, at, kept)
    return HttpResponseRedirect(f"{back}/edit")


def _signed(request: HttpRequest, reach: Door, at: Sitting, kept: Kept) -> HttpResponse:
    texts = _texts(at, kept)
    found = checked(reach, at, _read(at, texts))
    if found.faults or kept.clashes or (found.doubts and texts.get("sure") != found.asked):
        return _form(request, at, kept, texts, found, 422 if found.faults else 409 if kept.clashes else 200)
    account = int(request.user.pk)  # type: ignore[arg-type]
    try:
        signing.sign(reach, at, found.note, kept.base or at.version, texts.get("why", ""))
    except signing.Changed:
        if not _is_signed_so(request, reach, at, found.note):  # the button pressed twice is one signature
            return _form(request, at, kept, texts, found, 409, overtaken=True)
    except Refused as refused:
        return _form(request, at, kept, texts, found, refused.status, refused=refused)
    keeping.close(account, at.id)
    return HttpResponseRedirect(f"/patients/{at.person.id}/visits/{at.id}?signed=1")


def draft(request: HttpRequest, id: str, encounter: str) -> HttpResponse:
    """What a script keeps while somebody types; by the ticket, so that the end of a session loses nothing."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    ticket = Ticket.opened(request.POST.get("ticket", ""))
    signed_in_as = request.user.pk if request.user.is_authenticated else None
    if ticket is None or (ticket.person, ticket.encounter) != (id, encounter):
        return JsonResponse({"error": gettext("This page is too old. Reload it.")}, status=403)
    if signed_in_as is not None and signed_in_as != ticket.account:
        return JsonResponse({"error": gettext("Somebody else is signed in here now. Nothing was kept.")}, status=403)
    try:
        kept = keeping.keep(ticket, clipped(_posted(request)), _seen(request))
    except keeping.Crowded:
        return JsonResponse({"error": gettext("Not kept yet; it is tried again.")}, status=503)
    return JsonResponse(
        {
            "revision": kept.revision,
            "saved": time_text(kept.saved)[-5:] if kept.saved else "",
            "signed_in": signed_in_as is not None,
            "others": dict(kept.clashes),
        }
    )


draft.keeps_typed = True  # type: ignore[attr-defined]


@signed_in
def codes(request: HttpRequest) -> HttpResponse:
    """Diagnoses that words mean, for the list that a script opens under the field."""
    language = get_language() or "vi"
    found = diagnoses.search(request.GET.get("q", "")[:100])
    return JsonResponse({"found": [{"code": one.code, "line": one.line(language)} for one in found]})


def _posted(request: HttpRequest) -> dict[str, str]:
    """The fields that were sent. A box that is not ticked is sent as nothing, so the form names its boxes."""
    form = request.POST
    found = {name: form.get(name, "") for name in form}
    for name in form.get("boxes", "").split():
        found[name] = " ".join(form.getlist(name))
    return found


def _seen(request: HttpRequest) -> int:
    text = request.POST.get("seen", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0


def _ticket(request: HttpRequest, at: Sitting, kept: Kept) -> Ticket:
    return Ticket(int(request.user.pk), at.id, at.person.id, kept.base or at.version)  # type: ignore[arg-type]


def _texts(at: Sitting, kept: Kept) -> dict[str, str]:
    """What the form holds: what was signed, under what was typed since."""
    signed = again.fields(at.encounter, at.parts) if at.signed else _reason(at)
    return {**signed, **kept.fields}


def _reason(at: Sitting) -> dict[str, str]:
    texts = (one.get("text", "") for one in at.encounter.get("reasonCode", ()))
    return {"reason": next(filter(None, texts), "")}


def _read(at: Sitting, texts: Mapping[str, str]) -> Reading:
    found = reading(texts, at.setting)
    if at.signed and not at.today and not texts.get("why", "").strip():
        return Reading(found.note, [*found.faults, Problem("why", "why", {})], found.doubts, found.choices)
    return found


def _is_signed_so(request: HttpRequest, reach: Door, at: Sitting, note: Note) -> bool:
    now = sitting(request, reach, at.person, at.id)
    return now.signed and reading(again.fields(now.encounter, now.parts), now.setting).note == note


def _line(code: str) -> str:
    found = diagnoses.of_code(code[:8])
    return found.line(get_language() or "vi") if found else ""


def _words(template: Template) -> dict[str, str]:
    words = {key: gettext(key) for key in (template.reason, *template.prompts)}
    return words | {f"diagnosis:{template.diagnosis}": _line(template.diagnosis) if template.diagnosis else ""}


def _form(
    request: HttpRequest, at: Sitting, kept: Kept, texts: Mapping[str, str], found: Reading | None = None,
    status: int = 200, *, overtaken: bool = False, refused: Refused | None = None,
) -> HttpResponse:  # fmt: skip
    from hoso.web.stewards import said as refusal

    template = templates().get(texts.get("template", ""))
    faults, doubts = (found.faults, found.doubts) if found else ((), ())
    may = at.writing.may
    return page(
        request,
        "visits/form.html",
        status,
        base=f"/patients/{at.person.id}",
        at=at,
        card=at.card,
        who=at.card.who,
        synthetic=is_synthetic(at.person.patient),
        today=at.setting.today,
        texts=texts,
        kept=kept,
        ticket=_ticket(request, at, kept).sealed(),
        templates=[one for one in templates().values() if one.fits(at.setting.sex, at.setting.months)],
        chosen=template,
        measured=measured_in(template),
        last={key: _last_text(one) for key, one in at.setting.last.items()},
        wrong={one.field: said(one) for one in reversed(faults)},
        faults=[(one.field, _title(one.field), said(one)) for one in faults],
        doubts=[(one.field, _title(one.field), said(one)) for one in doubts],
        asked=found.asked if doubts and found else "",
        choices=found.choices.get("main", ()) if found else (),
        clashes=[(name, _title(name), text) for name, text in kept.overtaken],
        clashing=kept.clashes,
        overtaken=overtaken,
        refused=refusal(refused) if refused else "",
        repeatable=_repeatable(at, texts),
        known=[f"{p.code} {p.name}".strip() for p in at.card.problems.items if p.code][:20],
        diagnoses="Condition" in may,
        documents="DocumentReference" in may,
        medicines="MedicationRequest" in may,
        later=at.signed and not at.today,
    )


def _repeatable(at: Sitting, texts: Mapping[str, str]) -> list[dict[str, Any]]:
    chosen = set(texts.get("repeat", "").split())
    lines = {one.name: one for one in (*at.card.medicines.active, *at.card.medicines.possible)}
    found = []
    for id, request in at.former.items():
        name = str(request.get("medicationCodeableConcept", {}).get("text", ""))
        line = lines.get(name)
        found.append({"id": id, "name": name, "line": line, "chosen": id in chosen})
    return found


def _title(field: str) -> str:
    known = {one.key: one.title for one in measured_in(None)} | {
        one.key: one.title for template in templates().values() for one in measured_in(template)
    }
    return gettext(FIELD_TITLES.get(field) or known.get(field, field))


def _last_text(last: Any) -> dict[str, Any]:
    return {"value": "/".join(number(f"{value.normalize():f}") for value in last.values), "on": last.on.isoformat()}
