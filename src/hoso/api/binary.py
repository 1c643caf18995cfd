"""Binary as the bytes it holds: sent so that no browser runs them, received as they are and kept as base64."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode

from hoso.access import Version
from hoso.api.message import Request, Response, version_headers
from hoso.api.negotiate import takes_json
from hoso.core.errors import Refused
from hoso.fhir.json import encode, parse

_MIME = re.compile(
    r"[A-Za-z0-9!#$&^_.+-]{1,100}/[A-Za-z0-9!#$&^_.+-]{1,100}(\s*;\s*[A-Za-z0-9-]+=[^\s;\x00-\x1f]{1,100})*\Z"
)
_FHIR = ("application/fhir+json", "application/json+fhir", "application/fhir+xml", "application/xml+fhir")


def raw_response(request: Request, version: Version) -> Response | None:
    """The content itself, when the caller did not ask for the resource; None when the resource is wanted."""
    accept = request.header("HTTP_ACCEPT") or ""
    if "_format" in request.query or any(name in accept for name in _FHIR):
        return None
    resource = parse(version.body)
    kind = str(resource.get("contentType") or "application/octet-stream")
    if kind.lower().startswith(_FHIR) or not _accepts(accept, kind):
        return None
    headers = [
        ("Content-Type", kind if _MIME.match(kind) else "application/octet-stream"),
        ("Content-Disposition", f'attachment; filename="{version.id}"'),
        ("Content-Security-Policy", "default-src 'none'; sandbox"),
        *version_headers(version.version, version.updated),
    ]
    context = resource.get("securityContext", {}).get("reference", "")
    if context and context.isascii():
        headers.append(("X-Security-Context", context))
    return Response(200, headers, b64decode(resource.get("data", "")))


def resource_of(request: Request, id: str | None = None) -> bytes:
    """The Binary resource for content posted raw."""
    kind = request.content_type.strip()
    if not request.header("CONTENT_LENGTH") and not request.header("HTTP_CONTENT_LENGTH"):
        raise Refused.because(411, "required", "rest.length-needed")  # cut-off chunks look like an end
    if not _MIME.match(kind):
        raise Refused.because(415, "not-supported", "rest.content-type", type=kind[:80])
    tree: dict[str, object] = {"resourceType": "Binary", "contentType": kind}
    if id is not None:
        tree["id"] = id
    context = request.header("HTTP_X_SECURITY_CONTEXT")
    if context:
        tree["securityContext"] = {"reference": context}
    if request.body:
        tree["data"] = b64encode(request.body).decode()
    return encode(tree)


def is_raw(request: Request) -> bool:
    name = request.content_type.split(";")[0].strip().lower()
    return name not in (*_FHIR, "application/json", "text/json")


def _accepts(accept: str, kind: str) -> bool:
    if not accept.strip():
        return True
    wanted = kind.split(";")[0].strip().lower()
    for part in accept.split(","):
        name = part.split(";")[0].strip().lower()
        if name in ("*/*", wanted) or (name.endswith("/*") and wanted.startswith(name[:-1])):
            return True
    return not takes_json(accept)
