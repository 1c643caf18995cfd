"""Subscription/$status, $events and $get-ws-binding-token (backport IG v1.1.0)."""

from __future__ import annotations

from typing import Any, cast, get_args

from hoso.api.doors import Doors
from hoso.api.message import CONTENT, Request, Response
from hoso.api.negotiate import check_format
from hoso.api.pages import bundle, without_entries
from hoso.api.parameters import Form, given
from hoso.core.clock import to_ms
from hoso.core.errors import Refused
from hoso.fhir.json import encode
from hoso.fhir.subscriptions import Content, topics

STATUS: dict[str, Form] = {"id": Form("string", 100), "status": Form("string", 10)}
EVENTS: dict[str, Form] = {
    "eventsSinceNumber": Form("string"),
    "eventsUntilNumber": Form("string"),
    "content": Form("string"),
}
_IG = "http://hl7.org/fhir/uv/subscriptions-backport"
SERVER = f"{_IG}/CapabilityStatement/backport-subscription-server-r4"
_TOPIC = f"{_IG}/StructureDefinition/capabilitystatement-subscriptiontopic-canonical"


def status(doors: Doors, request: Request) -> Response:
    """Of one, or of all that the caller may search."""
    desk = doors.with_subscriptions()
    check_format(request)
    asked = given(request, STATUS)
    errand, base = request.errand, request.base
    with doors.long.entered():
        if len(request.path) == 3:
            found = [(request.path[1], desk.status(errand, base, request.path[1]))]
        else:
            found = list(desk.all(errand, base, _split(asked.all("id")), _split(asked.all("status"))))
    where = f"{base}/{'/'.join(request.path)}"
    entries = [
        b'{"fullUrl":%b,"resource":%b,"search":{"mode":"match"}}' % (encode(f"urn:uuid:{one['id']}"), encode(one))
        for _, one in found
    ]
    now = to_ms(doors.records.clock())
    text = bundle(
        "searchset", now, len(entries), [("self", where + (f"?{request.query}" if request.query else ""))], entries
    )
    return Response(200, [CONTENT], without_entries(text))


def events(doors: Doors, request: Request) -> Response:
    desk = doors.with_subscriptions()
    check_format(request)
    asked = given(request, EVENTS)
    content = asked.one("content")
    if content is not None and content not in get_args(Content):
        raise Refused.because(400, "value", "subscription.content", value=str(content)[:80])
    first, last = (_number(name, asked.one(name)) for name in ("eventsSinceNumber", "eventsUntilNumber"))
    with doors.long.entered():
        text = desk.events(request.errand, request.base, request.path[1], first, last, cast("Content | None", content))
    return Response(200, [CONTENT], text)


def no_websocket(doors: Doors, request: Request) -> Response:
    raise Refused.because(404, "not-supported", "subscription.no-websocket")


def capability() -> dict[str, Any]:
    """What the CapabilityStatement says of the type beyond the usual."""
    return {
        "extension": [{"url": _TOPIC, "valueCanonical": one} for one in topics()],
        "operation": [
            {"name": name, "definition": f"{_IG}/OperationDefinition/backport-subscription-{name}"}
            for name in ("status", "events")
        ],
    }


def _split(values: list[str]) -> list[str]:
    return [part for value in values for part in value.split(",") if part]


def _number(name: str, text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise Refused.because(400, "value", "identity.parameter-kind", name=name, kind="integer")
    return int(text)
