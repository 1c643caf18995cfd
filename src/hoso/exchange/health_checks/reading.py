"""One health check, a dossier of a package or a row of a sheet, as the records it asks for, its raw form beside them.

A check that comes again under its number (MA_LK) replaces what was made of it before; one under a number that belongs
to somebody else's check is refused, since software that numbers every row the same would mix people.
"""

from __future__ import annotations

import io
import re
from typing import Any

import orjson

from hoso.core import Issue, Refused, fold
from hoso.exchange import insurance, raw
from hoso.exchange.documents import Document, Fault
from hoso.exchange.health_checks.definitions import package
from hoso.exchange.health_checks.dossier import Cell, Dossier, of_cells, of_visit
from hoso.exchange.health_checks.resources import map_dossier
from hoso.exchange.health_checks.sheet import TOLD, is_row
from hoso.exchange.insurance import values
from hoso.exchange.replaced import all_retracted
from hoso.exchange.tally import UNKNOWN
from hoso.exchange.visits import Door, refer, targets
from hoso.fhir import json, systems
from hoso.identity.match.tokens import one_slip

_GLN = re.compile(r"893\d{10}\Z", re.ASCII)


def read(data: bytes, number: int, door: Door) -> Document:
    """The records of one check, the `number`th of its file; all of it or, with the reasons, nothing."""
    document = Document(False, data, in_order=True, as_read=True)
    try:
        for dossier in dossiers(data, number):
            _take(document, dossier, door)
    except Refused as refused:
        document.refuse_whole(*refused.issues)
    return document


def dossiers(data: bytes, number: int) -> list[Dossier]:
    """What a piece holds; one, unless a file was never cut. Raises Refused."""
    if is_row(data):
        return [_of_row(data)]
    reading = insurance.read(io.BytesIO(data), first=number, shape=package())
    return [of_visit(visit, reading.made) for visit in reading]


def _of_row(data: bytes) -> Dossier:
    try:
        row = orjson.loads(data)
        place = Cell(str(row["sheet"]), int(row["row"]))
        cells = {str(name): str(text) for name, text in row["cells"].items()}
        found = of_cells(cells, place, str(row["facility"]))
        for name, mark in row.get("marks", {}).items():
            if mark in TOLD:
                lost = place._replace(field=str(name))
                found.issues.append(lost.issue("value", f"ksk.cell-{mark}", "warning"))
        if row.get("again"):
            found.issues.append(place.issue("duplicate", "ksk.twice", row=str(row["again"])))
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        raise Refused.because(400, "structure", "ksk.no-row") from None
    return found


def _take(document: Document, dossier: Dossier, door: Door) -> None:
    _known_by_gln(dossier, door)
    mapped = map_dossier(dossier)
    document.facility, document.label = dossier.facility, dossier.label
    document.warnings += [issue for issue in mapped.issues if issue.severity == "warning"]
    errors = [issue for issue in mapped.issues if issue.severity == "error"]
    if mapped.resources and (issue := _of_another(mapped.resources[0], dossier, door)):
        errors.append(issue)
    if errors:
        document.faults.append(Fault(None, (UNKNOWN,), tuple(errors), document.data))
        return
    kept = [(type, raw.digest(document)) for type in ("Binary", "Provenance")]
    heads = door.heads([*((one["resourceType"], one["id"]) for one in mapped.resources), *kept])
    encounter = mapped.resources[1]["id"]
    inputs = door.inputs(encounter) if ("Encounter", encounter) in heads else []
    for resource in mapped.resources:
        refer(resource, door)
        document.arrived.append(raw.made(resource))
    here = {(one.type, one.id) for one in document.arrived}
    who = mapped.resources[1]["serviceProvider"]
    raw.keep(document, content_type=_content_type(document.data), recorded=_recorded(dossier), who=who)
    if raw.digest(document) in [one.id for one in inputs[1:]]:
        for item in document.arrived:
            item.present = True  # this very form was followed by another: a replay corrects nothing back
        return
    made = {key for one in inputs for key in targets(one)}
    gone = door.heads(sorted(made - here))
    document.arrived += [raw.made(one) for one in all_retracted(gone.values())]


def _recorded(dossier: Dossier) -> str:
    """When the sender made the file, else the time of the check: the same piece always says the same."""
    moment = values.moment(dossier.made) or values.moment(dossier.get("NGAY_VAO")) or dossier.examined
    if len(moment) < 10:
        moment = dossier.examined
    return moment if len(moment) > 10 else f"{moment}T00:00:00{values.ZONE}"


def _known_by_gln(dossier: Dossier, door: Door) -> None:
    """A facility that is named by its GLN alone, by its code here."""
    if not _GLN.match(dossier.facility):
        return
    found = door.find(f"Organization?identifier={systems.GLN}|{dossier.facility}")
    listed = json.parse(found.body).get("identifier", ()) if found else ()
    codes = [str(one["value"]) for one in listed if one.get("system") == systems.FACILITY_CODE]
    dossier.facility = next(iter(codes), dossier.facility)


def _content_type(data: bytes) -> str:
    return "application/json" if is_row(data) else "application/xml"


def _letters(name: str) -> str:
    """What is left of a name when accents, capitals, order and spaces are corrected."""
    return "".join(sorted(fold(name).replace(" ", "")))


def _of_another(patient: dict[str, Any], dossier: Dossier, door: Door) -> Issue | None:
    """Whether the number of this check is that of a check of somebody else: another name, by more than a slip."""
    head = door.heads([("Patient", patient["id"])]).get(("Patient", patient["id"]))
    if head is None or head.deleted:
        return None
    here = json.parse(head.body)
    same_birth = here.get("birthDate") == patient.get("birthDate") and here.get("gender") == patient.get("gender")
    written = _letters(dossier.get("HO_TEN"))
    named = [_letters(one.get("text", "")) for one in here.get("name", ())]
    if written in named or (same_birth and any(one_slip(written, name) for name in named)):
        return None
    return dossier.at("MA_LK").issue("conflict", "ksk.other-person", number=dossier.get("MA_LK")[:40])
