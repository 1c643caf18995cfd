"""An HL7 v2 message as the records it asks for, with the message kept beside them.

The same message again changes nothing; a late one leaves what a newer said; what cannot be read is a fault with its
place in HL7's own words (segment, sequence, field, repetition, component), and the rest goes in.
"""

from __future__ import annotations

import re

from hoso.core import Refused
from hoso.exchange import hiv, raw
from hoso.exchange.documents import Arrived, Document, Fault
from hoso.exchange.hl7v2 import moments
from hoso.exchange.hl7v2.draft import Draft, Part
from hoso.exchange.hl7v2.mapping import follow
from hoso.exchange.hl7v2.parsing import Message, parse
from hoso.exchange.hl7v2.settling import Door, Settled, settle
from hoso.exchange.hl7v2.stays import facility as facility_of
from hoso.exchange.hl7v2.tables import Resource, kinds
from hoso.exchange.tally import UNKNOWN
from hoso.fhir import json

ER7 = "x-application/hl7-v2+er7"
_BEGINNING = "1970-01-01T00:00:00+07:00"
"""Of a message that does not say when it was made."""
_STATE_CODE = re.compile(r"\d{2}[0-9A-Z]{3}\Z", re.ASCII)
"""MACSKCB. Who names another facility's is not taken for the own: the door says no."""
_FACILITY = re.compile(r"[A-Za-z0-9.-]{1,20}\Z")


def read(data: bytes, number: int, door: Door, facility: str = "") -> Document:
    """The records of one message, the `number`th of its stream. `facility` is the one its sender is bound to, if any:
    it stands for itself when MSH-4 has no code."""
    document = Document(False, data, as_read=True)
    try:
        draft = begin(parse(data), facility)
    except Refused as refused:
        document.refuse_whole(*refused.issues)
        return document
    document.facility, document.label = draft.facility, draft.control
    follow(draft)
    errors = tuple(issue for issue in draft.issues if issue.severity == "error")
    document.warnings = [issue for issue in draft.issues if issue.severity != "error"]
    if errors:
        document.faults.append(Fault(None, (UNKNOWN,), errors, data))
    kept = [(type, raw.digest(document)) for type in ("Binary", "Provenance")]
    settled = settle(draft, door, kept)
    home = _home(door, draft.facility)
    for one in settled:
        _at_home(one.resource, home)
        document.arrived.append(_arrived(one))
    if document.arrived:
        raw.keep(document, content_type=ER7, recorded=draft.made or _BEGINNING, who=home)
        for item in document.arrived[-2:]:
            item.present = draft.replayed
    return document


def _home(door: Door, code: str) -> Resource:
    """The facility as it is here, else by its code, until it is."""
    home = facility_of(code)
    found = door.find(str(home["reference"]))
    return {**home, "reference": f"Organization/{found.id}"} if found else home


def _at_home(resource: Resource, home: Resource) -> None:
    for name in ("serviceProvider", "custodian"):
        if resource.get(name, {}).get("type") == "Organization":
            resource[name] = home


def begin(message: Message, facility: str = "") -> Draft:
    """Raises Refused when nobody can tell what the message is, or whose."""
    head = Part(message.segments[0], 1)
    kind, event = head.text(9, 1), head.text(9, 2)
    draft = Draft(message, facility, kind, event, control=head.text(10))
    if f"{kind}^{event}" not in kinds():
        _refuse(draft, head, 9, "kind-unknown", f"{kind}^{event}")
    code = head.text(4)
    if facility and not _STATE_CODE.match(code):  # the name that its own software gives it
        code = facility
    if not _FACILITY.match(code):
        _refuse(draft, head, 4, "facility-missing", code)
    draft.facility = code
    draft.zone = moments.offset(head.text(7)) or moments.ZONE
    draft.made = _made(draft, head)
    return draft


def _refuse(draft: Draft, part: Part, field: int, key: str, text: str = "") -> None:
    draft.fault(part, field, key, text=text)
    raise Refused(422, *draft.issues)


def _made(draft: Draft, head: Part) -> str:
    """When the event was recorded (EVN-2), or the message made (MSH-7): the earlier, since nothing is told before."""
    times = []
    event = next((Part(one, 1) for one in draft.message.segments if one.name == "EVN"), None)
    for part, field in ((head, 7), (event, 2)):
        if part is None or not part.text(field):
            continue
        at = moments.instant(part.text(field), draft.zone)
        if at is None:
            draft.warn(part, field, "unread", text=part.text(field))
        else:
            times.append(moments.at_home(at))
    return min(times, default="")


def _arrived(one: Settled) -> Arrived:
    resource, body = hiv.labelled(one.resource)
    return Arrived(None, resource["resourceType"], resource["id"], body, json.parse(body), body, present=one.present)
