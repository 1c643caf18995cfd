"""The steward's queue and one review: two people side by side, what the machine saw, and three answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode

from hoso.care.chart import Chart
from hoso.care.elements import Resource, human_name
from hoso.care.sources import facility_of
from hoso.core import citizen_code
from hoso.core.errors import Refused
from hoso.fhir import systems
from hoso.fhir.number_systems import number_space
from hoso.identity.match.explain import explain
from hoso.identity.matching import retold
from hoso.identity.review import CAUSES, Answer, Cause
from hoso.identity.reviews import Review, Side
from hoso.web.compare import Line, line
from hoso.web.door import Door
from hoso.web.pages import door, page, steward
from hoso.web.present import date_text, grouped, phone, sex
from hoso.web.stewards import reader, said, stewards_only

PER_PAGE = 25
ANSWERS: tuple[Answer, ...] = ("same", "different", "unsure")
BLIND: Cause = "sample"
CAUSE_TITLES: Mapping[Cause, str] = {
    "turned": "A record turned into somebody else",
    "contradiction": "One person, facts that cannot both be true",
    "mixed-document": "Document written while two people were read as one",
    "mixed-record": "Two people were read as one",
    "stray": "A record that may belong to somebody else",
    "between-two": "A newcomer who fits two people",
    "two-persons": "Two people who may be one",
    "look-alike": "A newcomer who looks like somebody",
    "sample": "Blind check of an automatic link",
}
PRIORITY_TITLES: Mapping[str, str] = {"stat": "At once", "asap": "Today", "urgent": "Soon", "routine": "In turn"}
CONTRADICTIONS: Mapping[str, str] = {
    "blood-group": "Two blood groups",
    "rhesus": "Two Rh factors",
    "sex": "Two sexes",
    "birth": "Births years apart",
    "two-places": "In two hospitals at once",
    "after-death": "A visit after death",
}
DONE: Mapping[str, str] = {
    "same": "Answered: the same person.",
    "different": "Answered: two different people. They will not be linked again.",
    "unsure": "Put aside: it comes again after all that nobody has looked at.",
    "waiting": "The merge waits for a second person, because both have clinical data.",
    "closed": "This one had been answered already.",
}
FIELDS = (
    "Name", "Born", "Sex", "Citizen code", "Personal number", "Insurance card", "Other numbers", "Phone", "Address",
    "Contacts", "Facilities",
)  # fmt: skip
_OWN_EACH = ("Citizen code", "Other numbers", "Facilities")
"""What two records of one person have each of its own: a difference tells nothing."""

_OWN_LINE = {systems.CITIZEN_CODE: 3, systems.PERSONAL_NUMBER: 4, systems.INSURANCE_NUMBER: 5}
_KIND = {3: "citizen-code", 4: "personal-number", 5: "insurance"}


@dataclass(frozen=True, slots=True)
class Waiting:
    """One review in the queue."""

    id: str
    cause: str
    priority: str
    urgent: bool
    people: tuple[str, ...]
    reasons: tuple[str, ...]
    created: str
    aside: bool


@stewards_only
def queue(request: HttpRequest) -> HttpResponse:
    reach = door(request)
    cause = next((c for c in CAUSES if c == request.GET.get("cause")), None)
    found = steward().queue(reach.upkeep, cause, PER_PAGE, request.GET.get("at") or None)
    chosen = {"cause": cause} if cause else {}
    return page(
        request,
        "reviews.html",
        waiting=[_waiting(one) for one in found.reviews],
        causes=CAUSE_TITLES,
        cause=cause,
        older="/reviews?" + urlencode({**chosen, "at": found.cursor}) if found.cursor else None,
        done=DONE.get(request.GET.get("done", "")),
    )


@stewards_only
def review(request: HttpRequest, id: str) -> HttpResponse:
    if request.method == "POST":
        return _answer(request, id)
    return _shown(request, steward().review(door(request).upkeep, id))


def _answer(request: HttpRequest, id: str) -> HttpResponse:
    reach = door(request)
    answer = next((a for a in ANSWERS if a == request.POST.get("answer")), None)
    reason = request.POST.get("reason", "").strip()[:1000]
    if answer is None:
        return _shown(request, steward().review(reach.upkeep, id))
    try:
        result = steward().answer(reach.upkeep, id, answer, request.POST.get("other") or None, reason)
    except Refused as refused:
        if refused.status == 404:
            raise
        return _shown(request, steward().review(reach.upkeep, id), said(refused), refused.status)
    done = "waiting" if result.merged and result.merged.waiting else answer
    following = steward().queue(reach.upkeep, None, 2).reviews
    after = next((one.id for one in following if one.id != id), None) if result.done or answer == "unsure" else id
    return HttpResponseRedirect((f"/reviews/{after}" if after else "/reviews") + f"?done={done}")


def _shown(request: HttpRequest, one: Review, problem: str = "", status: int = 200) -> HttpResponse:
    reach = door(request)
    sides = [side for side in (one.focus, *one.others) if side is not None]
    blind = one.cause == BLIND
    chosen = _chosen(request, one)
    return page(
        request,
        "review.html",
        status,
        review=one,
        title=CAUSE_TITLES[one.cause],
        priority=PRIORITY_TITLES.get(one.priority, ""),
        sides=[(side.person, _name(side), side.count) for side in sides],
        lines=_lines(reach, sides),
        reasons=_reasons(one.evidence),
        contradictions=[(CONTRADICTIONS[c.kind], c.values) for c in one.contradictions],
        household=[] if blind else _household(reach, sides),
        preview=_preview(reach, one, chosen) if chosen and one.open else None,
        chosen=chosen,
        blind=blind,
        own=one.proposer == reach.errand.actor.id,
        pair=one.cause in ("turned", "between-two", "two-persons", "look-alike", "stray", BLIND),
        aftermath=one.cause in ("mixed-document", "mixed-record"),
        description=_description(one),
        problem=problem,
        done=DONE.get(request.GET.get("done", "")),
        record_link=f"/patients/{one.focus.person}/sources" if one.focus and one.focus.person else None,
    )


def _description(one: Review) -> str:
    """What a Task says in words it says in Vietnamese and then in English."""
    vietnamese, _, english = one.description.partition(" / ")
    return english if english and reader() == "en" else vietnamese


def _waiting(one: Review) -> Waiting:
    names = [_name(side) for side in (one.focus, *one.others) if side is not None]
    return Waiting(
        one.id, CAUSE_TITLES[one.cause], PRIORITY_TITLES.get(one.priority, ""), one.priority in ("stat", "asap"),
        tuple(dict.fromkeys(names)), _reasons(one.evidence)[1:4], one.created, one.status == "on-hold",
    )  # fmt: skip


def _reasons(evidence: Mapping[str, Any]) -> tuple[str, ...]:
    decision = retold(evidence)
    return explain(decision, reader()) if decision else ()


def _chosen(request: HttpRequest, one: Review) -> str:
    """The other person in question: the only one, or the one that was picked."""
    ids = [side.person for side in one.others if side.person]
    picked = request.POST.get("other") or request.GET.get("other", "")
    return picked if picked in ids else ids[0] if len(ids) == 1 else ""


def _preview(reach: Door, one: Review, other: str) -> tuple[str, list[Line]] | None:
    """Whose code stays, and what the person would look like; None where a merge is no answer."""
    if one.focus is None or one.cause in (BLIND, "contradiction", "mixed-document", "mixed-record", "stray"):
        return None
    try:
        merge = steward().preview(reach.upkeep, one.focus.person, other)
    except Refused:  # merged meanwhile, or told apart: answering says so
        return None
    drawn = merge.preview or {}
    code = next((i["value"] for i in drawn.get("identifier", ()) if i.get("system") == citizen_code.SYSTEM), "")
    fields = _fields(drawn, [drawn])
    return citizen_code.show(code) if code else "", [line(n, v) for n, v in zip(FIELDS, fields, strict=True) if v]


def _lines(reach: Door, sides: Sequence[Side]) -> list[Line]:
    patients = [one for side in sides for one in side.records]
    chart = Chart.of([*patients, *reach.named_in(patients)])
    columns = [_fields(side.golden, side.records or [side.golden]) for side in sides]
    for column, side in zip(columns, sides, strict=True):
        column[-1] = list(dict.fromkeys(name for one in side.records if (name := facility_of(one, chart))))
    rows = [
        line(title, *(column[n] for column in columns), telling=title not in _OWN_EACH)
        for n, title in enumerate(FIELDS)
        if columns
    ]
    return [row for row in rows if any(row.cells)]


def _fields(golden: Resource, records: Sequence[Resource]) -> list[list[str]]:
    """Everything a person is told apart by, in the order of FIELDS; each value once, as it is read."""
    found: list[list[str]] = [[] for _ in FIELDS]
    found[0] = [human_name([name]) for name in golden.get("name", ())]
    found[1] = [date_text(one["birthDate"]) for one in records if one.get("birthDate")]
    found[2] = [sex(one["gender"]) for one in records if one.get("gender")]
    for number in golden.get("identifier", ()):
        place = _OWN_LINE.get(number_space(number.get("system", ""), number.get("value")), 6)
        if number.get("value"):
            found[place].append(grouped(number["value"], _KIND.get(place, "")))
    found[7] = [phone(t["value"]) for t in golden.get("telecom", ()) if t.get("value")]
    found[8] = [a.get("text") or ", ".join([*a.get("line", ()), a.get("city", ""), a.get("state", "")])
                for a in golden.get("address", ())]  # fmt: skip
    found[9] = [_contact(c) for one in records for c in one.get("contact", ())]
    return [list(dict.fromkeys(value for value in values if value)) for values in found]


def _contact(contact: Resource) -> str:
    """A guardian or relative with the phones to call, which records of one family share."""
    numbers = (phone(one["value"]) for one in contact.get("telecom", ()) if one.get("value"))
    return ", ".join(filter(None, [human_name(contact.get("name")), *numbers]))


def _household(reach: Door, sides: Sequence[Side]) -> list[tuple[str, str, str, str]]:
    """Others who share a phone with somebody in question: who they are, because kin look alike."""
    phones = [t["value"] for side in sides for t in side.golden.get("telecom", ()) if t.get("system") == "phone"]
    known = {side.person for side in sides}
    people = reach.sharing(list(dict.fromkeys(phones))[:5]) if phones else []
    return [
        (p["id"], human_name(p.get("name")), cast("str", p.get("gender", "")), p.get("birthDate", ""))
        for p in people
        if p["id"] not in known
    ]


def _name(side: Side) -> str:
    return human_name(side.golden.get("name"))
