"""batch and transaction at the base: a batch's entries stand alone, a transaction's stand or fall together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from http import HTTPStatus

from hoso.access import Conflict, Done, execute
from hoso.api import routes, searching
from hoso.api.conditions import names_version
from hoso.api.definitions import spare
from hoso.api.doors import Doors
from hoso.api.failure import failed
from hoso.api.message import CONTENT, FHIR_JSON, Request, Response
from hoso.api.negotiate import check_content, check_format
from hoso.api.writing import JSON_PATCH
from hoso.core.clock import instant, to_ms
from hoso.core.errors import Refused
from hoso.core.ids import new_id
from hoso.fhir.bundle import Entry, placed, read
from hoso.fhir.json import encode
from hoso.fhir.outcome import outcome

LONG_FROM = 50
"""Entries from which a bundle is a long request."""

ANSWER_MB = 64
"""What the answers to one bundle may come to; the entries after it are answered with 413."""

_ALONE = frozenset(("$export", "$graphql"))
"""What is answered with no resource, so that no entry could hold it."""
_OUTCOME = b'{"resourceType":"OperationOutcome"'

_HEADER = {
    "ifMatch": "HTTP_IF_MATCH",
    "ifNoneMatch": "HTTP_IF_NONE_MATCH",
    "ifModifiedSince": "HTTP_IF_MODIFIED_SINCE",
    "ifNoneExist": "HTTP_IF_NONE_EXIST",
}


def process(doors: Doors, request: Request) -> Response:
    check_format(request)
    check_content(request)
    parcel = read(request.body, request.base)
    work = _batch if parcel.kind == "batch" else _transaction
    if len(parcel.entries) < LONG_FROM:
        answers = work(doors, request, list(parcel.entries))
    else:
        with doors.long.entered():
            answers = work(doors, request, list(parcel.entries))
    ordered = b",".join(answers[entry.place] for entry in parcel.entries)
    entries = b',"entry":[%b]' % ordered if ordered else b""
    kind, now = parcel.kind.encode(), instant(to_ms(doors.records.clock())).encode()
    text = b'{"resourceType":"Bundle","id":"%b","meta":{"lastUpdated":"%b"},"type":"%b-response"%b}'
    return Response(200, [CONTENT], text % (new_id().encode(), now, kind, entries))


def _batch(doors: Doors, request: Request, entries: list[Entry]) -> dict[int, bytes]:
    return _each(doors, request, entries)


def _each(doors: Doors, request: Request, entries: list[Entry]) -> dict[int, bytes]:
    """Every entry for itself, as long as the answers can still be held."""
    answers: dict[int, bytes] = {}
    size = 0
    for entry in entries:
        if size < ANSWER_MB * 1_000_000:
            answers[entry.place] = _answer(_one(doors, request, entry))
        else:
            refused = Refused.because(413, "too-costly", "bundle.answer-too-large", limit=str(ANSWER_MB))
            answers[entry.place] = _answer(failed(placed(refused, entry), request.language))
        size += len(answers[entry.place])
    return answers


def _transaction(doors: Doors, request: Request, entries: list[Entry]) -> dict[int, bytes]:
    reads = [entry for entry in entries if entry.reads]
    for entry in entries:
        if entry.reads:
            _check_read(doors, request, entry)
        else:
            spare(entry.type, entry.id or _own_id(entry))
    try:
        done = execute(doors.records, request.errand, entries)
    except Conflict as conflict:
        raise _conflicting(entries, conflict) from conflict
    wanted, base = request.prefers("return"), encode(request.base)[:-1]
    answers = {one.entry.place: _done(request, one, wanted, base) for one in done}
    return answers | _each(doors, request, reads)


def _own_id(entry: Entry) -> str | None:
    """The id under which a conditional update would make its record. A created one gets another in any case."""
    return entry.resource.get("id") if entry.method == "PUT" and entry.resource else None


def _check_read(doors: Doors, request: Request, entry: Entry) -> None:
    """A read that can mean nothing fails the transaction before anything is written."""
    sub = _sub_request(request, entry)
    try:
        if routes.interaction(sub) is searching.search and sub.path:
            searching.read(doors, sub)
    except Refused as refused:
        raise placed(refused, entry) from refused


def _conflicting(entries: list[Entry], conflict: Conflict) -> Refused:
    """412 when the entry of the conflict asked for a version; else two writers met by chance."""
    meant = [e for e in entries if e.type == conflict.type and e.id in (None, conflict.id) and not e.reads]
    expecting = [e for e in meant if "ifMatch" in e.conditions or "ifNoneMatch" in e.conditions]
    values = {"type": conflict.type, "id": conflict.id, "head": conflict.head or "–"}
    status, key = (412, "rest.version-differs") if expecting else (409, "rest.conflict")
    named = [entry for entry in expecting or meant if entry.id is not None] or expecting or meant
    return Refused.because(status, "conflict", key, named[0].expression if named else None, **values)


def _one(doors: Doors, request: Request, entry: Entry) -> Response:
    if entry.fault is not None:
        return failed(entry.fault, request.language)
    sub = _sub_request(request, entry)
    try:
        if sub.path == () or _ALONE.intersection(sub.path) or sub.path[0].startswith(("$export", "$import")):
            raise Refused.because(
                400, "not-supported", "bundle.bad-url", entry.expression, url="/".join(sub.path)[:100]
            )
        response = routes.interaction(sub)(doors, sub)
    except Refused as refused:
        return failed(placed(refused, entry), request.language)
    except Exception as error:  # an entry of a batch stands alone, whatever happens to it
        return failed(error, request.language, expected=names_version(sub))
    return response


def _sub_request(request: Request, entry: Entry) -> Request:
    headers = {_HEADER[name]: value for name, value in entry.conditions.items()}
    if request.header("HTTP_PREFER"):
        headers["HTTP_PREFER"] = str(request.header("HTTP_PREFER"))
    kind = FHIR_JSON
    body = entry.body
    if entry.method == "PATCH" and (entry.resource or {}).get("resourceType") != "Parameters":
        kind, body = JSON_PATCH, _patch_of(entry)
    return replace(
        request,
        method=entry.method,
        path=entry.path,
        query=entry.query,
        headers={**headers, "HTTP_ACCEPT": FHIR_JSON},
        body=body,
        content_type=kind,
        form="",
        xml=False,
    )


def _patch_of(entry: Entry) -> bytes:
    from base64 import b64decode

    data: Mapping[str, object] = entry.resource or {}
    try:
        return b64decode(str(data.get("data", "")), validate=True)
    except ValueError:
        return b""


def _answer(response: Response) -> bytes:
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    headers = dict(response.headers)
    reports = response.status >= 400 or ("Location" in headers and body.startswith(_OUTCOME))
    resource = b'"resource":%b,' % body if body and not reports else b""
    report = b',"outcome":%b' % body if body and reports else b""
    parts = [b'"status":%b' % encode(_status(response.status))]
    for name, member in (("Location", b"location"), ("ETag", b"etag")):
        if name in headers:
            parts.append(b'"%b":%b' % (member, encode(headers[name])))
    if response.updated is not None:
        parts.append(b'"lastModified":"%b"' % instant(response.updated).encode())
    return b'{%b"response":{%b%b}}' % (resource, b",".join(parts), report)


def _done(request: Request, done: Done, wanted: str | None, base: bytes) -> bytes:
    """`base` opens a JSON string; type, id and version are plain words."""
    saved, entry = done.saved, done.entry
    if saved.outcome == "deleted" or saved.version is None:
        etag = b',"etag":"W/\\"%b\\""' % saved.version.encode() if saved.version else b""
        return b'{"response":{"status":"204 No Content"%b}}' % etag
    sent = saved.outcome != "unchanged" and entry.method != "PATCH"
    shown = wanted == "representation" and (sent or request.actor.scopes.permits(saved.type, "r"))
    resource = b'"resource":%b,' % saved.body if shown and saved.body else b""
    notes = wanted == "OperationOutcome" or done.warnings
    report = b',"outcome":%b' % encode(outcome(done.warnings, request.language)) if notes else b""
    status = b"201 Created" if saved.outcome == "created" else b"200 OK"
    where, version = f"{saved.type}/{saved.id}".encode(), saved.version.encode()
    return (
        b'{"fullUrl":%b/%b",%b"response":{"status":"%b","location":"%b/_history/%b","etag":"W/\\"%b\\"",'
        b'"lastModified":"%b"%b}}'
    ) % (base, where, resource, status, where, version, version, _instant(saved.updated), report)


@lru_cache(64)
def _instant(ms: int) -> bytes:
    """What is saved together carries one time."""
    return instant(ms).encode()


def _status(code: int) -> str:
    return f"{code} {HTTPStatus(code).phrase}"
