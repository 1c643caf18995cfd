"""$import: files of NDJSON are uploaded, then taken in beside other work: kick-off, status, refused lines, cancel.

There is no final standard. The manifest is that of the SMART proposal; its addresses are of files uploaded here, and
nothing is ever fetched from elsewhere.
"""

from __future__ import annotations

import re
from typing import Any

from hoso.access.trail import TYPE as AUDIT
from hoso.api.doors import Doors
from hoso.api.everything import Held
from hoso.api.exporting import NDJSON, RETRY_SECONDS
from hoso.api.message import Header, Request, Response, http_date
from hoso.api.negotiate import check_format, media_type
from hoso.core.clock import instant
from hoso.core.errors import Issue, Refused
from hoso.exchange.imports import Asked, Input, Standing
from hoso.fhir.json import encode, strict
from hoso.fhir.model import load
from hoso.fhir.outcome import outcome

FILES = 100
_KINDS = (NDJSON, "application/ndjson", "application/x-ndjson")
_MANIFEST = ("inputFormat", "inputSource", "input")
_NUMBER = re.compile(r"[1-9][0-9]{0,2}\Z", re.ASCII)


def upload(doors: Doors, request: Request) -> Response:
    imports = doors.with_imports()
    kind, _ = media_type(request.content_type)
    if kind not in _KINDS:
        raise Refused.because(415, "not-supported", "import.file-type", type=request.content_type[:80])
    if not request.body.strip():
        raise Refused.because(400, "required", "import.empty")
    row = imports.upload(request.errand, request.body)
    where = f"{request.base}/$import-file/{row.id}"
    return Response(
        201, [("Content-Type", "application/json"), ("Location", where)], encode({"url": where, "count": row.lines})
    )


def begin(doors: Doors, request: Request) -> Response:
    imports = doors.with_imports()
    check_format(request)
    if request.prefers("respond-async") is None:
        raise Refused.because(400, "required", "import.async")
    asked = _asked(request)
    id = imports.begin(request.errand, f"{request.base}/$import", asked)
    return Response(202, [("Content-Location", f"{request.base}/$import-status/{id}")])


def status(doors: Doors, request: Request) -> Response:
    standing = doors.with_imports().standing(request.errand, request.path[1])
    if not standing.over:
        done = sum(one.read for one in standing.counts)
        progress = f"{standing.done} of {len(standing.asked.inputs)} files, {done} lines"
        return Response(202, [("X-Progress", progress), ("Retry-After", RETRY_SECONDS)])
    assert standing.expires is not None
    headers: list[Header] = [("Content-Type", "application/json"), ("Expires", http_date(standing.expires // 1000))]
    return Response(200, headers, encode(_result(request, standing)))


def cancel(doors: Doors, request: Request) -> Response:
    doors.with_imports().cancel(request.errand, request.path[1])
    return Response(202)


def refused_lines(doors: Doors, request: Request) -> Response:
    id, number = request.path[1:]
    if not _NUMBER.match(number):
        raise Refused.because(404, "not-found", "import.none")
    size, text = doors.with_imports().refused_lines(request.errand, id, int(number) - 1)
    headers: list[Header] = [("Content-Type", NDJSON), ("Content-Length", str(size))]
    headers.append(("Content-Disposition", f'attachment; filename="OperationOutcome.{number}.ndjson"'))
    return Response(200, headers, Held(text, doors.downloads))


def _result(request: Request, standing: Standing) -> dict[str, Any]:
    """What became of each file. One that was given up says why; what was stored before stays stored."""
    outputs, errors = [], []
    for place, (one, counts) in enumerate(zip(standing.asked.inputs, standing.counts, strict=True), 1):
        known = {"type": one.type, "inputUrl": one.url}
        outputs.append(
            {
                **known, "count": counts.stored + counts.unchanged, "read": counts.read, "stored": counts.stored,
                "unchanged": counts.unchanged, "rejected": counts.rejected,
            }
        )  # fmt: skip
        if counts.rejected:
            where = f"{request.base}/$import-refused/{request.path[1]}/{place}"
            errors.append({**known, "type": "OperationOutcome", "count": counts.rejected, "url": where})
    found: dict[str, Any] = {
        "transactionTime": instant(standing.time),
        "request": standing.request,
        "requiresAccessToken": True,
        "complete": standing.fault is None,
        "output": outputs,
        "error": errors,
    }
    if standing.fault is not None:
        found["outcome"] = outcome([Issue("incomplete", standing.fault)], request.language)
    return found


def _asked(request: Request) -> Asked:
    """The manifest, as JSON or as Parameters. Raises Refused(400, 415)."""
    kind, _ = media_type(request.content_type)
    if kind not in ("application/json", "application/fhir+json"):
        raise Refused.because(415, "not-supported", "rest.content-type", type=request.content_type[:80])
    tree = strict(request.body)
    if not isinstance(tree, dict):
        raise _wrong("manifest")
    members = _of_parameters(tree) if tree.get("resourceType") == "Parameters" else tree
    for name in members:
        if name not in _MANIFEST and not request.lenient:
            raise Refused.because(400, "not-supported", "rest.unknown-parameter", name=str(name)[:80])
    if members.get("inputFormat") not in _KINDS:
        raise _wrong("inputFormat")
    source = members.get("inputSource", "")
    if not isinstance(source, str) or len(source) > 1_000:
        raise _wrong("inputSource")
    listed = members.get("input")
    if not isinstance(listed, list) or not listed or len(listed) > FILES:
        raise _wrong("input")
    inputs = tuple(_input(request, one, f"input[{place}]") for place, one in enumerate(listed))
    if len({one.file for one in inputs}) < len(inputs):
        raise _wrong("input")
    return Asked(inputs, source)


def _input(request: Request, one: Any, place: str) -> Input:
    type, url = (one.get("type"), one.get("url")) if isinstance(one, dict) else (None, None)
    if not isinstance(type, str) or type not in load().type_number or type == AUDIT:
        raise _wrong(f"{place}.type")
    where = f"{request.base}/$import-file/"
    if not isinstance(url, str) or not url.startswith(where) or len(url) > len(where) + 64:
        raise Refused.because(400, "not-supported", "import.elsewhere", f"{place}.url", url=str(url)[:80])
    return Input(type, url, url.removeprefix(where))


def _of_parameters(tree: dict[str, Any]) -> dict[str, Any]:
    """The same manifest as FHIR writes it."""
    found: dict[str, Any] = {}
    for place, part in enumerate(_parts(tree.get("parameter"), "Parameters.parameter")):
        name = part["name"]
        if name == "input":
            parts = _parts(part.get("part"), f"Parameters.parameter[{place}].part")
            found.setdefault("input", []).append({one["name"]: _value(one) for one in parts})
        elif name in found:
            raise Refused.because(400, "value", "rest.repeated", f"Parameters.parameter[{place}]", name=name[:80])
        else:
            found[name] = _value(part)
    return found


def _parts(value: Any, place: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(
        isinstance(one, dict) and isinstance(one.get("name"), str) for one in value
    ):
        raise _wrong(place)
    return value


def _value(part: dict[str, Any]) -> Any:
    return next((value for name, value in part.items() if name.startswith("value")), None)


def _wrong(place: str) -> Refused:
    return Refused.because(400, "value", "import.manifest", place, name=place)
