"""The ordering page: search, choose, look at what stands against it, add or leave, sign once.

Everything is one form that works without a script; what was chosen so far travels in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from django.core import signing as seals
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from hoso.care.card import Section
from hoso.care.chart import Chart
from hoso.care.orders import Finding, Told, told
from hoso.care.orders.catalogue import search
from hoso.care.orders.prescription import CODE, Fault, Sheet, faults
from hoso.care.orders.words import reasons
from hoso.care.summary import allergies
from hoso.care.who import who
from hoso.core.errors import Refused
from hoso.web.door import Door
from hoso.web.here import record_here
from hoso.web.oauth.identity import practitioner
from hoso.web.orders import basket, reading, writing
from hoso.web.orders.basket import Item
from hoso.web.orders.reading import View
from hoso.web.pages import door, page, signed_in
from hoso.web.persons import Person
from hoso.web.record import is_synthetic, person_at
from hoso.web.stewards import reader, said

_SALT = "hoso.orders"


@dataclass(slots=True)
class Shown:
    """What the page shows beside the person: what was typed, found, chosen, and what is wrong."""

    find: str = ""
    item: Item | None = None
    items: list[Item] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)
    diagnosis: str = ""
    weight: str = ""
    guardian: str = ""
    longer: bool = False
    once: str = ""
    used: bool = False
    problem: str = ""


@signed_in
def order_new(request: HttpRequest, id: str) -> HttpResponse:
    reach = door(request)
    person = person_at(request, reach, id)
    if isinstance(person, HttpResponse):
        return person
    if not reading.may_order(reach):
        raise Http404
    seen = reading.view(reach, person)
    shown = _typed(request, person)
    if request.method == "POST" and "sign" in request.POST:
        answer = _sign(request, reach, person, seen, shown)
        if answer is not None:
            return answer
    return _page(request, reach, person, seen, shown)


def _typed(request: HttpRequest, person: Person) -> Shown:
    """The form as it stands after the button that was pressed."""
    form = request.POST if request.method == "POST" else request.GET
    shown = Shown(
        find=form.get("find", "")[:100],
        items=list(basket.unpacked(form.getlist("item"))),
        diagnosis=form.get("diagnosis", "").strip()[:500],
        weight=form.get("weight", "")[:20],
        guardian=form.get("guardian", "").strip()[:200],
        longer="longer" in form,
        once=_once(request, person, form.get("once", "")),
        used="used" in form,
    )
    if "drop" in form and (place := basket.whole(form["drop"])) is not None:
        shown.items = [one for number, one in enumerate(shown.items) if number != place]
    elif "choose" in form:
        shown.item = basket.of_choice(form["choose"], shown.find)
    elif "add" in form:
        shown.item = basket.of_form(form.dict())
    return shown


def _page(request: HttpRequest, reach: Door, person: Person, seen: View, shown: Shown) -> HttpResponse:
    if shown.item is not None and "add" in request.POST:
        _add(seen, shown)
    status = 422 if shown.wrong or shown.problem else 200
    wanted = [one.wanted for one in shown.items]
    item = shown.item
    found = search(shown.find) if shown.find and item is None else []
    return page(
        request,
        "orders/new.html",
        status,
        base=f"/patients/{person.id}",
        who=who(person.patient, Chart.of([person.patient]), reach.today, reach.persons.sources(person).patients),
        synthetic=is_synthetic(person.patient),
        today=reach.today,
        allergies=Section("refused") if "AllergyIntolerance" in seen.refused else allergies(seen.chart),
        shown=shown,
        found=found,
        spoken=reader(),
        item=item,
        findings=_words(seen.check(item.wanted, wanted)) if item else [],
        lines=[(one, _words(_against(seen, shown.items, place))) for place, one in enumerate(shown.items)],
        reason_words=reasons(),
        child=seen.months is not None and seen.months < 72,
        medicines=any(one.kind == "medicine" for one in shown.items),
        signed=_signed(request),
    )


def _add(seen: View, shown: Shown) -> None:
    """Into the basket, when what must be said has been said; else the panel stays with what is wrong."""
    item = shown.item
    if item is None:
        return
    if len(shown.items) >= basket.MOST:
        shown.problem = _("No more than %(most)s orders at once. Sign these first.") % {"most": basket.MOST}
        return
    shown.wrong = _wrong(seen, item, shown)
    if not shown.wrong:
        shown.items.append(item)
        shown.item, shown.find = None, ""


def _wrong(seen: View, item: Item, shown: Shown) -> dict[str, str]:
    """What is wrong with one order, by its field."""
    found = {}
    if needs_reason(seen.check(item.wanted, [one.wanted for one in shown.items])) and item.reason not in reasons():
        found["reason"] = _("Say why it is ordered all the same, or leave it.")
    if item.kind == "medicine":
        for fault in faults(Sheet([item.line], None, "–", longer=True)):
            found[fault.place.partition("-")[0]] = sentence(fault)
    return found


def needs_reason(findings: Sequence[Finding]) -> bool:
    return any(one.hard_stop or one.severity in ("critical", "warning") for one in findings)


def _against(seen: View, items: Sequence[Item], place: int) -> list[Finding]:
    """What stands against one order of the basket, beside those before it: a pair is told at the later one."""
    return seen.check(items[place].wanted, [one.wanted for one in items[:place]])


def _words(findings: Sequence[Finding]) -> list[tuple[Finding, Told]]:
    return [(one, told(one, reader())) for one in findings]


def sentence(fault: Fault) -> str:
    texts = {
        "dose": _("Write how it is taken."),
        "quantity": _("Write how much is given in all, as a number."),
        "days": _("Write for how many days, as a number."),
        "longest": _("At most %(days)s days on one prescription of this kind."),
        "longer": _("%(name)s: more than %(days)s days needs the tick below."),
        "diagnosis": _("Write the diagnosis."),
        "weight": _("A child under 72 months needs its weight in kg."),
        "guardian": _("A child under 72 months needs the name of the father, mother or who came along."),
    }
    return texts[fault.key] % fault.values


def _sign(request: HttpRequest, reach: Door, person: Person, seen: View, shown: Shown) -> HttpResponse | None:
    """None when something is still wrong: the page says what."""
    sheet = Sheet(
        [one.line for one in shown.items if one.kind == "medicine"], seen.months, shown.diagnosis,
        _weight(shown), shown.guardian, shown.longer,
    )  # fmt: skip
    if not shown.items:
        shown.problem = _("Nothing is chosen yet.")
        return None
    shown.wrong = {one.place: sentence(one) for one in faults(sheet)} if sheet.lines else {}
    ordered = [(one, _against(seen, shown.items, place)) for place, one in enumerate(shown.items)]
    signing = _signing(request, reach, person, shown)
    if writing.is_written(reach, signing, ordered):
        return _leads(person, signing, shown.items)
    for item, findings in ordered:
        if needs_reason(findings) and item.reason not in reasons():
            shown.problem = _("%(name)s: say why it is ordered all the same, or leave it.") % {"name": item.wanted.name}
    if shown.wrong or shown.problem:
        return None
    try:
        writing.write(reach, signing, ordered)
    except Refused as refused:
        shown.problem = said(refused)
        return None
    return _leads(person, signing, shown.items)


def _leads(person: Person, signing: writing.Signing, items: Sequence[Item]) -> HttpResponse:
    codes = dict.fromkeys(signing.code(one) for one in items if one.kind == "medicine")
    query = urlencode([("signed", str(len(items))), *(("code", code) for code in codes)])
    return HttpResponseRedirect(f"/patients/{person.id}/orders/new?{query}")


def _signing(request: HttpRequest, reach: Door, person: Person, shown: Shown) -> writing.Signing:
    user: Any = request.user
    writer = {"display": user.name or user.username}
    if own := practitioner(user):
        writer["reference"] = f"Practitioner/{own}"
    return writing.Signing(
        once=UUID(seals.loads(shown.once, salt=_SALT)[0]),
        subject=str(record_here(reach, person)["id"]),
        visit=reading.visit_here(reach, person, request.GET.get("visit", "")[:64]),
        writer=writer,
        facility=reach.errand.actor.facility,
        place=reach.facility(reach.errand.actor.facility),
        at=reach.records.clock(),
        synthetic=[one for one in person.patient.get("meta", {}).get("tag", ()) if one.get("code") == "HTEST"],
        diagnosis=shown.diagnosis,
        weight=_weight(shown),
        guardian=shown.guardian,
    )


def _weight(shown: Shown) -> Decimal | None:
    found = basket.number(shown.weight)
    return found if found and found <= 200 else None


def _once(request: HttpRequest, person: Person, text: str) -> str:
    """The signature's own name, given out by us to this person about that one: pressed twice, it is one signature."""
    mine = [person.id, request.user.pk]
    try:
        if seals.loads(text, salt=_SALT)[1:] == mine:
            return text
    except (seals.BadSignature, TypeError):
        pass
    return seals.dumps([str(uuid4()), *mine], salt=_SALT)


def _signed(request: HttpRequest) -> dict[str, Any]:
    """How many were just signed, and the codes of their prescriptions."""
    count = basket.whole(request.GET.get("signed", "")) or 0
    codes = [code for code in request.GET.getlist("code")[:3] if CODE.match(code)]
    return {"count": count, "codes": codes} if count else {}
