"""OBR and OBX of results: a report with its observations. Corrections change the same records; what the laboratory
withdraws is entered in error, never deleted.
"""

from __future__ import annotations

from hoso.exchange.hl7v2 import moments
from hoso.exchange.hl7v2.draft import Draft, Part, reference
from hoso.exchange.hl7v2.observed import PRESSURE, attachment, pressure, reference_range, value
from hoso.exchange.hl7v2.tables import Resource, codes, listed
from hoso.exchange.hl7v2.walk import Report, Walk, link, refer
from hoso.exchange.hl7v2.ways import fill, number

NAMELESS = "Không ghi tên"
_TEXTS = ("TX", "FT", "ST")
_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_ABSENT = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/data-absent-reason", "code": "unknown"}]}


def report(walk: Walk, part: Part, order: str) -> None:
    """OBR in a message of results. Known by the number of the laboratory, and the test."""
    draft = walk.draft
    finish(walk)
    own = part.text(3) or (walk.order.text(3) if walk.order is not None else "") or order
    key = own or "\n".join((draft.patient_number, part.text(7) or draft.control))
    test = part.text(4) or part.text(4, 2)
    id = walk.distinct("report", key, test)
    found = draft.add("DiagnosticReport", id)
    draft.about(found)
    fill(draft, found, part, "DiagnosticReport")
    if "code" not in found:
        draft.fault(part, 4, "code-missing")
        found["code"] = {"text": NAMELESS}
    stated = codes("report-status").get(part.text(25))
    if part.text(25) and not stated:
        draft.warn(part, 25, "unknown-code", text=part.text(25))
    found["status"] = stated or "unknown"
    walk.report = Report(f"report\n{id}", found, at=_times(draft, found, part), stated=bool(stated))
    walk.report.category = _category(part, walk.specimen)
    walk.noted, walk.request = found, None
    _ordered(walk, found, part)
    _source(walk, found, part)


def _times(draft: Draft, found: Resource, part: Part) -> str:
    """OBR-7 and -8: when it was looked at, or the material taken."""
    start, end = (moments.moment(part.text(at), draft.zone) for at in (7, 8))
    for at, told in ((7, start), (8, end)):
        if part.text(at) and told is None:
            draft.warn(part, at, "unread", text=part.text(at))
    if start and end and end != start and not moments.is_before(end, start):
        found["effectivePeriod"] = {"start": start, "end": end}
    elif start:
        found["effectiveDateTime"] = start
    return start or ""


def _category(part: Part, specimen: Resource | None) -> str:
    """ "laboratory" or "imaging" by the diagnostic service, or because material was taken."""
    service = part.text(24)
    for name in ("laboratory", "imaging"):
        if service in listed("service", name):
            return name
    return "laboratory" if not service and (specimen is not None or part.text(15)) else ""


def _ordered(walk: Walk, found: Resource, part: Part) -> None:
    placed = number(walk.draft, part, 2, "placer")
    if placed is None and walk.order is not None:
        placed = number(walk.draft, walk.order, 2, "placer")
    if placed is not None:
        link(walk, found, "basedOn", "ServiceRequest", placed, walk.draft.id("order", placed["value"]))


def _source(walk: Walk, found: Resource, part: Part) -> None:
    """The specimen that stands before, or that of older messages (OBR-15)."""
    draft = walk.draft
    if walk.specimen is not None:
        refer(found, "specimen", walk.specimen)
    elif part.text(15):
        old = draft.add("Specimen", draft.id("specimen", found["id"], "OBR-15"))
        draft.about(old, encounter="")
        code = " ".join(one for one in (part.text(15, 1, 1), part.text(15, 1, 2)) if one)
        old["type"] = {"text": code}
        refer(found, "specimen", old)


def observation(walk: Walk, part: Part) -> None:
    """OBX: of the report or order before it, else of the visit alone."""
    draft = walk.draft
    if draft.patient is None:
        return
    if not (part.text(3) or part.text(3, 2)):
        draft.fault(part, 3, "code-missing")
        return
    home = walk.report or _loose(walk, part)
    if part.text(2) == "ED" and home.resource is not None:
        found = attachment(draft, part)
        if found is not None:
            home.resource.setdefault("presentedForm", []).append(found)
        return
    if _continued(home, part):
        return
    one = _observation(walk, home, part)
    home.observations.append(one)
    walk.noted = one
    if home.about is not None:
        refer(home.about, "supportingInfo", one)


def _continued(home: Report, part: Part) -> bool:
    """Text over many OBX of the same code and sub-id is one text."""
    before = home.texts.get((part.text(3) or part.text(3, 2), part.text(4)))
    if before is None or part.text(2) not in _TEXTS or "valueString" not in before:
        return False
    lines = [part.written(5, at) for at in range(1, part.count(5) + 1)]
    before["valueString"] += "\n" + "\n".join(lines)
    return True


def _loose(walk: Walk, part: Part) -> Report:
    """Results without an order are known by their visit and time."""
    draft = walk.draft
    if walk.specimen is not None and draft.kind == "OUL":
        return Report(f"specimen\n{walk.specimen['id']}", None)
    home = draft.encounter["id"] if draft.encounter is not None else draft.patient_number
    return Report(f"loose\n{home}\n{part.text(14) or draft.made or draft.control}", None)


def _observation(walk: Walk, home: Report, part: Part) -> Resource:
    draft = walk.draft
    code = part.text(3) or part.text(3, 2)
    one = draft.add("Observation", walk.distinct("result", home.key, code, part.text(4)))
    one["status"] = _status(draft, home, part)
    if category := _kind(code, home):
        one["category"] = [{"coding": [{"system": _CATEGORY, "code": category}]}]
    draft.about(one)
    fill(draft, one, part, "Observation")
    if "effectiveDateTime" not in one and home.at:
        one["effectiveDateTime"] = home.at
    if code == PRESSURE and (parts := pressure(part)):
        one["component"] = parts
    elif said := value(draft, part):
        one.update(said)
    else:
        _without_value(draft, one, part)
    if part.text(2) in _TEXTS:
        home.texts[code, part.text(4)] = one
    if ranges := reference_range(draft, part):
        one["referenceRange"] = ranges
    if walk.specimen is not None:
        one["specimen"] = reference(walk.specimen)
    return one


def _status(draft: Draft, home: Report, part: Part) -> str:
    told = part.text(11)
    if found := codes("result-status").get(told):
        return str(found)
    if told:
        draft.warn(part, 11, "unknown-code", text=told)
    final = home.resource is not None and home.resource["status"] in ("final", "corrected")
    return "final" if final else "unknown"


def _kind(code: str, home: Report) -> str:
    return "vital-signs" if code in listed("vitals") else home.category


def _without_value(draft: Draft, one: Resource, part: Part) -> None:
    if part.text(11) in listed("value-kept"):
        draft.kept.add(("Observation", one["id"]))
        draft.merged.add(("Observation", one["id"]))
    if one["status"] not in ("registered", "cancelled"):
        one["dataAbsentReason"] = _ABSENT
        draft.soft.setdefault(("Observation", one["id"]), set()).add("dataAbsentReason")


def finish(walk: Walk) -> None:
    """The report is whole: what it says of itself when its sender did not, and which results it has."""
    home = walk.report
    walk.report = None
    if home is None or home.resource is None:
        return
    found, states = home.resource, {one["status"] for one in home.observations}
    if home.observations:
        found["result"] = [reference(one) for one in home.observations]
    if not home.category and "specimen" in found:
        home.category = "laboratory"
        for one in home.observations:
            one.setdefault("category", [{"coding": [{"system": _CATEGORY, "code": "laboratory"}]}])
    if home.stated or not states:
        return
    done = states <= {"final", "corrected", "entered-in-error", "cancelled"}
    found["status"] = "final" if done else "preliminary" if "preliminary" in states else "unknown"
