"""A prescription on paper by TT 26/2025: code, who it is, diagnosis, each medicine with how much and how, who signs.

It is made of what was signed, never of what was typed; printing has its own right and its own event.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Spacer

from hoso.care.chart import Chart
from hoso.care.elements import Resource, classification, concept_text, reference_key
from hoso.care.medicines import drug_name
from hoso.care.orders.prescription import CODE, kinds
from hoso.care.who import who
from hoso.core.errors import Refused
from hoso.fhir.systems import PRESCRIPTION_CODE
from hoso.web import present
from hoso.web.orders.writing import GUARDIAN, WEIGHT
from hoso.web.pages import door, signed_in
from hoso.web.papers.book import Printing
from hoso.web.papers.layout import Foot, fine, head, heading, line, pdf
from hoso.web.papers.views import PaperDoor, paper
from hoso.web.persons import Person
from hoso.web.record import person_at


@signed_in
def prescription_of(request: HttpRequest, id: str, code: str) -> HttpResponse:
    person = person_at(request, door(request), id)
    if isinstance(person, HttpResponse):
        return person
    reach = paper(request)
    if not reach.may("MedicationRequest"):
        raise Refused.because(403, "forbidden", "rest.forbidden", type="MedicationRequest", right="r")
    found = _lines(reach, person, code)
    user: Any = request.user
    printing = Printing(user.name or user.username, reach.records.clock(), reach.today, code)
    body = sheet(reach, person, found, code, printing)
    response = HttpResponse(body, content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="don-thuoc-{code}.pdf"'
    return response


def _lines(reach: PaperDoor, person: Person, code: str) -> list[Resource]:
    """The medicines under this code, of this person, as they were signed."""
    if not CODE.match(code):
        raise Http404
    pairs = [("patient", person.id), ("identifier", f"{PRESCRIPTION_CODE}|{code}"), ("_count", "100")]
    members = {f"Patient/{one}" for one in person.members}
    found = [one for one in reach.search("MedicationRequest", pairs) if reference_key(one.get("subject")) in members]
    living = [one for one in found if one.get("status") not in ("entered-in-error", "cancelled")]
    if not living:
        raise Http404
    return sorted(living, key=_place)


def _place(one: Resource) -> tuple[int, str]:
    """As they were written down; others' without numbers by their ids."""
    return int(next((dose.get("sequence", 0) for dose in one.get("dosageInstruction", ())), 0)), str(one["id"])


def sheet(reach: PaperDoor, person: Person, found: Sequence[Resource], code: str, printing: Printing) -> bytes:
    sources = reach.persons.sources(person).patients
    whose = who(person.patient, Chart.of([person.patient]), reach.today, sources)
    chart = Chart.of([*found, *reach.named_in(list(found))])
    language = "en" if get_language() == "en" else "vi"
    title = next((kind[language] for kind in kinds().values() if code.endswith(kind["letter"])), _("Prescription"))
    lines = [(code, _("Prescription code")), *_whose(whose, found[0], printing)]
    if facility := reach.facility(reach.errand.actor.facility):
        lines.insert(0, (facility, ""))
    story = [*head(title, lines, code), *_diagnoses(reach, found)]
    story.append(heading(_("Medicines")))
    for number, one in enumerate(found, 1):
        story += _medicine(number, one, chart)
    story += _end(found[0], printing)
    printed = _("Printed %(time)s by %(name)s. Valid at this moment only.")
    foot = Foot(
        f"{code} · {whose.name}",
        printed % {"time": present.time_text(printing.at), "name": printing.by},
        _("Page %(n)s of %(all)s") % {"n": "{n}", "all": "{all}"},
    )
    return pdf(f"{title} {code}", language, story, foot)


def _whose(whose: Any, first: Resource, printing: Printing) -> Iterator[tuple[str, str]]:
    yield "", whose.name or _("Name not recorded")
    born = present.date_text(whose.born) or _("birth date not recorded")
    age = present.age_text(whose.born, printing.today, whose.deceased)
    yield " · ".join(part for part in (present.sex(whose.sex), born, age) if part), ""
    for one in whose.identifiers:
        if one.kind in ("personal-number", "insurance"):
            name = _("Personal number") if one.kind == "personal-number" else _("Insurance card")
            yield present.grouped(one.value, one.kind), name
    if whose.address:
        yield whose.address, _("Address")
    extensions = {one.get("url"): one for one in first.get("extension", ())}
    if weight := extensions.get(WEIGHT, {}).get("valueQuantity", {}).get("value"):
        yield f"{present.number(str(weight))} kg", _("Weight")
    if guardian := extensions.get(GUARDIAN, {}).get("valueString"):
        yield str(guardian), _("Father, mother or who came along")


def _diagnoses(reach: PaperDoor, found: Sequence[Resource]) -> Iterator[Flowable]:
    """What the prescriber wrote; else those of the visit that it belongs to, as far as the reader prints them."""
    said = dict.fromkeys(
        text for one in found for reason in one.get("reasonCode", ()) if (text := concept_text(reason))
    )
    yield from (line(text, _("Diagnosis")) for text in said)
    if said:
        return
    visit = reference_key(found[0].get("encounter"))
    if not visit or not reach.may("Condition"):
        return
    for one in reach.search("Condition", [("encounter", visit), ("_count", "20")]):
        code = classification(one.get("code"))
        yield line(f"{concept_text(one.get('code'))}{f' ({code})' if code else ''}", _("Diagnosis"))


def _medicine(number: int, one: Resource, chart: Chart) -> list[Flowable]:
    supply = one.get("dispenseRequest", {})
    quantity, days = supply.get("quantity", {}), supply.get("expectedSupplyDuration", {}).get("value")
    much = f"{present.number(str(quantity['value']))} {quantity.get('unit', '')}".strip() if "value" in quantity else ""
    length = _("%(n)s days") % {"n": days} if days else ""
    how = "; ".join(str(dose["text"]) for dose in one.get("dosageInstruction", ()) if dose.get("text"))
    said = " · ".join(part for part in (much, length) if part)
    return [Spacer(0, 2 * mm), line(said, f"{number}. {drug_name(one, chart)}"), line(how)]


def _end(first: Resource, printing: Printing) -> list[Flowable]:
    day = present.date_text(str(first.get("authoredOn", "")))
    writer = str(first.get("requester", {}).get("display", ""))
    return [
        Spacer(0, 8 * mm),
        line(_("Prescribed on %(day)s") % {"day": day}),
        line(writer, _("Prescriber")),
        fine(_("Signed in the record. A change is a new prescription with a new code.")),
    ]
