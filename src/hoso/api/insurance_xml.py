"""Encounter/[id]/$insurance-xml: a visit as the file that the insurance takes, for whoever may take it along.

What the decision asks for and the record does not say is told field by field, instead of a file that would be refused
elsewhere; `partial` gives the file all the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hoso.api.doors import Doors
from hoso.api.message import CONTENT, Request, Response
from hoso.api.parameters import Form, given
from hoso.api.reading import live
from hoso.core.errors import Issue, Refused
from hoso.exchange.insurance.definitions import fields
from hoso.exchange.insurance.writing import Dialect, Missing, written
from hoso.exchange.outgoing import facility_of, gathered
from hoso.fhir.json import encode, exact

FORMS = {"dialect": Form("string"), "partial": Form("boolean"), "plain": Form("boolean")}
DIALECTS: dict[str, Dialect] = {"4750": "4750", "3176": "3176"}
ID = "hoso-encounter-insurance-xml"
_TOLD = 100
"""Fields that one answer lists."""


def visit_xml(doors: Doors, request: Request) -> Response:
    asked = given(request, FORMS)
    name = str(asked.one("dialect") or "3176")
    dialect = DIALECTS.get(name)
    if dialect is None:
        known, place = ", ".join(DIALECTS), asked.place("dialect")
        raise Refused.because(400, "not-supported", "insurance.dialect", place, dialect=name[:40], known=known)
    errand = replace(request.errand, activity="export", channel="export")
    id = request.path[1]
    encounter = live(doors.records.read(errand, "Encounter", id), "Encounter", id)
    facility = facility_of(doors.records, errand, exact(encounter.body))
    if not facility:
        raise Refused.because(422, "required", "insurance.of-no-facility", id=id)
    with doors.long.entered():
        held = gathered(doors.records, errand, encounter)
        if held.withheld and not asked.one("partial"):
            raise Refused.because(403, "forbidden", "insurance.withheld", types=", ".join(held.withheld))
        file = written(held.resources, dialect=dialect, facility=facility, plain=bool(asked.one("plain")))
    if file.missing and not asked.one("partial"):
        raise Refused(422, *(_issue(one, dialect) for one in file.missing[:_TOLD]))
    saved = ("Content-Disposition", f'attachment; filename="{facility}-{id}.xml"')
    return Response(200, [("Content-Type", "application/xml; charset=utf-8"), saved], file.body)


def _issue(one: Missing, dialect: Dialect) -> Issue:
    place = f"{one.table}[{one.row}].{one.field}"
    field = fields(dialect)[one.table, one.field]
    limit = str(field.length or "")
    return Issue("required", f"insurance.write-{one.reason}", {"place": place, "limit": limit}, place)


def definition(url: str, date: str) -> dict[str, Any]:
    """The OperationDefinition."""
    words = {
        "dialect": "4750 or 3176 (the default): the decision whose fields and lengths are followed.",
        "partial": "The file also when fields are missing that the decision asks for.",
        "plain": "The inner tables as XML in place of base64.",
    }
    return {
        "resourceType": "OperationDefinition",
        "id": ID,
        "url": f"{url}{ID}",
        "name": "HosoEncounterInsuranceXml",
        "title": "A visit as insurance XML",
        "status": "active",
        "kind": "operation",
        "experimental": False,
        "date": date,
        "description": "The visit with its tables as the insurance of Viet Nam takes it (GIAMDINHHS). 422 names the"
        " fields that the decision asks for and the record does not say.",
        "affectsState": False,
        "code": "insurance-xml",
        "resource": ["Encounter"],
        "system": False,
        "type": False,
        "instance": True,
        "parameter": [
            {"name": name, "use": "in", "min": 0, "max": "1", "type": form.kind, "documentation": words[name]}
            for name, form in FORMS.items()
        ]
        + [{"name": "return", "use": "out", "min": 1, "max": "1", "type": "Binary"}],
    }


def read_definition(url: str, date: str) -> Response:
    return Response(200, [CONTENT], encode(definition(url, date)))
