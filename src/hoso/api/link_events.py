"""Patient/$link-events and $acknowledge: what was linked, merged and parted, as messages of IHE PMIR (ITI-93)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hoso.api.doors import Doors
from hoso.api.links import url
from hoso.api.message import CONTENT, Request, Response
from hoso.api.negotiate import check_format
from hoso.api.pages import bundle, without_entries
from hoso.api.parameters import Form, given, required
from hoso.core.clock import instant, to_ms
from hoso.core.errors import Issue, Refused
from hoso.fhir.json import encode
from hoso.fhir.outcome import outcome
from hoso.fhir.systems import LINK_EVENT_KIND, LINK_EVENT_NUMBER
from hoso.identity.feed import EVENT_URI, Told, acknowledge, events, unacknowledged

EVENTS: dict[str, Form] = {
    "_since": Form("integer"),
    "_count": Form("integer"),
    "unacknowledged": Form("boolean"),
}
MOST_EVENTS = 1_000
ACKNOWLEDGE: dict[str, Form] = {"event": Form("Reference", MOST_EVENTS)}
USUAL = 100


def link_events(doors: Doors, request: Request) -> Response:
    check_format(request)
    doors.with_identity()
    asked = given(request, EVENTS)
    count = _count(asked.one("_count"))
    if asked.one("unacknowledged") is True:
        if asked.one("_since") is not None:
            raise Refused.because(400, "value", "identity.since-unacknowledged")
        with doors.long.entered():
            told = unacknowledged(doors.records, request.errand, count)
        pairs = [("unacknowledged", "true"), ("_count", str(count))]
        return _messages(doors, request, told, [("self", url(request.base, _PATH, pairs))])
    since = asked.one("_since") or 0
    if since < 0:
        raise Refused.because(400, "value", "identity.parameter-kind", name="_since", kind="unsignedInt")
    with doors.long.entered():
        stretch = events(doors.records, request.errand, since, count)
    links = [("self", _from(request, since, count))]
    if stretch.more:
        links.append(("next", _from(request, stretch.until, count)))
    return _messages(doors, request, stretch.told, links)


def acknowledge_events(doors: Doors, request: Request) -> Response:
    check_format(request)
    doors.with_identity()
    asked = given(request, ACKNOWLEDGE)
    required(asked, "event")
    ids = [_linkage(request, reference) for reference in asked.all("event")]
    number = acknowledge(doors.records, request.errand, ids, request.base)
    issue = Issue("informational", "identity.acknowledged", {"number": str(number)}, severity="information")
    return Response(200, [CONTENT], encode(outcome([issue], request.language)))


_PATH = "Patient/$link-events"


def _from(request: Request, since: int, count: int) -> str:
    return url(request.base, _PATH, [("_since", str(since)), ("_count", str(count))])


def _count(value: int | None) -> int:
    if value is None:
        return USUAL
    if not 1 <= value <= MOST_EVENTS:
        raise Refused.because(400, "value", "identity.count", value=str(value), limit=str(MOST_EVENTS))
    return value


def _linkage(request: Request, reference: dict[str, Any]) -> str:
    type, _, id = str(reference.get("reference", "")).removeprefix(f"{request.base}/").partition("/")
    if type != "Linkage" or not id:
        raise Refused.because(400, "value", "identity.no-linkage-reference")
    return id


def _messages(doors: Doors, request: Request, told: Sequence[Told], links: Sequence[tuple[str, str]]) -> Response:
    entries = [
        b'{"fullUrl":%b,"resource":%b}' % (encode(f"{request.base}/Bundle/{one.linkage.id}"), _message(request, one))
        for one in told
    ]
    now = to_ms(doors.records.clock())
    return Response(200, [CONTENT], without_entries(bundle("collection", now, None, links, entries)))


def _message(request: Request, told: Told) -> bytes:
    """MessageHeader and a history Bundle of the Patients, as ITI-93 has it; the Linkage gives the message its id."""
    base, id = request.base, told.linkage.id
    header = {
        "resourceType": "MessageHeader",
        "id": id,
        "eventUri": EVENT_URI,
        "destination": [{"name": request.actor.id, "endpoint": f"{base}/{_PATH}"}],
        "sender": {"display": told.event.actor},
        "source": {"name": "HoSo", "endpoint": base},
        "reason": {"coding": [{"system": LINK_EVENT_KIND, "code": told.event.kind}]},
        "focus": [{"reference": f"Bundle/{id}-history"}],
    }
    message: dict[str, Any] = {"resourceType": "Bundle", "id": id}
    if told.number:
        message["identifier"] = {"system": LINK_EVENT_NUMBER, "value": str(told.number)}
    message |= {"type": "message", "timestamp": instant(told.linkage.updated)}
    text = b'%b,"entry":[{"fullUrl":%b,"resource":%b},{"fullUrl":%b,"resource":%b}]}'
    return text % (
        encode(message)[:-1],
        encode(f"{base}/MessageHeader/{id}"),
        encode(header),
        encode(f"{base}/Bundle/{id}-history"),
        _history(base, told),
    )


def _history(base: str, told: Told) -> bytes:
    entries = b",".join(
        b'{"fullUrl":%b,"resource":%b,"request":{"method":"PUT","url":%b},"response":{"status":"200"}}'
        % (encode(f"{base}/Patient/{one.id}"), one.body, encode(f"Patient/{one.id}"))
        for one in told.persons
    )
    return b'{"resourceType":"Bundle","id":"%b-history","type":"history","entry":[%b]}' % (
        told.linkage.id.encode(),
        entries,
    )
