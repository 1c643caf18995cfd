"""`/intake`: systems bring files of other formats, see what became of each piece, and mend what was refused.

Who is bound to a facility brings and sees only its own. What is received is kept before anybody is told so, and what is
not carried out while the caller waits the node goes on with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from itertools import chain
from typing import Any, get_args

from hoso.access.scope import Right
from hoso.api import rosters, sheets
from hoso.api.doors import Doors
from hoso.api.everything import Held
from hoso.api.exporting import NDJSON
from hoso.api.failure import failed
from hoso.api.message import Header, Request, Response
from hoso.core.errors import Refused
from hoso.exchange import formats
from hoso.exchange.intake import Intake, Item, Sender, Standing, State
from hoso.exchange.intake.report import of_deposit, of_item, of_undone
from hoso.fhir import xml
from hoso.fhir.json import encode, strict
from hoso.fhir.outcome import Language

PLACE = "/intake"
"""First segment of such a path; no segment below /fhir holds a slash."""
WAIT = 10.0
"""Seconds that a caller waits at most while what was brought is carried out."""
PAGE = 100
RIGHTS: tuple[Right, ...] = ("c", "r", "u", "s")
JSON: Header = ("Content-Type", "application/json; charset=utf-8")
_NUMBER = re.compile(r"[1-9][0-9]{0,8}\Z", re.ASCII)
_CURSOR = re.compile(r"([0-9]{1,15})\.([A-Za-z0-9-]{1,64})\Z", re.ASCII)
_STATES: tuple[State, ...] = get_args(State)

Interaction = Callable[[Doors, Request], Response]


def table(path: tuple[str, ...]) -> dict[str, Interaction]:
    """What may be done at a path below /intake. Raises Refused(404)."""
    match path:
        case ():
            return {"GET": listed, "POST": receive}
        case ("preview",):
            return {"POST": preview}
        case ("sheet", *rest) if found := sheets.table(tuple(rest), _Caller()):
            return found
        case (_,):
            return {"GET": standing}
        case (_, "report"):
            return {"GET": rosters.told(_Caller())}
        case (_, "items"):
            return {"GET": items}
        case (_, "retry"):
            return {"POST": retry}
        case (_, "undo"):
            return {"POST": undo}
        case (_, "items", number, *rest) if _NUMBER.match(number):
            match rest:
                case ["original"]:
                    return {"GET": original, "PUT": mend}
                case ["retry"]:
                    return {"POST": retry}
                case ["set-aside"]:
                    return {"POST": set_aside}
    raise Refused.because(404, "not-found", "rest.no-such-place", path="/".join((PLACE, *path))[:100])


def receive(doors: Doors, request: Request) -> Response:
    """201 when all of it was carried out, 202 when something waits, 200 when these bytes had come before."""
    desk, sender = doors.with_intake(), _sender(request)
    asked = _parameters(request, "format", "name")
    if not request.body:
        raise Refused.because(400, "required", "intake.no-body")
    format = asked.get("format") or _known(request.body)
    receipt = desk.receive(sender, format, asked.get("name", ""), BytesIO(request.body))
    found = _carried_out(doors, desk, sender, request, receipt.id)
    status = 200 if not receipt.new else 201 if found.over else 202
    return Response(status, [JSON, ("Location", f"{_base(request)}/{receipt.id}")], encode(of_deposit(found)))


def preview(doors: Doors, request: Request) -> Response:
    """A line of NDJSON for each piece as its item would be; nothing is kept. A last line says where it broke off."""
    desk, sender = doors.with_intake(), _sender(request)
    asked = _parameters(request, "format")
    if not request.body:
        raise Refused.because(400, "required", "intake.no-body")
    found = desk.preview(sender, asked.get("format") or _known(request.body), BytesIO(request.body))
    first = next(found)  # what cannot be read at all is refused before anything is answered
    headers: list[Header] = [("Content-Type", NDJSON)]
    return Response(200, headers, Held(_lines(chain([first], found), request.language), doors.downloads))


def _lines(items: Iterator[Item], language: Language) -> Iterator[bytes]:
    try:
        for item in items:
            yield encode(of_item(item)) + b"\n"
    except Exception as error:  # the rim: the status is sent already
        answer = failed(error, language)
        yield b'{"failed":' + (answer.body if isinstance(answer.body, bytes) else b"{}") + b"}\n"


def undo(doors: Doors, request: Request) -> Response:
    """Takes back what the deposit wrote; what somebody changed since is told and stays."""
    _parameters(request)
    desk, sender = doors.with_intake(), _sender(request)
    if not request.actor.scopes.everywhere("*", "d"):
        raise Refused.because(403, "forbidden", "intake.no-undo")
    with doors.long.entered():
        return Response(200, [JSON], encode(of_undone(desk.undo(sender, request.path[1]))))


def listed(doors: Doors, request: Request) -> Response:
    """The newest first, a page of them."""
    asked = _parameters(request, "before", "count")
    before, most = _before(asked.get("before")), _count(asked)
    found = doors.with_intake().listed(_sender(request), before, most)
    told: dict[str, Any] = {"deposits": [of_deposit(one) for one in found]}
    if len(found) == most:
        last = found[-1]
        told["next"] = f"{_base(request)}?before={last.received}.{last.id}&count={most}"
    return Response(200, [JSON], encode(told))


def standing(doors: Doors, request: Request) -> Response:
    _parameters(request)
    return _told(doors.with_intake().standing(_sender(request), request.path[1]))


def items(doors: Doors, request: Request) -> Response:
    asked = _parameters(request, "state", "after", "count")
    state, most, after = _state(asked), _count(asked), asked.get("after", "0")
    if after != "0" and not _NUMBER.match(after):
        raise _bad("after", after)
    id = request.path[1]
    found = doors.with_intake().items(_sender(request), id, state=state, after=int(after), most=most)
    told: dict[str, Any] = {"items": [of_item(one) for one in found]}
    if len(found) == most:
        among = f"&state={state}" if state else ""
        told["next"] = f"{_base(request)}/{id}/items?after={found[-1].number}&count={most}{among}"
    return Response(200, [JSON], encode(told))


def original(doors: Doors, request: Request) -> Response:
    """Its bytes, as a file: nothing of it is ever shown as a page."""
    _parameters(request)
    desk, sender, id, number = doors.with_intake(), _sender(request), request.path[1], int(request.path[3])
    if request.actor.labels is not None and desk.standing(sender, id).sender != sender.name:
        raise Refused.because(403, "forbidden", "intake.not-yours")  # it may hold what this caller is not cleared for
    headers: list[Header] = [
        ("Content-Type", "application/octet-stream"),
        ("Content-Disposition", f'attachment; filename="{id}-{number}"'),
    ]
    return Response(200, headers, desk.original(sender, id, number))


def mend(doors: Doors, request: Request) -> Response:
    _parameters(request)
    desk, sender, id = doors.with_intake(), _sender(request), request.path[1]
    desk.mend(sender, id, int(request.path[3]), request.body)
    return _told(_carried_out(doors, desk, sender, request, id))


def retry(doors: Doors, request: Request) -> Response:
    """One item, or all in quarantine."""
    _parameters(request)
    desk, sender, id = doors.with_intake(), _sender(request), request.path[1]
    desk.retry(sender, id, [int(request.path[3])] if len(request.path) > 3 else None)
    return _told(_carried_out(doors, desk, sender, request, id))


def set_aside(doors: Doors, request: Request) -> Response:
    _parameters(request)
    desk, sender, id = doors.with_intake(), _sender(request), request.path[1]
    told = strict(request.body) if request.body else {}
    reason = told.get("reason") if isinstance(told, dict) else None
    desk.set_aside(sender, id, int(request.path[3]), reason if isinstance(reason, str) else "")
    return _told(desk.standing(sender, id))


def _sender(request: Request) -> Sender:
    """Of a system that may write everything. Raises Refused(403)."""
    actor = request.actor
    is_system = not actor.role and not actor.patient
    if not is_system or not all(actor.scopes.everywhere("*", right) for right in RIGHTS):
        raise Refused.because(403, "forbidden", "intake.forbidden")
    if actor.labels is not None and not actor.facility:
        raise Refused.because(403, "forbidden", "intake.no-facility")
    return Sender(actor.id, actor.facility, "api")


def _carried_out(doors: Doors, desk: Intake, sender: Sender, request: Request, id: str) -> Standing:
    """What waits, unless the caller does not want to wait or too many do: then the node does it next."""
    if request.prefers("respond-async") is not None:
        return desk.standing(sender, id)
    try:
        doors.long.enter()
    except Refused:
        return desk.standing(sender, id)
    try:
        return desk.process(sender, id, WAIT)
    finally:
        doors.long.leave()


class _Caller:
    """What this door knows, for the wizard of spreadsheets."""

    def sender(self, request: Request) -> Sender:
        return _sender(request)

    def parameters(self, request: Request, *known: str) -> dict[str, str]:
        return _parameters(request, *known)

    def carried_out(self, doors: Doors, desk: Intake, sender: Sender, request: Request, id: str) -> Standing:
        return _carried_out(doors, desk, sender, request, id)

    def base(self, request: Request) -> str:
        return _base(request)


def _told(found: Standing) -> Response:
    return Response(200, [JSON], encode(of_deposit(found)))


def _base(request: Request) -> str:
    return request.base.removesuffix("/fhir") + PLACE


def _known(body: bytes) -> str:
    found = formats.known(body[: formats.HEAD])
    if found is None and xml.is_cda(body[: formats.HEAD]):
        raise Refused.because(415, "not-supported", "xml.cda")
    if found is None:
        raise Refused.because(400, "not-supported", "intake.unknown", formats=", ".join(formats.FORMATS))
    return found.name


def _parameters(request: Request, *known: str) -> dict[str, str]:
    """Each at most once. Raises Refused(400)."""
    found: dict[str, str] = {}
    for name, value in request.pairs():
        if name not in known:
            raise Refused.because(400, "not-supported", "rest.unknown-parameter", name=name[:80])
        if name in found:
            raise Refused.because(400, "value", "rest.repeated", name=name[:80])
        found[name] = value
    return found


def _count(asked: dict[str, str]) -> int:
    text = asked.get("count", str(PAGE))
    if not _NUMBER.match(text):
        raise _bad("count", text)
    return min(int(text), PAGE)


def _state(asked: dict[str, str]) -> State | None:
    text = asked.get("state")
    found = next((one for one in _STATES if one == text), None)
    if text is not None and found is None:
        raise Refused.because(400, "value", "intake.state", name=text[:40], states=", ".join(_STATES))
    return found


def _before(text: str | None) -> tuple[int, str] | None:
    if text is None:
        return None
    found = _CURSOR.match(text)
    if found is None:
        raise _bad("before", text)
    return int(found[1]), found[2]


def _bad(name: str, value: str) -> Refused:
    return Refused.because(400, "value", "intake.parameter", name=name, value=value[:80])
