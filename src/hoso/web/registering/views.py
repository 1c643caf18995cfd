"""The form at the counter: filled in by the search, look-alikes first, one person however often it is sent."""

from __future__ import annotations

from dataclasses import dataclass, field

import orjson
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode

from hoso.access import Conflict
from hoso.access.counter import arrived
from hoso.access.intake import accept
from hoso.care.elements import human_name
from hoso.core import new_id
from hoso.core.card_scan import CardScan
from hoso.fhir.systems import CITIZEN_CODE
from hoso.web.box import LONGEST, Asked, asked
from hoso.web.door import Door, Resource
from hoso.web.pages import codes, door, errand, may_register, page, records
from hoso.web.persons import Person
from hoso.web.registering import kept, key
from hoso.web.registering.alike import Alike, alike
from hoso.web.registering.checks import Entered, Faults, Kin, check
from hoso.web.registering.resources import Place, patient, related
from hoso.web.registering.titles import RELATIONS
from hoso.web.registering.typed import Kind, Typed, empty, kind_of, of_search, sent

_MOTHERS = 8


@dataclass(slots=True)
class Form:
    """One form as it stands. `text`: what was searched for; `seen`: the look-alikes that were shown before."""

    kind: Kind
    text: str
    question: Asked
    typed: Typed
    key: str
    long: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)


def register(request: HttpRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return kept.to_sign_in(request) if request.method == "POST" else HttpResponseRedirect(_signing_in(request))
    if not may_register(request):
        raise Http404
    return _sent(request) if request.method == "POST" else _opened(request)


register.keeps_typed = True  # type: ignore[attr-defined]


def _signing_in(request: HttpRequest) -> str:
    return "/?" + urlencode({"next": request.get_full_path()})


def _opened(request: HttpRequest) -> HttpResponse:
    text = request.GET.get("q", "")[:LONGEST]
    kind, question = kind_of(request.GET.get("as", "")), asked(text, codes().verify_card)
    restored = kept.kept(request) if "kept" in request.GET else {}
    if question.empty and kind != "unknown" and not restored:
        return HttpResponseRedirect("/")  # first one looks whether the person is known
    typed = of_search(question) | ({"mother": request.GET.get("mother", "")[:64]} if kind == "newborn" else {})
    if kind != "known":
        typed = empty() | {"mother": typed["mother"]}
    response = _shown(
        request, Form(kind, text, question, typed | restored, key.fresh(request)), restored=bool(restored)
    )
    if restored:
        kept.forget(response)
    return response


def _sent(request: HttpRequest) -> HttpResponse:
    typed, long = sent(request.POST)
    text = request.POST.get("q", "")[:LONGEST]
    form = Form(
        kind_of(request.POST.get("kind", "")),
        text,
        asked(text, codes().verify_card),
        typed,
        request.POST.get("key", ""),
        long,
        set(request.POST.get("seen", "")[:LONGEST].split()),
    )
    id = key.opened(request, form.key)
    if not id:
        form.key = key.fresh(request)
        return _shown(request, form, stale=True)
    reach = door(request)
    entered, faults = _checked(reach, form)
    if faults:
        return _shown(request, form, faults)
    who = _patient(reach, id, form, entered)
    found = [] if _stored(reach, id) else _alike(request, form.kind, entered, who)
    if not {one.id for one in found} <= form.seen:
        return _shown(request, form, found=found)
    return HttpResponseRedirect(f"/patients/{id}/registered" + _save(request, reach, who, entered))


def _save(request: HttpRequest, reach: Door, who: Resource, entered: Entered) -> str:
    """All of it or nothing; what was saved before under the same key is left as it is."""
    now, facility = reach.records.clock(), reach.errand.actor.facility
    made = [who, arrived(who["id"], facility, now) | {"id": new_id()}]
    if entered.kin is not None:
        made.append(related(new_id(), who["id"], entered.kin))
    accepted = [accept(orjson.dumps(one), one["resourceType"], one["id"]) for one in made]
    drafts = [one.draft("POST", one.resource["id"], None) for one in accepted]
    try:
        records().save(errand(request), [("c", draft.type) for draft in drafts], drafts)
    except Conflict:
        return "" if _is_same(reach, who) else "?changed=1"
    return ""


def _is_same(reach: Door, who: Resource) -> bool:
    """Whether the form that was sent before said the same."""
    before = _stored(reach, who["id"])
    named = who["name"][0].get("use") != "temp"  # a name for the time being says the minute
    said = [element for element in who if element != "id" and (named or element != "name")]
    return all(before.get(element) == who[element] for element in said)


def _stored(reach: Door, id: str) -> Resource:
    """What the same form made when it was sent before; empty the first time."""
    head = reach.records.read(reach.errand, "Patient", id)
    return orjson.loads(head.body) if head is not None and not head.deleted else {}


def _checked(reach: Door, form: Form) -> tuple[Entered, Faults]:
    mother = _mother(reach, form.typed["mother"]) if form.kind == "newborn" and form.typed["mother"] else None
    return check(form.kind, form.typed, form.long, reach.today, mother)


def _mother(reach: Door, id: str) -> Kin | None:
    """Whose record is open here; anybody else has to be named."""
    found = reach.persons.find(id)
    if not isinstance(found, Person):
        return None
    code = next((i["value"] for i in found.patient.get("identifier", ()) if i.get("system") == CITIZEN_CODE), "")
    phone = next((t["value"] for t in found.patient.get("telecom", ()) if t.get("system") == "phone"), "")
    return Kin(human_name(found.patient.get("name")), "MTH", phone, code)


def _patient(reach: Door, id: str, form: Form, entered: Entered) -> Resource:
    card = form.question.card
    code = card.code if card is not None and _is_free(reach, card.code) else ""
    return patient(id, entered, _place(reach), reach.records.clock(), form.question.scan, code)


def _is_free(reach: Door, code: str) -> bool:
    """Whether a card's code may become somebody's: cards are printed ahead, with a line to write the name on."""
    known = codes().find(code)
    spent = known is not None and known.state in ("alias", "retired")
    return not spent and not reach.records.people(reach.errand).coded([code])


def _place(reach: Door) -> Place:
    code = reach.errand.actor.facility
    name = reach.facility(code)
    return Place(code, "" if name == code else name)


def _alike(request: HttpRequest, kind: Kind, entered: Entered, who: Resource) -> list[Alike]:
    """Nothing can be like somebody of whom nothing is known."""
    telling = entered.name or entered.number or entered.insurance or kind == "newborn"
    return alike(request, {name: value for name, value in who.items() if name != "id"}) if telling else []


def _shown(
    request: HttpRequest,
    form: Form,
    faults: Faults | None = None,
    found: list[Alike] | None = None,
    *,
    restored: bool = False,
    stale: bool = False,
) -> HttpResponse:
    reach = door(request)
    if found is None:  # what is understood so far is enough to look
        entered, _ = _checked(reach, form)
        who = _patient(reach, "new", form, entered)
        found = _alike(request, form.kind, entered, who)
    return page(
        request,
        "registering/form.html",
        422 if faults else 200,
        q=form.question.text,
        text=form.text,
        kind=form.kind,
        typed=form.typed,
        key=form.key,
        faults=faults or {},
        alike=found,
        seen=" ".join(one.id for one in found),
        scan=_facts(form.question.scan),
        card=form.question.card is not None and _is_free(reach, form.question.card.code),
        mothers=_mothers(reach, form) if form.kind == "newborn" else [],
        relations=RELATIONS,
        restored=restored,
        stale=stale,
        today=reach.today,
    )


def _facts(scan: CardScan | None) -> bool:
    return scan is not None and bool(scan.number)


def _mothers(reach: Door, form: Form) -> list[Resource]:
    """The women whom the search found, and the one who was chosen."""
    found = [hit.person for hit in reach.find(form.question).people if hit.person.get("gender") == "female"]
    chosen = form.typed["mother"]
    if chosen and chosen not in {one["id"] for one in found}:
        found = [*reach.persons.read([chosen]), *found]
    return [
        {"id": one["id"], "name": human_name(one.get("name")), "born": one.get("birthDate", "")}
        for one in found[:_MOTHERS]
    ]
