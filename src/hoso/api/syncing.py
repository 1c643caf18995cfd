"""`/sync`: the door for other nodes. Frames prove themselves, so nothing here knows a token or a cookie."""

from __future__ import annotations

import json
from collections.abc import Iterable

from hoso.api.app import Application, Environ, StartResponse
from hoso.api.body import Bodies
from hoso.core.errors import Refused
from hoso.sync.door import Door, Stranger
from hoso.sync.line import MEDIA
from hoso.sync.nodes import Enrolled, Hub, NotEnrolled
from hoso.transit.edge import SHOWN

MOST_ENROL = 10_000
_NEVER = [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
_STATUS = {"code": 403, "other-key": 403, "busy": 429, "key": 400}


def is_sync(path: str) -> bool:
    return path in ("/sync", "/sync/enrol")


def application(hub: Hub, door: Door, frames: Bodies, enrolments: Bodies) -> Application:
    """`frames` takes bodies as long as a frame may be."""

    def serve(environ: Environ, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "POST":
            return _say(start, 405, {"why": "method"})
        caller = environ.get("REMOTE_ADDR", "")
        try:
            if environ["PATH_INFO"] == "/sync/enrol":
                return _enrol(hub, door.port, enrolments.read(environ, caller), start)
            data = frames.read(environ, caller)
        except Refused as refused:
            if refused.status == 413:
                hub.tell("sync", f"too large from {caller}", "", "denied")
            return _say(start, refused.status, {"why": refused.issues[0].key})
        try:
            said = door.answer(data, caller, bytes.fromhex(environ[SHOWN]) if SHOWN in environ else None)
        except Stranger:
            return _say(start, 400, {"why": "stranger"})
        start("200 OK", [("Content-Type", MEDIA), ("Content-Length", str(len(said))), *_NEVER])
        return [said]

    return serve


def _enrol(hub: Hub, port: int, body: bytes, start: StartResponse) -> Iterable[bytes]:
    try:
        asked = json.loads(body)
        code, node, public = str(asked["code"]), str(asked["node"]), bytes.fromhex(asked["public"])
    except (ValueError, KeyError, TypeError):
        return _say(start, 400, {"why": "key"})
    try:
        enrolled = hub.enrol(code, node, public)
    except NotEnrolled as fault:
        return _say(start, _STATUS[fault.why], {"why": fault.why})
    return _say(start, 200, _told(enrolled, code) | {"port": str(port)})


def _told(enrolled: Enrolled, code: str) -> dict[str, str]:
    return {
        "certificate": enrolled.certificate.decode(),
        "name": enrolled.name,
        "facility": enrolled.facility,
        "hub": enrolled.hub,
        "hub_public": enrolled.hub_public.hex(),
        "centre": enrolled.centre,
        "centre_public": enrolled.centre_public.hex(),
        "proof": enrolled.proof(code).hex(),
    }


def _say(start: StartResponse, status: int, told: dict[str, str]) -> Iterable[bytes]:
    body = json.dumps(told).encode()
    reason = "OK" if status == 200 else "Refused"
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *_NEVER]
    start(f"{status} {reason}", headers)
    return [body]
