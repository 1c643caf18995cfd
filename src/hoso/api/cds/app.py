"""The WSGI callable of `/cds-services`: who asks, which service, and every fault as an OperationOutcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Protocol
from uuid import uuid4

from hoso.access import Errand, Records, Tokens
from hoso.access.notes import Notes
from hoso.api.app import errand_of, own_address
from hoso.api.body import Bodies
from hoso.api.cds import asked, cards, feedback
from hoso.api.cds.record import record_of
from hoso.api.cds.services import SERVICES, discovery
from hoso.api.doors import Doors
from hoso.api.failure import failed
from hoso.api.links import Seal
from hoso.api.message import Request, Response
from hoso.api.negotiate import compressed
from hoso.api.patience import Patience
from hoso.care import CARD_TYPES
from hoso.care.orders import ORDER_TYPES
from hoso.core.errors import Refused
from hoso.fhir.json import encode
from hoso.fhir.outcome import Language, preferred
from hoso.transit.edge import CERTIFICATE

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

HERE = "/cds-services"
LARGEST = 4_000_000
"""Bytes of a request: fifty orders and what a hospital prefetches are far less."""
_JSON = ("Content-Type", "application/json; charset=utf-8")
_HEADERS = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
_TAKEN = ("application/json", "application/fhir+json")
_NO_PAGES = Seal(bytes(32))


class Settings(Protocol):
    @property
    def base_url(self) -> str: ...
    @property
    def largest_request(self) -> int: ...


def is_cds(path: str) -> bool:
    return path == HERE or path.startswith(f"{HERE}/")


def application(records: Records, tokens: Tokens, settings: Settings, patience: Patience | None = None) -> Application:
    bodies = Bodies(min(LARGEST, settings.largest_request), patience)
    doors = Doors(records, _NO_PAGES)

    def serve(environ: Environ, start: StartResponse) -> Iterable[bytes]:
        language = _language(environ)
        try:
            response = _answer(environ, language)
        except Exception as error:  # the rim: whatever went wrong, the caller gets an OperationOutcome
            response = failed(error, language)
        response = compressed(response, environ.get("HTTP_ACCEPT_ENCODING") or "")
        start(f"{response.status} {HTTPStatus(response.status).phrase}", response.headers + _HEADERS)
        return [response.body] if isinstance(response.body, bytes) else response.body

    def _answer(environ: Environ, language: Language) -> Response:
        service, kind = _service(environ["PATH_INFO"])
        if not service:
            _check_method(environ, "GET", "HEAD")
            return _json(discovery(language), language)
        _check_method(environ, "POST")
        errand = _caller(environ)
        body = _body(environ, errand)
        if kind == "feedback":
            return _feedback(errand, service, body)
        with doors.long.entered():
            return _advice(environ, errand, service, body, language)

    def _caller(environ: Environ) -> Errand:
        actor = tokens.actor(environ.get("HTTP_AUTHORIZATION", ""), environ.get(CERTIFICATE, ""))
        if actor is None:
            if environ.get("HTTP_AUTHORIZATION"):
                records.stranger(environ.get("REMOTE_ADDR", ""))
            raise Refused.because(401, "login", "rest.token")
        return errand_of(actor, environ)

    def _body(environ: Environ, errand: Errand) -> bytes:
        type = (environ.get("CONTENT_TYPE") or environ.get("HTTP_CONTENT_TYPE") or "").partition(";")[0].strip()
        if type.lower() not in _TAKEN:
            raise Refused.because(415, "not-supported", "cds.content", type=type[:80])
        return bodies.read(environ, errand.actor.id)

    def _advice(environ: Environ, errand: Errand, service: str, body: bytes, language: Language) -> Response:
        call = asked.read(service, body)
        home = settings.base_url or own_address(environ)
        noting = replace(errand, notes=Notes(), base=f"{home}/fhir")
        request = Request("POST", (service,), "", environ, noting, f"{home}/fhir", language)
        types = CARD_TYPES if service == "patient-view" else ORDER_TYPES
        record = record_of(doors, request, call.patient, types, call.prefetched, call.drafts)
        found = (
            cards.at_a_glance(record, home, language)
            if service == "patient-view"
            else cards.of_orders(call, record, home, language)
        )
        made, line = cards.numbered(found, str(uuid4()))
        records.noted(noting, f"cds-services/{service} {line}", "read")
        return _json({"cards": made}, language)

    def _feedback(errand: Errand, service: str, body: bytes) -> Response:
        for told in feedback.read(service, body):
            records.acted(replace(errand, reason=told.reason), "cds-feedback", told.what)
        return Response(200, [_JSON], b"{}")

    return serve


def _service(path: str) -> tuple[str, str]:
    """(service, "feedback" or ""); ("", "") for the list of services."""
    match path.removeprefix(HERE).strip("/").split("/"):
        case [""]:
            return "", ""
        case [name] if name in SERVICES:
            return name, ""
        case [name, "feedback"] if name in SERVICES:
            return name, "feedback"
        case parts:
            raise Refused.because(404, "not-found", "cds.no-service", name="/".join(parts)[:80])


def _check_method(environ: Environ, *allowed: str) -> None:
    method = str(environ["REQUEST_METHOD"])
    if method not in allowed:
        raise Refused.because(405, "not-supported", "rest.method", method=method[:20], allow=", ".join(allowed))


def _json(tree: dict[str, Any], language: Language) -> Response:
    return Response(200, [_JSON, ("Content-Language", language), ("Vary", "Accept-Language")], encode(tree))


def _language(environ: Environ) -> Language:
    """Vietnamese, unless somebody asks for something."""
    wanted = environ.get("HTTP_ACCEPT_LANGUAGE")
    return preferred(wanted) if wanted else "vi"
