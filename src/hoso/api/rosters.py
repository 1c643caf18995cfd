"""`/intake/{id}/report`: what became of a roster of health checks, person by person and class by class."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from hoso.api.doors import Doors
from hoso.api.message import Header, Request, Response
from hoso.api.sheets import Caller
from hoso.core.errors import Refused
from hoso.exchange.health_checks.report import as_json, report
from hoso.exchange.health_checks.table import write
from hoso.exchange.sheets.kinds import XLSX
from hoso.fhir.json import encode

_JSON: Header = ("Content-Type", "application/json; charset=utf-8")
FORMS = ("json", "xlsx")


def told(caller: Caller) -> Callable[[Doors, Request], Response]:
    """The interaction; as JSON, or with `as=xlsx` as a workbook to print, in the language of the request."""

    def answer(doors: Doors, request: Request) -> Response:
        asked = caller.parameters(request, "as").get("as", "json")
        if asked not in FORMS:
            raise Refused.because(400, "value", "ksk.bad-form", form=asked[:20])
        desk, sender, id = doors.with_intake(), caller.sender(request), request.path[1]
        if request.actor.labels is not None and desk.standing(sender, id).sender != sender.name:
            raise Refused.because(403, "forbidden", "intake.not-yours")  # forms may hold what it is not cleared for
        with doors.long.entered():
            made = report(desk, sender, id)
        if asked == "json":
            return Response(200, [_JSON], encode(as_json(made, request.language)))
        target = BytesIO()
        write(target, made, request.language)
        name: Header = ("Content-Disposition", f'attachment; filename="{id}.xlsx"')
        return Response(200, [("Content-Type", XLSX), name], target.getvalue())

    return answer
