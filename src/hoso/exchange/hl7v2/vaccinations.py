"""RXA and its RXR and OBX: a vaccination given, refused or told of, known by its order number, else by its time."""

from __future__ import annotations

from hoso.exchange.hl7v2 import moments, orders
from hoso.exchange.hl7v2.coded import concept
from hoso.exchange.hl7v2.draft import Part
from hoso.exchange.hl7v2.tables import Resource, codes
from hoso.exchange.hl7v2.walk import Walk
from hoso.exchange.hl7v2.ways import fill

_ORIGIN = "http://terminology.hl7.org/CodeSystem/immunization-origin"
_NO_VACCINE = ("998", "999")
"""CVX: no vaccine given, unknown vaccine."""
_PROGRAM, _DOSE = "64994-7", "30973-2"
_SHEET = {"29768-9": "publicationDate", "29769-7": "presentationDate"}
_ABOUT = ("30956-7", "69764-9")
_LEAFLET = "Vaccine information statement"


def vaccination(walk: Walk, part: Part) -> None:
    """RXA."""
    draft = walk.draft
    walk.dose = None
    if draft.patient is None:
        return
    vaccine, at = part.text(5), moments.moment(part.text(3), draft.zone)
    if not vaccine and not part.text(5, 2):
        draft.fault(part, 5, "vaccine-missing")
        return
    if vaccine in _NO_VACCINE and part.text(20) not in ("RE", "NA"):
        draft.warn(part, 5, "no-vaccine")
        return
    if at is None:
        draft.fault(part, 3, "time-missing")
        return
    key = orders.order_number(walk.order) or "\n".join((draft.patient_number, vaccine or part.text(5, 2), at[:10]))
    found = walk.dose = draft.add("Immunization", walk.distinct("vaccination", key))
    draft.about(found, "patient")
    found["status"] = _status(walk, part)
    fill(draft, found, part, "Immunization")
    _source(walk, found, part)
    if walk.order is not None:
        told: Resource = {}
        fill(draft, told, walk.order, "Order")
        if numbers := [one for one in told.get("identifier", ()) if not one["value"].startswith("9999")]:
            found["identifier"] = numbers
    walk.noted = found


def _status(walk: Walk, part: Part) -> str:
    """RXA-21 D takes back; RXA-20 says whether it was given."""
    if part.text(21) == "D":
        return "entered-in-error"
    told = part.text(20)
    if told and told not in codes("vaccination"):
        walk.draft.warn(part, 20, "unknown-code", text=told)
    return str(codes("vaccination").get(told, "completed"))


def _source(walk: Walk, found: Resource, part: Part) -> None:
    """RXA-9: "00" is a new vaccination; others tell of one from papers or from memory."""
    for at in range(1, part.count(9) + 1):
        code = part.text(9, 1, 1, at)
        if code == "00":
            found["primarySource"] = True
        elif code in ("01", "02", "03", "04", "05", "06", "07", "08"):
            found["primarySource"] = False
            if origin := concept(walk.draft, part, 9, at):
                found["reportOrigin"] = origin
        elif code and (words := part.text(9, 2, 1, at) or code):
            found.setdefault("note", []).append({"text": words})


def observation(walk: Walk, part: Part) -> None:
    """OBX after RXA: what the vaccination record has a place for; the rest is a note."""
    draft, found = walk.draft, walk.dose
    assert found is not None
    code = part.text(3)
    if code == _PROGRAM and (program := concept(draft, part, 5)):
        found["programEligibility"] = [program]
    elif code == _DOSE and part.text(5).isdigit() and int(part.text(5)) > 0:
        found["protocolApplied"] = [{"doseNumberPositiveInt": int(part.text(5))}]
    elif code in _SHEET and (at := moments.moment(part.text(5), draft.zone)):
        _sheet(found, part.text(4))[_SHEET[code]] = at
    elif code in _ABOUT and (text := part.text(5, 2) or part.text(5)):
        _sheet(found, part.text(4))["documentType"] = text
    elif name := part.text(3, 2) or code:
        text = part.text(5, 2) or part.text(5)
        if text:
            found.setdefault("note", []).append({"text": f"{name}: {text}"})


def _sheet(found: Resource, sub: str) -> Resource:
    """A leaflet that was handed over; OBX-4 says which lines are about the same."""
    sheets: list[Resource] = found.setdefault("education", [])
    for sheet in sheets:
        if sheet["sub"] == sub:
            return sheet
    sheets.append({"sub": sub, "documentType": _LEAFLET})
    return sheets[-1]


def tidied(found: Resource) -> None:
    """Leaflets of which no date was told are only the vaccine's kind, said once more."""
    sheets = [{name: one for name, one in sheet.items() if name != "sub"} for sheet in found.pop("education", ())]
    if told := [sheet for sheet in sheets if len(sheet) > 1]:
        found["education"] = told
