"""What a Subscription asks for; whatever HoSo would not do is a fault with its place, never left out."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args
from urllib.parse import parse_qsl

from hoso.core.dates import parse_span
from hoso.core.errors import Issue, Refused
from hoso.fhir.model import load
from hoso.fhir.search import Query, parse
from hoso.fhir.search.result_params import INCLUDES, PASSED, SINGLE
from hoso.fhir.subscriptions.topics import Topic, topic

Content = Literal["empty", "id-only", "full-resource"]
Json = dict[str, Any]

BACKPORT = "http://hl7.org/fhir/uv/subscriptions-backport/StructureDefinition/"
FILTER, CONTENT = f"{BACKPORT}backport-filter-criteria", f"{BACKPORT}backport-payload-content"
HEARTBEAT, TIMEOUT = f"{BACKPORT}backport-heartbeat-period", f"{BACKPORT}backport-timeout"
MOST_EVENTS = f"{BACKPORT}backport-max-count"
UNTOLD = frozenset({"Subscription", "AuditEvent"})
"""Of the first the node itself makes versions, the second is a view of the log."""

JSON, XML = "application/fhir+json", "application/fhir+xml"
_PAYLOADS = {JSON: JSON, "application/json": JSON, XML: XML, "application/xml": XML}
_USUAL_TIMEOUT, _LONGEST_TIMEOUT = 20, 60
_LEAST_HEARTBEAT, _LONGEST_HEARTBEAT = 10, 30 * 86_400
_MOST_AT_ONCE = 100
_HEADERS, _HEADER_LENGTH, _ENDPOINT_LENGTH = 20, 2_000, 1_000
_HEADER = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}):[ \t]*([\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)\Z", re.ASCII)
_OURS = frozenset({
    "accept-encoding", "connection", "content-encoding", "content-length", "content-type", "cookie", "date", "expect",
    "forwarded", "host", "http2-settings", "keep-alive", "proxy-authenticate", "proxy-authorization",
    "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "user-agent", "via",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """`searches`: by type, those that must all find the record. `bundled`: told by notification Bundles, as the
    backport has it; else by an empty POST, or with `payload` by an update of the record itself, as R4 has it.
    """

    status: str
    endpoint: str
    searches: dict[str, tuple[Query, ...]]
    topic: Topic | None = None
    bundled: bool = False
    payload: str = ""
    content: Content = "id-only"
    heartbeat: int = 0
    timeout: int = _USUAL_TIMEOUT
    most: int = 1
    ends: int | None = None
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def types(self) -> frozenset[str]:
        return frozenset(self.searches)

    @property
    def shows(self) -> bool:
        """Whether records themselves leave."""
        return self.content == "full-resource" if self.bundled else bool(self.payload)


def read(resource: Json) -> Wanted:
    """Of a valid Subscription. Raises Refused(422)."""
    channel: Json = resource["channel"]
    if channel["type"] != "rest-hook" or "_type" in channel:
        raise _fault("not-supported", "subscription.channel", "channel.type", type=str(channel["type"]))
    found, searches = _criteria(resource)
    content = _content(channel)
    bundled = found is not None or content is not None
    payload = _payload(channel)
    return Wanted(
        status=resource["status"],
        endpoint=_endpoint(channel),
        searches=searches,
        topic=found,
        bundled=bundled,
        payload=payload or (JSON if bundled else ""),
        content=content or "id-only",
        heartbeat=_number(channel, HEARTBEAT, 0, _LEAST_HEARTBEAT, _LONGEST_HEARTBEAT, bundled),
        timeout=_number(channel, TIMEOUT, _USUAL_TIMEOUT, 1, _LONGEST_TIMEOUT),
        most=min(_number(channel, MOST_EVENTS, 1, 1, 2**31 - 1, bundled), _MOST_AT_ONCE),
        ends=parse_span(resource["end"]).low if "end" in resource else None,
        headers=_headers(channel),
    )


def _criteria(resource: Json) -> tuple[Topic | None, dict[str, tuple[Query, ...]]]:
    text = resource["criteria"]
    extensions = resource.get("_criteria", {}).get("extension", [])
    filters = [one.get("valueString", "") for one in extensions if one.get("url") == FILTER]
    if "://" not in text.partition("?")[0] and not text.startswith("urn:"):
        if filters:
            raise _fault("invalid", "subscription.filter-without-topic", "criteria.extension")
        type, query = _search(text.removeprefix("/"), "criteria", None)
        return None, {type: (query,)}
    found = topic(text)
    if found is None:
        raise _fault("not-supported", "subscription.topic", "criteria", topic=text[:200])
    named: dict[str, tuple[Query, ...]] = {}
    for one in filters:
        type, query = _search(one, "criteria.extension", found)
        named[type] = (*named.get(type, ()), query)
    return found, named or {type: () for type in found.types}


def _search(text: str, where: str, within: Topic | None) -> tuple[str, Query]:
    """Read as strictly as a search; parameters that only dress an answer have no meaning here."""
    type, mark, rest = text.partition("?")
    if within is not None and not mark and len(within.types) == 1:
        type, rest = within.types[0], text
    if type not in load().type_number or type in UNTOLD or (within is not None and type not in within.types):
        raise _fault("invalid", "subscription.criteria-type", where, criteria=text[:200])
    try:
        pairs = parse_qsl(rest, keep_blank_values=True, errors="strict", max_num_fields=100)
        dressing = SINGLE | INCLUDES | PASSED | {"_type"}
        other = next((name for name, _ in pairs if name.partition(":")[0] in dressing), None)
        if other is not None:
            raise _fault("not-supported", "subscription.criteria-form", where, name=other[:80])
        return type, parse(type, pairs)
    except Refused as refused:
        place = f"Subscription.{where}"
        raise Refused(422, *(Issue(one.code, one.key, one.values, place) for one in refused.issues)) from refused
    except ValueError as error:
        raise _fault("invalid", "subscription.criteria-type", where, criteria=text[:200]) from error


def _content(channel: Json) -> Content | None:
    for one in channel.get("_payload", {}).get("extension", []):
        if one.get("url") == CONTENT:
            code = one.get("valueCode")
            if code not in get_args(Content):
                raise _fault("value", "subscription.content", "channel.payload.extension", value=str(code)[:80])
            return cast(Content, code)
    return None


def _payload(channel: Json) -> str:
    text = channel.get("payload")
    if text is None:
        return ""
    name = text.partition(";")[0].strip().lower()
    if name not in _PAYLOADS:
        raise _fault("not-supported", "subscription.payload", "channel.payload", value=text[:80])
    return _PAYLOADS[name]


def _endpoint(channel: Json) -> str:
    text = channel.get("endpoint")
    if not text or len(text) > _ENDPOINT_LENGTH:
        raise _fault("required", "subscription.endpoint", "channel.endpoint", endpoint=str(text or "")[:200])
    return str(text)


def _number(channel: Json, url: str, usual: int, least: int, most: int, allowed: bool = True) -> int:
    """The value of an extension of the channel."""
    given = [one for one in channel.get("extension", []) if one.get("url") == url]
    if not given:
        return usual
    value = next((v for name, v in given[0].items() if name in ("valueUnsignedInt", "valuePositiveInt")), None)
    fits = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
    if len(given) > 1 or not fits or not allowed:
        name = url.removeprefix(f"{BACKPORT}backport-")
        raise _fault("value", "subscription.number", "channel.extension", name=name, least=str(least), most=str(most))
    return cast(int, value)


def _headers(channel: Json) -> dict[str, str]:
    found: dict[str, str] = {}
    lines = channel.get("header", [])
    for place, line in enumerate(lines):
        match = _HEADER.match(line) if isinstance(line, str) and len(line) <= _HEADER_LENGTH else None
        name = match[1] if match else ""
        taken = name.lower() in _OURS or name.lower().startswith("hoso-") or name.lower() in map(str.lower, found)
        if match is None or taken or len(lines) > _HEADERS:
            raise _fault("value", "subscription.header", f"channel.header[{place}]", limit=str(_HEADERS))
        found[name] = match[2]
    return found


def _fault(code: str, key: str, where: str, **values: str) -> Refused:
    return Refused.because(422, code, key, f"Subscription.{where}", **values)
