"""Which interaction a method and a path mean; a known path with another method is 405 and says what is allowed."""

from __future__ import annotations

import re
from collections.abc import Callable

from hoso.access.trail import TYPE as AUDIT
from hoso.api import (
    auditing,
    bundles,
    capability,
    crossing,
    definitions,
    document,
    everything,
    exporting,
    graphql,
    health_book,
    history,
    immds,
    importing,
    insurance_xml,
    intake,
    lastn,
    link_events,
    matching,
    meta,
    reading,
    searching,
    stewardship,
    subscribing,
    summarising,
    terminology,
    validating,
    writing,
)
from hoso.api.doors import Doors
from hoso.api.message import Request, Response
from hoso.core.errors import Refused
from hoso.fhir.model import load

Interaction = Callable[[Doors, Request], Response]
Table = dict[str, Interaction]

ID = re.compile(r"[A-Za-z0-9.-]{1,64}\Z", re.ASCII)

SYSTEM: Table = {"GET": searching.search, "POST": bundles.process}
METADATA: Table = {"GET": capability.metadata}
SEARCH: Table = {"POST": searching.search}
HISTORY: Table = {"GET": history.history}
TYPE: Table = {
    "GET": searching.search,
    "POST": writing.create,
    "PUT": writing.update_where,
    "PATCH": writing.patch_where,
    "DELETE": writing.delete_where,
}
INSTANCE: Table = {
    "GET": reading.read,
    "PUT": writing.update,
    "PATCH": writing.patch,
    "DELETE": writing.delete,
}
VERSION: Table = {"GET": reading.vread}
COMPARTMENT: Table = {"GET": searching.search}
VALIDATE: Table = {"POST": validating.validate}
VALIDATE_INSTANCE: Table = {"GET": validating.validate_stored, "POST": validating.validate}
MATCH: Table = {"POST": matching.match}
MERGE: Table = {"POST": stewardship.merge}
UNMERGE: Table = {"POST": stewardship.unmerge}
SPLIT: Table = {"POST": stewardship.split}
LINK_EVENTS: Table = {"GET": link_events.link_events}
ACKNOWLEDGE: Table = {"POST": link_events.acknowledge_events}
AUDIT_SEARCH: Table = {"POST": auditing.search}
AUDIT_TYPE: Table = {"GET": auditing.search}
AUDIT_INSTANCE: Table = {"GET": auditing.read}
DEFINITION: Table = {"GET": definitions.read}
PIX: Table = {"GET": crossing.ihe_pix, "POST": crossing.ihe_pix}
META: Table = {"GET": meta.read}
META_ADD: Table = {"POST": meta.add}
META_DELETE: Table = {"POST": meta.delete}
LASTN: Table = {"GET": lastn.lastn, "POST": lastn.lastn}
DOCUMENT: Table = {"GET": document.document, "POST": document.document}
SUMMARY: Table = {"GET": summarising.summary, "POST": summarising.summary}
FORECAST: Table = {"POST": immds.forecast_of_data}
FORECAST_OF_ONE: Table = {"GET": immds.forecast_of_patient, "POST": immds.forecast_of_patient}
BOOK: Table = {"GET": health_book.of_patient, "POST": health_book.of_patient}
VISIT_XML: Table = {"GET": insurance_xml.visit_xml, "POST": insurance_xml.visit_xml}
EVERYTHING: Table = {"GET": everything.everything, "POST": everything.everything}
LOOKUP: Table = {"GET": terminology.lookup, "POST": terminology.lookup}
IN_SYSTEM: Table = {"GET": terminology.validate_in_system, "POST": terminology.validate_in_system}
IN_SET: Table = {"GET": terminology.validate_in_set, "POST": terminology.validate_in_set}
EXPAND: Table = {"GET": terminology.expand, "POST": terminology.expand}
SUBSUMES: Table = {"GET": terminology.subsumes, "POST": terminology.subsumes}
TRANSLATE: Table = {"GET": terminology.translate, "POST": terminology.translate}
SHIPPED: Table = {"GET": terminology.read}
SUBSCRIPTION_STATUS: Table = {"GET": subscribing.status, "POST": subscribing.status}
SUBSCRIPTION_EVENTS: Table = {"GET": subscribing.events, "POST": subscribing.events}
NO_WEBSOCKET: Table = {"GET": subscribing.no_websocket, "POST": subscribing.no_websocket}
GRAPHQL: Table = {"GET": graphql.answer, "POST": graphql.answer}
EXPORT: Table = {"GET": exporting.begin, "POST": exporting.begin}
EXPORT_STATUS: Table = {"GET": exporting.status, "DELETE": exporting.cancel}
EXPORT_FILE: Table = {"GET": exporting.file}
IMPORT: Table = {"POST": importing.begin}
IMPORT_STATUS: Table = {"GET": importing.status, "DELETE": importing.cancel}
IMPORT_FILE: Table = {"POST": importing.upload}
IMPORT_REFUSED: Table = {"GET": importing.refused_lines}


def interaction(request: Request) -> Interaction:
    """What to do. Raises Refused 404 for a path that is nothing, 405 for the wrong method."""
    table = _table(request.path, request.method)
    method = "GET" if request.method == "HEAD" else request.method
    found = table.get(method)
    if found is not None:
        return found
    allow = ", ".join([*table, *(["HEAD"] if "GET" in table else []), "OPTIONS"])
    if request.method == "OPTIONS":
        return lambda doors, request: Response(204, [("Allow", allow)])
    raise Refused.because(405, "not-supported", "rest.method", method=request.method[:20], allow=allow)


def _table(path: tuple[str, ...], method: str) -> Table:
    if not path:
        return SYSTEM
    first, rest = path[0], path[1:]
    if first == intake.PLACE:
        return intake.table(rest)
    if first in _SYSTEM and not rest:
        return _SYSTEM[first]
    if first in _BULK and len(rest) == _BULK[first][1]:
        return _BULK[first][0]
    if first not in load().type_number:
        key = "rest.unknown-operation" if first.startswith("$") else "rest.unknown-type"
        raise Refused.because(404, "not-supported", key, name=first[:80])
    if first == AUDIT and rest != ("$validate",):
        return _audit(first, rest, method)
    if not rest:
        return TYPE
    if len(rest) == 1 and rest[0] in _TYPE:
        return _TYPE[rest[0]]
    if len(rest) == 1 and first == "Patient" and rest[0] in _PATIENT:
        return _PATIENT[rest[0]]
    if (first, *rest) == ("Observation", "$lastn"):
        return LASTN
    if len(rest) == 1 and first == "Subscription" and rest[0] in _SUBSCRIPTION:
        return _SUBSCRIPTION[rest[0]]
    if len(rest) == 1 and rest[0] in _CODES.get(first, {}):
        return _CODES[first][rest[0]]
    _check_id(first, rest[0], method)
    if terminology.is_shipped(first, rest[0]):
        return _shipped(first, rest)
    if len(rest) == 1:
        return DEFINITION if first == "OperationDefinition" and rest[0] in definitions.IDS else INSTANCE
    return _below(first, rest[1:])


def _shipped(type: str, rest: tuple[str, ...]) -> Table:
    """What HoSo brings is read and asked; it has no history and is not written."""
    if len(rest) == 1:
        return SHIPPED
    if len(rest) == 2 and rest[1] in _CODES[type] and rest[1] != "$lookup":
        return _CODES[type][rest[1]]
    if rest[1].startswith("$"):
        raise Refused.because(404, "not-supported", "rest.unknown-operation", name=rest[1][:80])
    raise Refused.because(404, "not-found", "rest.no-such-place", path="/".join((type, *rest))[:100])


def _audit(type: str, rest: tuple[str, ...], method: str) -> Table:
    """The log is a view: read and searched, and whatever else is tried is told so."""
    if method in ("PUT", "PATCH", "DELETE") or (method == "POST" and rest != ("_search",)):
        return {method: auditing.refuse}
    if not rest:
        return AUDIT_TYPE
    if rest == ("_search",):
        return AUDIT_SEARCH
    _check_id(type, rest[0], method)
    if len(rest) == 1:
        return AUDIT_INSTANCE
    raise Refused.because(404, "not-found", "rest.no-such-place", path="/".join((type, *rest))[:100])


def _below(type: str, rest: tuple[str, ...]) -> Table:
    if rest == ("_history",):
        return HISTORY
    if len(rest) == 2 and rest[0] == "_history" and ID.match(rest[1]):
        return VERSION
    if type == "Group" and len(rest) == 1 and rest[0] in _ONE_GROUP:
        return _ONE_GROUP[rest[0]]
    if len(rest) == 3 and rest[0] == "_history" and ID.match(rest[1]) and rest[2] == "$meta":
        return META
    if len(rest) == 1 and rest[0] in _INSTANCE:
        return _INSTANCE[rest[0]]
    if len(rest) == 1 and rest[0] in _CODES.get(type, {}) and rest[0] != "$lookup":
        return _CODES[type][rest[0]]
    if type == "Subscription" and len(rest) == 1 and rest[0] in _ONE_SUBSCRIPTION:
        return _ONE_SUBSCRIPTION[rest[0]]
    if len(rest) == 1 and (type, rest[0]) in _OF_ONE:
        return _OF_ONE[type, rest[0]]
    if type == "Patient" and len(rest) == 1 and rest[0] in _ONE_PATIENT:
        return _ONE_PATIENT[rest[0]]
    if rest[0].startswith("$"):
        raise Refused.because(404, "not-supported", "rest.unknown-operation", name=rest[0][:80])
    if type in load().compartments and (rest[0] in load().type_number or rest[0] == "*"):
        if type == "Patient" and rest[0] == AUDIT and len(rest) == 1:
            return AUDIT_TYPE
        if type == "Patient" and rest == (AUDIT, "_search"):
            return AUDIT_SEARCH
        if len(rest) == 1:
            return COMPARTMENT
        if rest[1:] == ("_search",):
            return SEARCH
    raise Refused.because(404, "not-found", "rest.no-such-place", path="/".join((type, *rest))[:100])


def _check_id(type: str, id: str, method: str) -> None:
    if id.startswith("$"):
        raise Refused.because(404, "not-supported", "rest.unknown-operation", name=id[:80])
    if not ID.match(id):
        if method == "PUT":
            raise Refused.because(400, "value", "rest.bad-id", id=id[:80])
        raise Refused.because(404, "not-found", "rest.not-found", type=type, id=id[:64])


_SYSTEM = {
    "metadata": METADATA,
    "_search": SEARCH,
    "_history": HISTORY,
    "$graphql": GRAPHQL,
    "$immds-forecast": FORECAST,
}
_BULK = {
    "$export": (EXPORT, 0),
    "$export-status": (EXPORT_STATUS, 1),
    "$export-file": (EXPORT_FILE, 2),
    "$import": (IMPORT, 0),
    "$import-status": (IMPORT_STATUS, 1),
    "$import-file": (IMPORT_FILE, 0),
    "$import-refused": (IMPORT_REFUSED, 2),
}
"""Each with how many segments follow its name."""
_TYPE = {"_search": SEARCH, "_history": HISTORY, "$validate": VALIDATE}
_INSTANCE = {
    "$validate": VALIDATE_INSTANCE,
    "$meta": META,
    "$meta-add": META_ADD,
    "$meta-delete": META_DELETE,
    "$graphql": GRAPHQL,
}
_PATIENT = {
    "$export": EXPORT,
    "$match": MATCH,
    "$ihe-pix": PIX,
    "$merge": MERGE,
    "$link-events": LINK_EVENTS,
    "$acknowledge": ACKNOWLEDGE,
    "$summary": SUMMARY,
}
_CODES = {
    "CodeSystem": {"$lookup": LOOKUP, "$validate-code": IN_SYSTEM, "$subsumes": SUBSUMES},
    "ValueSet": {"$expand": EXPAND, "$validate-code": IN_SET},
    "ConceptMap": {"$translate": TRANSLATE},
}
_SUBSCRIPTION = {"$status": SUBSCRIPTION_STATUS, "$get-ws-binding-token": NO_WEBSOCKET}
_ONE_SUBSCRIPTION = {**_SUBSCRIPTION, "$events": SUBSCRIPTION_EVENTS}
_OF_ONE = {("Composition", "$document"): DOCUMENT, ("Encounter", "$insurance-xml"): VISIT_XML}
_ONE_GROUP = {"$export": EXPORT, "$everything": EVERYTHING}
_ONE_PATIENT = {
    "$everything": EVERYTHING,
    "$summary": SUMMARY,
    "$health-book": BOOK,
    "$immds-forecast": FORECAST_OF_ONE,
    "$unmerge": UNMERGE,
    "$split": SPLIT,
}
