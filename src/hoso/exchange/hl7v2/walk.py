"""Where in a message the reading is: what a segment belongs to that only stands after another (OBX, NTE, TQ1, RXR)."""

from __future__ import annotations

from dataclasses import dataclass, field

from hoso.exchange.hl7v2.draft import Draft, Part, reference
from hoso.exchange.hl7v2.tables import Resource, put
from hoso.exchange.hl7v2.ways import fill

_NOTE = "http://hl7.org/fhir/5.0/StructureDefinition/extension-DiagnosticReport.note"


@dataclass(slots=True)
class Report:
    """A report while its results come in. `key` names it among the facility's own."""

    key: str
    resource: Resource | None
    about: Resource | None = None
    """The order whose results these are, when there is no report."""
    at: str = ""
    category: str = ""
    stated: bool = True
    """Whether the sender gave the report a status."""
    observations: list[Resource] = field(default_factory=list)
    texts: dict[tuple[str, str], Resource] = field(default_factory=dict)


@dataclass(slots=True)
class Walk:
    draft: Draft
    event: Part | None = None
    order: Part | None = None
    request: Resource | None = None
    dosage: Resource | None = None
    timing: Resource | None = None
    report: Report | None = None
    specimen: Resource | None = None
    dose: Resource | None = None
    document: Resource | None = None
    lines: list[str] = field(default_factory=list)
    appointment: Resource | None = None
    noted: Resource | None = None
    last: str = ""
    """The name of the segment before."""
    person: Part | None = None

    def distinct(self, *parts: str) -> str:
        """The id of something numbered; when one message has the same number twice, the second is another thing."""
        known = "\n".join(parts)
        self.draft.seen[known] += 1
        number = self.draft.seen[known]
        return self.draft.id(*parts, f"#{number}") if number > 1 else self.draft.id(*parts)

    def number(self, part: Part, *fields: int) -> str:
        """The first of the sender's numbers (EI) that stands there, with its namespace."""
        for at in fields:
            if value := part.text(at):
                space = part.text(at, 2)
                return f"{value}^{space}" if space else value
        return ""


def note(walk: Walk, part: Part) -> None:
    """NTE: lines that follow each other are one note on what stands before them."""
    target, text = walk.noted, _comment(part)
    if target is None or not text:
        return
    type = target["resourceType"]
    if type == "Appointment":
        target["comment"] = f"{target['comment']}\n{text}" if "comment" in target else text
        return
    if type == "DiagnosticReport":
        notes = [one["valueAnnotation"] for one in target.get("extension", ()) if one["url"] == _NOTE]
    else:
        notes = target.setdefault("note", [])
    if walk.last == "NTE" and notes:
        notes[-1]["text"] += f"\n{text}"
    elif type == "DiagnosticReport":
        target.setdefault("extension", []).append({"url": _NOTE, "valueAnnotation": {"text": text}})
    else:
        notes.append({"text": text})


def _comment(part: Part) -> str:
    found = (part.text(3, 1, 1, at) for at in range(1, part.count(3) + 1))
    return "\n".join(one for one in found if one)


def timing(walk: Walk, part: Part) -> None:
    """TQ1: of the order or appointment that stands before it, else of the medicine that comes after."""
    found: Resource = {}
    fill(walk.draft, found, part, "Timing")
    if code := part.text(3):
        found["code"] = code
    if walk.appointment is not None:
        walk.appointment.update({name: found[name] for name in ("start", "end") if name in found})
    elif walk.dosage is not None:
        timed(walk.dosage, found)
    elif walk.request is not None and walk.request["resourceType"] == "ServiceRequest":
        if "start" in found and "occurrenceDateTime" not in walk.request:
            walk.request["occurrenceDateTime"] = found["start"]
        if "priority" in found:
            walk.request["priority"] = found["priority"]
    else:
        walk.timing = found


def timed(dosage: Resource, found: Resource) -> None:
    """How often (TQ1-3, "TID") as the sender's word; the days between which."""
    at: Resource = {}
    if code := found.get("code"):
        at["code"] = {"text": code}
    bounds = {name: found[name] for name in ("start", "end") if name in found}
    if bounds and ("start" not in bounds or "end" not in bounds or bounds["start"] <= bounds["end"]):
        at["repeat"] = {"boundsPeriod": bounds}
    if at:
        dosage["timing"] = at
    if text := found.get("text"):
        put(dosage, (("additionalInstruction", True),), {"text": text})


def link(walk: Walk, holder: Resource, element: str, type: str, identifier: Resource, key: str) -> None:
    """A reference by number that becomes one to the record itself when that is here."""
    found: Resource = {"type": type, "identifier": {"system": identifier["system"], "value": identifier["value"]}}
    put(holder, ((element, True),), found)
    walk.draft.links.append((found, (type, key)))


def refer(holder: Resource, element: str, target: Resource) -> None:
    put(holder, ((element, True),), reference(target))
