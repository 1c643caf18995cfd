"""The WSGI callable of `/fhir` and `/healthz`: who asks, what for, what leaves; every fault is an OperationOutcome."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from hoso.access import Actor, Errand, Records, Tokens, trace, usual_purpose
from hoso.access.bulk import Exports
from hoso.access.guides import Guides
from hoso.access.subscribing.desk import SubscriptionDesk
from hoso.access.trail import Trail
from hoso.api.body import Bodies
from hoso.api.conditions import names_version
from hoso.api.doors import Doors, Identity
from hoso.api.failure import failed
from hoso.api.formats import in_json, in_xml
from hoso.api.intake import PLACE
from hoso.api.links import Seal
from hoso.api.message import CONTENT, Request, Response, http_date
from hoso.api.negotiate import compressed, pretty, spoken, takes_json, wants_pretty
from hoso.api.patience import Patience
from hoso.api.routes import ID, interaction
from hoso.core.errors import Refused
from hoso.core.ids import new_id
from hoso.exchange.imports import Imports
from hoso.exchange.intake import Intake
from hoso.fhir.model import load
from hoso.fhir.outcome import preferred
from hoso.transit.edge import CERTIFICATE

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

_SECURITY = [
    ("Cache-Control", "no-store"),
    ("X-Content-Type-Options", "nosniff"),
    ("Vary", "Authorization, Accept, Accept-Encoding, Accept-Language, Prefer"),
]
_HOST = re.compile(r"([A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63}){0,9}|\[[0-9A-Fa-f:.]{2,45}\])(:\d{1,5})?\Z", re.ASCII)
_DRESSED = frozenset(("HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE", "HTTP_ACCEPT_ENCODING"))
_FORM = "application/x-www-form-urlencoded"
_WITH_BODY = ("POST", "PUT", "PATCH")


class Settings(Protocol):
    @property
    def base_url(self) -> str: ...
    @property
    def fhir_url(self) -> str: ...
    @property
    def largest_request(self) -> int: ...


def application(
    records: Records,
    tokens: Tokens,
    seal: Seal,
    settings: Settings,
    patience: Patience | None = None,
    identity: Identity | None = None,
    trail: Trail | None = None,
    exports: Exports | None = None,
    guides: Guides | None = None,
    subscriptions: SubscriptionDesk | None = None,
    imports: Imports | None = None,
    intake: Intake | None = None,
    alarms: Callable[[], Sequence[str]] = tuple,
) -> Application:
    """The systems' door of one worker process; `patience` is shared by all its doors.

    `alarms`: what is not as it must be on this node, for those who may look into its log.
    """
    doors = Doors(records, seal, identity, trail, exports, guides, subscriptions, imports, intake)
    bodies = Bodies(settings.largest_request, patience)
    types = frozenset(load().resource_types) - {"Binary", "AuditEvent"}

    def serve(environ: Environ, start: StartResponse) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] == "GET" and not environ["QUERY_STRING"]:
            quick = _plain_read(environ, path.split("/"))
            if quick is not None:
                start("200 OK", quick[0])
                return [quick[1]]
        response = _answer(environ, path)
        start(f"{response.status} {_REASONS.get(response.status, 'Status')}", response.headers + _SECURITY)
        return [response.body] if isinstance(response.body, bytes) else response.body

    def _plain_read(environ: Environ, parts: list[str]) -> tuple[list[tuple[str, str]], bytes] | None:
        """The commonest request by far, without any ceremony; None sends it the long way round."""
        if len(parts) != 4 or parts[1] != "fhir" or parts[2] not in types or not ID.match(parts[3]):
            return None
        if not _DRESSED.isdisjoint(environ) or not takes_json(environ.get("HTTP_ACCEPT", "")):
            return None
        try:
            actor = tokens.actor(environ.get("HTTP_AUTHORIZATION", ""), environ.get(CERTIFICATE, ""))
            if actor is None:
                return None
            version = records.read(errand_of(actor, environ), parts[2], parts[3])
        except Exception:
            return None  # met again on the long way, where it is answered
        if version is None or version.deleted:
            return None
        modified = http_date(version.updated // 1000)
        return [CONTENT, ("ETag", f'W/"{version.version}"'), ("Last-Modified", modified), *_SECURITY], version.body

    def _answer(environ: Environ, path: str) -> Response:
        language = preferred(environ.get("HTTP_ACCEPT_LANGUAGE"))
        expected, xml, indented = False, _xml(environ), False
        try:
            if path == "/healthz":
                return _health(records, _known(environ), alarms)
            request = _request(environ, path)
            request.language = language
            request.xml = xml = _xml(environ, request.form) if request.form else xml
            expected = names_version(request)
            response = interaction(request)(doors, request)
            indented = wants_pretty(request)
            if indented and not xml and isinstance(response.body, bytes) and response.body:
                response.body = pretty(response.body)
        except Exception as error:  # the rim: whatever went wrong, the caller gets an OperationOutcome
            response = failed(error, language, expected=expected)
        if xml:
            response = in_xml(response, environ["REQUEST_METHOD"], language, pretty=indented)
        return compressed(response, environ.get("HTTP_ACCEPT_ENCODING") or "")

    def _known(environ: Environ) -> Actor | None:
        return tokens.actor(environ.get("HTTP_AUTHORIZATION", ""), environ.get(CERTIFICATE, ""))

    def _request(environ: Environ, path: str) -> Request:
        segments = _segments(path)
        method: str = environ["REQUEST_METHOD"]
        own = settings.fhir_url or own_address(environ)
        if segments == ("metadata",) or method == "OPTIONS":
            actor = _ANYONE
        else:
            known = _known(environ)
            if known is None:
                if environ.get("HTTP_AUTHORIZATION"):
                    records.stranger(environ.get("REMOTE_ADDR", ""))
                raise Refused.because(401, "login", "rest.token")
            actor = known
        base = f"{own}/fhir"
        request = Request(method, segments, _query(environ), environ, errand_of(actor, environ, base), base)
        request.signing_in = settings.base_url or own
        if method in _WITH_BODY:
            _read_body(environ, request)
        return request

    def _read_body(environ: Environ, request: Request) -> None:
        interaction(request)  # a path that is nothing is refused before its body is read
        request.content_type = _content_type(environ)
        request.body = bodies.read(environ, request.actor.id)
        if request.path[-1:] == ("_search",):
            request.form, request.body = _form(request), b""
        elif request.body and request.path[:1] != (PLACE,):
            in_json(request)

    return serve


def _xml(environ: Environ, form: str = "") -> bool:
    if _is_intake(environ["PATH_INFO"]):
        return False
    kind = _content_type(environ) if environ["REQUEST_METHOD"] in _WITH_BODY else ""
    return spoken(environ.get("HTTP_ACCEPT", ""), kind, environ.get("QUERY_STRING", ""), form) == "xml"


def _content_type(environ: Environ) -> str:
    return environ.get("CONTENT_TYPE") or environ.get("HTTP_CONTENT_TYPE") or ""


_ANYONE = Actor("anyone")


def errand_of(actor: Actor, environ: Environ, base: str = "") -> Errand:
    session, address = trace(environ.get("HTTP_AUTHORIZATION", "")), environ.get("REMOTE_ADDR", "")
    return Errand(actor, usual_purpose(actor), request=new_id(), session=session, address=address, base=base)


def _query(environ: Environ) -> str:
    """The query as it was sent: WSGI hands bytes over as Latin-1, and what came unescaped (`name=Đỗ`) is UTF-8."""
    text: str = environ.get("QUERY_STRING", "")
    try:
        return text if text.isascii() else text.encode("latin-1").decode()
    except UnicodeError as error:
        raise Refused.because(400, "value", "rest.query-not-utf8") from error


def _form(request: Request) -> str:
    if request.body and request.content_type.split(";")[0].strip().lower() != _FORM:
        raise Refused.because(415, "not-supported", "rest.form-type", type=request.content_type[:80])
    try:
        return request.body.decode()
    except UnicodeDecodeError as error:
        raise Refused.because(400, "value", "rest.query-not-utf8") from error


def _segments(path: str) -> tuple[str, ...]:
    """The parts below /fhir, or those of /intake; a closing slash is forgiven, an empty part is not."""
    if _is_intake(path):
        return (PLACE, *path.removesuffix("/").split("/")[2:])
    if path != "/fhir" and not path.startswith("/fhir/"):
        raise Refused.because(404, "not-found", "rest.no-such-place", path=path[:100])
    below = path[6:].removesuffix("/")
    return tuple(below.split("/")) if below else ()


def _is_intake(path: str) -> bool:
    """Where files of any format come, so that no body is taken for a resource."""
    return path == PLACE or path.startswith(f"{PLACE}/")


def own_address(environ: Environ) -> str:
    """The address the caller used. A Host that is not plainly one never reaches a link."""
    host = environ.get("HTTP_HOST") or ""
    if not _HOST.match(host):
        raise Refused.because(400, "value", "rest.bad-host")
    return f"{environ.get('wsgi.url_scheme', 'http')}://{host}"


def _health(records: Records, actor: Actor | None, alarms: Callable[[], Sequence[str]]) -> Response:
    """To a stranger it says nothing but that it answers."""
    records.alive()
    watched = actor is not None and not actor.role and actor.scopes.permits("AuditEvent", "s")
    lines = ["ok", *(f"alarm: nobody can sign in as {office}" for office in (alarms() if watched else ()))]
    return Response(200, [("Content-Type", "text/plain; charset=utf-8")], "".join(f"{one}\n" for one in lines).encode())


_REASONS = {
    200: "OK", 201: "Created", 202: "Accepted", 204: "No Content", 304: "Not Modified", 400: "Bad Request",
    401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
    408: "Request Timeout", 409: "Conflict", 410: "Gone", 411: "Length Required", 412: "Precondition Failed",
    413: "Content Too Large", 415: "Unsupported Media Type", 422: "Unprocessable Content", 429: "Too Many Requests",
    500: "Internal Server Error", 503: "Service Unavailable", 507: "Insufficient Storage",
}  # fmt: skip
