"""`/intake/sheet`: the wizard for spreadsheets: look at one, check it under a mapping, bring it, mend what was refused.

Nothing is kept between the steps: each is sent the file again, with the mapping as a line of JSON before it. Without
one, a mapping that is remembered for its titles counts, or one that is certain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from time import monotonic
from typing import Any, Protocol

import orjson

from hoso.api.doors import Doors
from hoso.api.message import Header, Request, Response
from hoso.core import system_clock
from hoso.core.errors import Refused
from hoso.exchange.intake import Intake, Sender, Standing
from hoso.exchange.sheets import answers, template
from hoso.exchange.sheets.desk import Check, SheetDesk
from hoso.exchange.sheets.kinds import KINDS, XLSX, kind
from hoso.exchange.sheets.mapping import LIMIT, Mapping, from_json
from hoso.fhir.json import encode

PATIENCE = 20.0
"""Seconds that a check takes at most; it then tells of the rows read so far."""
_JSON: Header = ("Content-Type", "application/json; charset=utf-8")

Interaction = Callable[[Doors, Request], Response]


class Caller(Protocol):
    """What the intake's door knows of a request."""

    def sender(self, request: Request) -> Sender: ...

    def parameters(self, request: Request, *known: str) -> dict[str, str]: ...

    def carried_out(self, doors: Doors, desk: Intake, sender: Sender, request: Request, id: str) -> Standing: ...

    def base(self, request: Request) -> str: ...


def table(path: tuple[str, ...], caller: Caller) -> dict[str, Interaction]:
    """What may be done below /intake/sheet; nothing at a path that is none."""
    wizard = _Wizard(caller)
    match path:
        case ():
            return {"POST": wizard.load}
        case ("look",):
            return {"POST": wizard.look}
        case ("check",):
            return {"POST": wizard.check}
        case ("kinds",):
            return {"GET": wizard.kinds}
        case ("template", name) if name in KINDS:
            return {"GET": wizard.template}
        case (_, "repairs"):
            return {"GET": wizard.repairs}
        case (_, "rejects"):
            return {"GET": wizard.rejects}
    return {}


class _Wizard:
    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def look(self, doors: Doors, request: Request) -> Response:
        """What the sheet seems to be: header, kind, columns with confidence and reason, and the mapping to send on."""
        desk, sender = self._desk(doors), self._caller.sender(request)
        asked = self._caller.parameters(request, "facility", "kind", "sheet", "name")
        if asked.get("kind"):
            kind(asked["kind"])
        _, file = _parts(request.body)
        facility = sender.facility or asked.get("facility", "")
        name = asked.get("name", "")
        found = desk.look(sender, file, name, facility, asked.get("kind", ""), asked.get("sheet", ""))
        return Response(200, [_JSON], encode(answers.look(found, request.language)))

    def check(self, doors: Doors, request: Request) -> Response:
        """What would come of every row; nothing is stored. `complete` is false when patience ended first."""
        desk, sender = self._desk(doors), self._caller.sender(request)
        asked = self._caller.parameters(request, "facility", "name")
        mapping, file = self._mapping(desk, sender, request, asked)
        doors.long.enter()
        try:
            found, complete = self._checked(desk.check(sender, mapping, file, asked.get("name", "")))
        finally:
            doors.long.leave()
        told = {"complete": complete, **answers.check(found, request.language)}
        return Response(200, [_JSON], encode(told))

    def _checked(self, steps: Iterator[Check]) -> tuple[Check, bool]:
        until, found = monotonic() + PATIENCE, Check()
        for step in steps:
            found = step
            if monotonic() > until:
                return found, next(steps, None) is None
        return found, True

    def load(self, doors: Doors, request: Request) -> Response:
        """201 when all of it was carried out, 202 when something waits, 200 when these rows had come before."""
        intake, sender = doors.with_intake(), self._caller.sender(request)
        desk, asked = self._desk(doors), self._caller.parameters(request, "facility", "name")
        mapping, file = self._mapping(desk, sender, request, asked)
        loaded = desk.load(sender, mapping, file, asked.get("name", ""))
        ids = [*loaded.mended, *([loaded.id] if loaded.id else [])]
        found = [self._caller.carried_out(doors, intake, sender, request, id) for id in dict.fromkeys(ids)]
        over = all(one.over for one in found)
        status = 200 if not loaded.new and not loaded.mended else 201 if over else 202
        headers: list[Header] = [_JSON]
        if found:
            headers.append(("Location", f"{self._caller.base(request)}/{found[-1].id}"))
        return Response(status, headers, encode(answers.loaded(loaded, found, request.language)))

    def kinds(self, doors: Doors, request: Request) -> Response:
        self._caller.sender(request)
        self._caller.parameters(request)
        return Response(200, [_JSON], encode({"kinds": answers.all_kinds(request.language)}))

    def template(self, doors: Doors, request: Request) -> Response:
        self._caller.sender(request)
        self._caller.parameters(request)
        name = request.path[-1]
        return _file(template.write(name, request.language), f"{name}.xlsx")

    def repairs(self, doors: Doors, request: Request) -> Response:
        """What is wrong with the rows that did not go in, gathered by what mends it."""
        self._caller.parameters(request)
        found = self._desk(doors).repairs(self._caller.sender(request), request.path[2])
        return Response(200, [_JSON], encode({"repairs": answers.repairs(found, request.language)}))

    def rejects(self, doors: Doors, request: Request) -> Response:
        self._caller.parameters(request)
        desk, sender = self._desk(doors), self._caller.sender(request)
        held, id = BytesIO(), request.path[2]
        if request.actor.labels is not None and desk.standing(sender, id).sender != sender.name:
            raise Refused.because(403, "forbidden", "intake.not-yours")  # they may hold what it is not cleared for
        desk.rejects(sender, id, held, request.language)
        return _file(held.getvalue(), f"{id}.xlsx")

    def _desk(self, doors: Doors) -> SheetDesk:
        return SheetDesk(doors.with_intake(), lambda: system_clock().date())

    def _mapping(
        self, desk: SheetDesk, sender: Sender, request: Request, asked: dict[str, str]
    ) -> tuple[Mapping, BytesIO]:
        mapping, file = _parts(request.body)
        facility = sender.facility or asked.get("facility", "")
        if mapping is not None:
            mapping.facility = mapping.facility or facility
            return mapping, file
        found = desk.look(sender, file, asked.get("name", ""), facility)
        if not found.certain or not found.mapping.facility:
            raise Refused.because(422, "incomplete", "sheet.say-what")
        return found.mapping, file


def _parts(body: bytes) -> tuple[Mapping | None, BytesIO]:
    """The mapping before the file, if there is one."""
    if not body:
        raise Refused.because(400, "required", "intake.no-body")
    if body[:1] != b"{":
        return None, BytesIO(body)
    line, _, file = body.partition(b"\n")
    if len(line) > LIMIT:
        raise Refused.because(413, "too-costly", "sheet.bad-mapping", reason=f"> {LIMIT}")
    try:
        told: Any = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Refused.because(400, "structure", "sheet.bad-mapping", reason=str(error)[:200]) from None
    return from_json(told), BytesIO(file)


def _file(data: bytes, name: str) -> Response:
    headers: list[Header] = [
        ("Content-Type", XLSX),
        ("Content-Disposition", f'attachment; filename="{name}"'),
    ]
    return Response(200, headers, data)
