"""The OperationDefinitions of HoSo's own operations, made from the very tables by which requests are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from hoso.api import health_book, immds, insurance_xml, link_events, stewardship
from hoso.api.doors import Doors
from hoso.api.message import CONTENT, Request, Response
from hoso.api.negotiate import check_format
from hoso.api.parameters import MANY, Form, Kind
from hoso.api.terminology import is_shipped
from hoso.core.errors import Refused
from hoso.fhir.json import encode

URL = "https://hoso.vn/fhir/OperationDefinition/"
DATE = "2026-11-26"

_TYPES: Mapping[Kind, str] = {"resource": "Patient"}
_Out = tuple[str, str, int, str]
"""Name, type, min, max of what comes back."""


@dataclass(frozen=True, slots=True)
class _Operation:
    code: str
    title: str
    text: str
    forms: Mapping[str, Form]
    needed: tuple[str, ...]
    out: tuple[_Out, ...]
    instance: bool = False
    changes: bool = True


_OUTCOME: _Out = ("outcome", "OperationOutcome", 1, "1")
_OPERATIONS = (
    _Operation(
        "merge", "Merge two persons",
        "Two persons are one. The older keeps its code, whichever is named source or target; no facility's record is"
        " changed. With clinical data on both sides the answer is 202 with a Task, and a second caller must ask for the"
        " same. The parameters are those of the merge operation of the FHIR R5 and R6 ballots, with a reason.",
        stewardship.MERGE, (),
        (_OUTCOME, ("result", "Patient", 1, "1"), ("task", "Task", 0, "1")),
    ),
    _Operation(
        "unmerge", "Take back the last merge of a person",
        "What came with the person goes back to it, under its own code; the two are kept apart from now on.",
        stewardship.UNMERGE, ("reason",),
        (_OUTCOME, ("restored", "Patient", 1, "1"), ("survivor", "Patient", 1, "1"),
         ("record", "Reference", 0, "*"), ("review", "Reference", 0, "*")), instance=True,
    ),
    _Operation(
        "split", "Give records of a person to another one",
        "Some records of the person are somebody else's: they become a person of their own, or go back to the one they"
        " came with by a merge; the two are kept apart from now on.",
        stewardship.SPLIT, ("record", "reason"),
        (_OUTCOME, ("restored", "Patient", 1, "1"), ("survivor", "Patient", 1, "1"),
         ("record", "Reference", 1, "*"), ("review", "Reference", 0, "*")), instance=True,
    ),
    _Operation(
        "link-events", "What was linked, merged, unmerged and split",
        "Events after a number of the feed, each as a message of IHE PMIR, in the order of the feed.",
        link_events.EVENTS, (), (("return", "Bundle", 1, "1"),), changes=False,
    ),
    _Operation(
        "acknowledge", "Say that unmerges and splits were dealt with",
        "The caller has parted in its own records what these events part. Saying so twice changes nothing.",
        link_events.ACKNOWLEDGE, ("event",), (_OUTCOME,),
    ),
)  # fmt: skip

IMPORT = "hoso-import"
IDS = frozenset(
    (IMPORT, health_book.ID, insurance_xml.ID, immds.ID, *(f"hoso-patient-{one.code}" for one in _OPERATIONS))
)


def read(doors: Doors, request: Request) -> Response:
    check_format(request)
    id = request.path[1]
    if id == IMPORT:
        doors.with_imports()
        return Response(200, [CONTENT], encode(_import()))
    if id == insurance_xml.ID:
        return insurance_xml.read_definition(URL, DATE)
    if id == health_book.ID:
        return health_book.read_definition(URL, DATE)
    if id == immds.ID:
        return immds.read_definition(URL, DATE)
    doors.with_identity()
    return Response(200, [CONTENT], encode(definitions()[id]))


def spare(type: str, id: str | None) -> None:
    """Refuses to have a definition of ours overwritten, or the audit log written."""
    if type == "AuditEvent":
        raise Refused.because(405, "not-supported", "rest.audit-is-a-view", method="transaction")
    if type == "OperationDefinition" and id in IDS:
        raise Refused.because(405, "not-supported", "identity.reserved", type=type)
    if is_shipped(type, id):
        raise Refused.because(405, "not-supported", "terminology.reserved", type=type, id=str(id))


def listed() -> list[dict[str, str]]:
    """As the CapabilityStatement names them."""
    return [{"name": one.code, "definition": f"{URL}hoso-patient-{one.code}"} for one in _OPERATIONS]


@cache
def definitions() -> dict[str, dict[str, Any]]:
    return {f"hoso-patient-{one.code}": _definition(one) for one in _OPERATIONS}


def _import() -> dict[str, Any]:
    parts = [("type", "code"), ("url", "url")]
    return {
        "resourceType": "OperationDefinition",
        "id": IMPORT,
        "url": f"{URL}{IMPORT}",
        "name": "HosoImport",
        "title": "Bring many records in",
        "status": "active",
        "kind": "operation",
        "experimental": False,
        "date": DATE,
        "description": "Takes in files of NDJSON that were uploaded to $import-file, beside other work: 202 with the"
        " address of the status. The parameters are those of the manifest of the SMART proposal.",
        "affectsState": True,
        "code": "import",
        "system": True,
        "type": False,
        "instance": False,
        "parameter": [
            {"name": "inputFormat", "use": "in", "min": 1, "max": "1", "type": "code"},
            {"name": "inputSource", "use": "in", "min": 0, "max": "1", "type": "uri"},
            {
                "name": "input",
                "use": "in",
                "min": 1,
                "max": "100",
                "part": [{"name": name, "use": "in", "min": 1, "max": "1", "type": type} for name, type in parts],
            },
        ],
    }


def _definition(one: _Operation) -> dict[str, Any]:
    id = f"hoso-patient-{one.code}"
    return {
        "resourceType": "OperationDefinition",
        "id": id,
        "url": f"{URL}{id}",
        "name": "".join(part.capitalize() for part in id.split("-")),
        "title": one.title,
        "status": "active",
        "kind": "operation",
        "experimental": False,
        "date": DATE,
        "description": one.text,
        "affectsState": one.changes,
        "code": one.code,
        "resource": ["Patient"],
        "system": False,
        "type": not one.instance,
        "instance": one.instance,
        "parameter": [
            *(_in(name, form, name in one.needed) for name, form in one.forms.items()),
            *({"name": n, "use": "out", "min": low, "max": high, "type": type} for n, type, low, high in one.out),
        ],
    }


def _in(name: str, form: Form, needed: bool) -> dict[str, Any]:
    most = "*" if form.max == MANY else str(form.max)
    kind = _TYPES.get(form.kind, form.kind)
    return {"name": name, "use": "in", "min": int(needed), "max": most, "type": kind}
