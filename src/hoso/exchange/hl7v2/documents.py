"""TXA and its OBX: a document with its text or file, known by its unique number; what it adds to or replaces."""

from __future__ import annotations

import base64

from hoso.exchange.hl7v2.draft import Part
from hoso.exchange.hl7v2.observed import attachment, media
from hoso.exchange.hl7v2.stays import facility
from hoso.exchange.hl7v2.tables import Resource, codes
from hoso.exchange.hl7v2.walk import Walk
from hoso.exchange.hl7v2.ways import fill
from hoso.fhir import systems


def document(walk: Walk, part: Part) -> None:
    """TXA."""
    draft = walk.draft
    finish(walk)
    if draft.patient is None:
        return
    number = walk.number(part, 12) or walk.number(part, 15)
    if not number:
        draft.fault(part, 12, "document-missing")
        return
    found = walk.document = draft.add("DocumentReference", draft.id("document", number))
    draft.about(found, encounter="")
    if draft.encounter is not None:
        found["context"] = {"encounter": [{"reference": f"Encounter/{draft.encounter['id']}"}]}
    found["custodian"] = facility(draft.facility)
    fill(draft, found, part, "DocumentReference")
    if docs := codes("document-status").get(part.text(17)):
        found["docStatus"] = docs
    found["status"] = codes("document-available").get(part.text(19), "current")
    if draft.event == "T11":
        found["status"] = "entered-in-error"
    found["content"] = [{"attachment": {"contentType": media("", part.text(3))}}]
    if not part.text(3):
        del found["content"][0]["attachment"]["contentType"]
        found["content"][0]["attachment"]["title"] = part.text(2, 2) or part.text(2) or number
    _earlier(walk, found, part)
    walk.noted = None


def _earlier(walk: Walk, found: Resource, part: Part) -> None:
    """TXA-13: the document that this one adds to or takes the place of."""
    draft, parent = walk.draft, walk.number(part, 13)
    relation = codes("document-link").get(draft.event)
    if not parent or not relation:
        return
    identifier = {"system": systems.facility_numbers(draft.facility, "document"), "value": parent}
    target: Resource = {"type": "DocumentReference", "identifier": identifier}
    key = ("DocumentReference", draft.id("document", parent))
    draft.links.append((target, key))
    found["relatesTo"] = [{"code": relation, "target": target}]
    if relation == "replaces":
        older = draft.add(*key)
        older["status"] = "superseded"
        draft.merged.add(key)
        draft.only_known.add(key)


def content(walk: Walk, part: Part) -> None:
    """OBX after TXA: lines of text, or a file."""
    found = walk.document
    assert found is not None
    if part.text(2) == "ED":
        if (file := attachment(walk.draft, part)) is not None:
            _attach(found, file)
        return
    if part.text(2) == "RP" and part.text(5).startswith(("http://", "https://")):
        pointed: Resource = {"contentType": media(part.text(5, 3), part.text(5, 4)), "url": part.text(5)}
        title = part.text(3, 2) or part.text(3)
        _attach(found, pointed | {"title": title} if title else pointed)
        return
    if part.text(2) in ("TX", "FT", "ST", ""):
        walk.lines += [part.written(5, at) for at in range(1, max(part.count(5), 1) + 1)]


def finish(walk: Walk) -> None:
    """The text is one attachment with the lines as they came."""
    found, lines, draft = walk.document, walk.lines, walk.draft
    walk.document, walk.lines = None, []
    if found is not None and any(lines):
        text = "\n".join(lines)
        data = base64.b64encode(text.encode()).decode()
        title = found.get("type", {}).get("text")
        file: Resource = {"contentType": "text/plain; charset=utf-8", "data": data}
        _attach(found, file | {"title": title} if title else file)
    if found is not None and not _has_content(found):  # a notice says nothing of the content that is here
        key = ("DocumentReference", found["id"])
        draft.merged.add(key)
        draft.soft[key] = {"content"}


def _has_content(found: Resource) -> bool:
    return bool(found["content"][0]["attachment"].keys() & {"data", "url"})


def _attach(found: Resource, file: Resource) -> None:
    """In place of the mere announcement, or beside other content."""
    held = found["content"]
    if not _has_content(found):
        held.clear()
    held.append({"attachment": file})
