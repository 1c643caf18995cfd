"""Composition/[id]/$document: the Composition and what it refers to, as one Bundle that can be handed on.

A document with holes would be taken for whole, so what cannot be put in refuses it, unless leniency is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hoso.access import Version
from hoso.api.doors import Doors
from hoso.api.message import CONTENT, Header, Request, Response, version_headers
from hoso.api.negotiate import check_format
from hoso.api.parameters import Form, given
from hoso.api.reading import live
from hoso.core.clock import instant, to_ms
from hoso.core.errors import Issue, Refused
from hoso.core.ids import new_id
from hoso.fhir.json import encode, parse
from hoso.fhir.model import load

FORMS = {"persist": Form("boolean"), "graph": Form("uri"), "id": Form("uri")}
_LISTED = 20
Key = tuple[str, str]


def document(doors: Doors, request: Request) -> Response:
    check_format(request)
    asked = given(request, FORMS)
    persist = asked.one("persist") is True
    if persist and request.method != "POST":
        raise Refused.because(400, "business-rule", "rest.document-persist")
    for name in ("graph", "id"):
        if asked.one(name) is not None:
            raise Refused.because(400, "not-supported", "rest.document-parameter", name=name)
    type, id = request.path[:2]
    composition = live(doors.records.read(request.errand, type, id), type, id)
    found = _referred(doors, request, composition)
    body = _bundle(doors, request, [composition, *found])
    if not persist:
        return Response(200, [CONTENT], body)
    saved = doors.records.create(request.errand, "Bundle", body).saved
    assert saved.version is not None
    where = f"{request.base}/Bundle/{saved.id}/_history/{saved.version}"
    headers: list[Header] = [CONTENT, *version_headers(saved.version, saved.updated), ("Location", where)]
    return Response(200, headers, saved.body)


def _referred(doors: Doors, request: Request, composition: Version) -> list[Version]:
    """What the Composition itself refers to, in its order; each once."""
    texts = list(dict.fromkeys(_references(parse(composition.body))))
    keys = {text: key for text in texts if (key := _local(text, request.base)) is not None}
    readable = [key for key in dict.fromkeys(keys.values()) if request.actor.scopes.permits(key[0], "r")]
    heads = doors.records.heads(request.errand, readable) if readable else {}
    found = {key: head for key, head in heads.items() if not head.deleted}
    missing = [text for text in texts if keys.get(text) not in found]
    if missing and not request.lenient:
        raise Refused(
            422,
            *(Issue("incomplete", "rest.document-missing", {"reference": text[:120]}) for text in missing[:_LISTED]),
        )
    own = (composition.type, composition.id)
    return [found[key] for key in dict.fromkeys(keys.values()) if key in found and key != own]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            yield from _references(one)
    elif isinstance(value, dict):
        text = value.get("reference")
        if isinstance(text, str) and not text.startswith("#"):
            yield text
        for one in value.values():
            yield from _references(one)


def _local(text: str, base: str) -> Key | None:
    """Type and id of a record here; None for what stands elsewhere."""
    parts = text.removeprefix(f"{base}/").split("/")
    if len(parts) not in (2, 4) or parts[0] not in load().type_number:
        return None
    return parts[0], parts[1]


def _bundle(doors: Doors, request: Request, versions: list[Version]) -> bytes:
    now = instant(to_ms(doors.records.clock()))
    entries = b",".join(
        b'{"fullUrl":%b,"resource":%b}' % (encode(f"{request.base}/{one.type}/{one.id}"), one.body) for one in versions
    )
    identifier = encode({"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{new_id()}"})
    text = b'{"resourceType":"Bundle","identifier":%b,"type":"document","timestamp":"%b","entry":[%b]}'
    return text % (identifier, now.encode(), entries)
