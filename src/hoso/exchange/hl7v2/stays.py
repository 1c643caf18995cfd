"""PV1 and PV2: a visit of the sender, known by its visit number; what an event says of it, and what it takes back."""

from __future__ import annotations

from hoso.exchange.hl7v2 import moments
from hoso.exchange.hl7v2.coded import V3
from hoso.exchange.hl7v2.draft import Draft, Part, reference
from hoso.exchange.hl7v2.tables import Resource, codes
from hoso.exchange.hl7v2.walk import Walk
from hoso.exchange.hl7v2.ways import fill, place
from hoso.fhir import systems


def facility(code: str) -> Resource:
    """The facility by its code; who that is, is looked up when it is stored."""
    return {"reference": f"Organization?identifier={systems.FACILITY_CODE}|{code}", "type": "Organization"}


def visit(walk: Walk, part: Part) -> None:
    """PV1."""
    draft = walk.draft
    if draft.patient is None:
        return
    id = _id(walk, part)
    if id is None:
        if draft.kind == "ADT" and draft.event in codes("visit"):
            draft.fault(part, 19, "visit-missing")
        elif part.text(2) not in ("", "N"):
            draft.warn(part, 19, "visit-unnumbered")
        return
    encounter = draft.encounter = draft.add("Encounter", id)
    draft.merged.add(("Encounter", id))
    encounter["subject"] = reference(draft.patient)
    encounter["serviceProvider"] = facility(draft.facility)
    fill(draft, encounter, part, "Encounter")
    if walk.person is not None:
        fill(draft, encounter, walk.person, "Encounter")
    _event_times(walk, encounter)
    _status(draft, encounter)
    _places(draft, encounter, part)
    if "class" not in encounter:
        encounter["class"] = {"system": f"{V3}NullFlavor", "code": "UNK"}
        draft.soft.setdefault(("Encounter", id), set()).add("class")
    period = encounter.get("period", {})
    if moments.is_before(period.get("end", ""), period.get("start", "")):
        draft.warn(part, 45, "end-before-start", text=period.pop("end"))


def _id(walk: Walk, part: Part) -> str | None:
    """By the visit number, else the account of senders that have no other. Nothing else names a visit for good."""
    draft = walk.draft
    if number := part.text(19):
        return draft.id("hl7-visit", number)
    if part.text(2) == "N":
        return None
    if walk.person is not None and (account := walk.person.text(18)):
        return draft.id("hl7-visit", "account", account)
    return None


def _event_times(walk: Walk, encounter: Resource) -> None:
    """When it began or ended, if only the event says so (EVN-6)."""
    draft, event = walk.draft, walk.event
    at = moments.moment(event.text(6), draft.zone) if event is not None and event.count(6) else None
    if at and draft.event in ("A01", "A04"):
        encounter.setdefault("period", {}).setdefault("start", at)
    if at and draft.event == "A03":
        encounter.setdefault("period", {}).setdefault("end", at)


def _status(draft: Draft, encounter: Resource) -> None:
    """What only tells of a visit on its way leaves the status of one that is known."""
    told = codes("visit").get(draft.event, "") if draft.kind == "ADT" else ""
    if told and not told.startswith("keep"):
        encounter["status"] = told
        return
    draft.soft.setdefault(("Encounter", encounter["id"]), set()).add("status")
    if "end" in encounter.get("period", {}):
        encounter["status"] = "finished"
    else:
        encounter["status"] = told.removeprefix("keep ") or "unknown"


def _places(draft: Draft, encounter: Resource, part: Part) -> None:
    """After a transfer the place before it (PV1-6) is one that was."""
    if draft.event != "A02" or (before := place(draft, part, 6)) is None:
        return
    here = encounter.setdefault("location", [])
    if not any(one["location"] == before for one in here):
        here.insert(0, {"location": before, "status": "completed"})


def more(walk: Walk, part: Part) -> None:
    """PV2."""
    if walk.draft.encounter is not None:
        fill(walk.draft, walk.draft.encounter, part, "Encounter")
