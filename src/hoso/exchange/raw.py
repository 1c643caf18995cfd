"""The piece of input that records were made from, kept beside them byte by byte, and a Provenance that says so.

Both are named by the SHA-256 of the piece, so what comes again is known; the piece itself is RESTRICTED.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from hoso.access import Errand, Records
from hoso.exchange.documents import Arrived, Document
from hoso.fhir import json, labels

RAW_INPUT = "https://hoso.vn/sid/raw-input"


def digest(document: Document) -> str:
    return hashlib.sha256(document.data).hexdigest()


def keep(document: Document, *, content_type: str, recorded: str, who: dict[str, Any]) -> None:
    """Adds both to what arrived. `recorded` (an instant) and `who` (a Reference to the sender) come from the piece

    itself, so that the same piece always says the same.
    """
    name = digest(document)
    raw: dict[str, Any] = {
        "resourceType": "Binary",
        "id": name,
        "meta": {"security": [{"system": labels.system(), "code": "RESTRICTED"}]},
        "contentType": content_type,
    }
    if patient := next((one for one in document.arrived if one.type == "Patient"), None):
        raw["securityContext"] = {"reference": f"Patient/{patient.id}"}
    raw["data"] = base64.b64encode(document.data).decode()
    provenance = {
        "resourceType": "Provenance",
        "id": name,
        "target": [{"reference": f"{one.type}/{one.id}"} for one in document.arrived],
        "recorded": recorded,
        "agent": [{"who": who}],
        "entity": [{"role": "source", "what": {"identifier": {"system": RAW_INPUT, "value": name}}}],
    }
    document.arrived += [made(raw), made(provenance)]


def made(resource: dict[str, Any]) -> Arrived:
    """A resource of ours as one that arrived."""
    body = json.encode(resource)
    return Arrived(None, resource["resourceType"], resource["id"], body, json.parse(body), body)


def original(records: Records, errand: Errand, name: str) -> bytes | None:
    """The piece of that digest as it is kept, if it is."""
    head = records.read(errand, "Binary", name)
    return None if head is None or head.deleted else base64.b64decode(json.parse(head.body)["data"])
