"""Rows of a spreadsheet that were refused: gathered by what mends them, taken out as a sheet, mended one by one."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import msgspec
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode

from hoso.access.organisation.facilities import Facility
from hoso.core.clock import system_clock
from hoso.core.errors import Refused
from hoso.exchange.intake import Item, Sender, Standing
from hoso.exchange.sheets import answers
from hoso.exchange.sheets.desk import FORMAT, SheetDesk
from hoso.exchange.sheets.kinds import XLSX, kind
from hoso.exchange.sheets.pieces import Cell, Piece, decoded, encoded
from hoso.fhir.outcome import text
from hoso.web.inbox.gate import keepers, sender_of
from hoso.web.pages import intake, page
from hoso.web.stewards import reader, said

WAIT = 10.0
GATHERED = 20
MOST = 2_000
"""Refused rows that a page gathers; of more, the check before the import and the sheet of rejected rows tell."""
LONGEST = 2_000


def troubles(sender: Sender, one: Standing) -> list[dict[str, Any]]:
    if one.format != FORMAT or not 0 < one.counts.get("quarantined", 0) <= MOST:
        return []
    return answers.repairs(_desk().repairs(sender, one.id), reader())[:GATHERED]


@keepers
def rejects(request: HttpRequest, place: Facility, id: str) -> HttpResponse:
    """The refused rows as a sheet with their reasons; mended and brought again, they take their own places."""
    held = BytesIO()
    try:
        _desk().rejects(sender_of(request, place), id, held, reader())
    except Refused as refused:
        raise Http404 from refused
    headers = {"Content-Disposition": f'attachment; filename="{id}.xlsx"'}
    return HttpResponse(held.getvalue(), content_type=XLSX, headers=headers)


@keepers
def row(request: HttpRequest, place: Facility, id: str, number: int) -> HttpResponse:
    """One refused row with a field for each of its cells, and for what it needs and lacks."""
    sender, problem = sender_of(request, place), ""
    try:
        item, piece = _refused(sender, id, number)
        if request.method == "POST":
            piece = _as_typed(piece, request)
            try:
                intake().mend(sender, id, number, encoded(piece))
                intake().process(sender, id, WAIT)
                return HttpResponseRedirect(f"/inbox/{id}?" + urlencode({"at": place.id}))
            except Refused as refused:
                problem = said(refused)
    except Refused as refused:
        raise Http404 from refused
    return page(
        request, "inbox/row.html", 422 if problem else 200, place=place, id=id, item=item, problem=problem,
        cells=_cells(piece), faults=[text(issue, reader()) for issue in item.issues],
    )  # fmt: skip


def _refused(sender: Sender, id: str, number: int) -> tuple[Item, Piece]:
    """Raises Refused, also for what is no row in quarantine."""
    standing = _desk().standing(sender, id)
    found = intake().items(sender, standing.id, after=number - 1, most=1)
    if not found or found[0].number != number or found[0].state != "quarantined":
        raise Refused.because(404, "not-found", "intake.no-item", number=str(number))
    try:
        return found[0], decoded(intake().current(sender, id, number))
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise Refused.because(404, "not-found", "intake.no-item", number=str(number)) from None


def _cells(piece: Piece) -> list[tuple[str, str, str, str]]:
    """Name of the field on the page, the column's title, what it means, and its text."""
    fields, language = kind(piece.kind).fields, reader()

    found = [(f"c{at}", one.column, fields[one.field].title(language), one.text) for at, one in enumerate(piece.cells)]
    for code in _lacking(piece):
        field = fields[code]
        found.append((f"n-{code}", field.title(language), field.meaning[language], ""))
    return found


def _lacking(piece: Piece) -> list[str]:
    """Of each need that no cell fills, its first field."""
    there = {cell.field for cell in piece.cells if cell.text}
    held = {cell.field for cell in piece.cells}
    return [group[0] for group in kind(piece.kind).need if not there & set(group) and group[0] not in held]


def _as_typed(piece: Piece, request: HttpRequest) -> Piece:
    """A text that was changed loses what the reader had remarked about it."""
    cells = []
    for at, cell in enumerate(piece.cells):
        typed = " ".join(request.POST.get(f"c{at}", "").split())[:LONGEST]
        changed = Cell(cell.field, cell.column, typed, "", "", cell.of, cell.unit, cell.dose, cell.order)
        cells.append(cell if typed == cell.text else changed)
    fields = kind(piece.kind).fields
    for code in _lacking(piece):
        if typed := " ".join(request.POST.get(f"n-{code}", "").split())[:LONGEST]:
            cells.append(Cell(code, fields[code].vi, typed))
    return Piece(piece.kind, piece.facility, [cell for cell in cells if cell.text or cell.mark], piece.kept)


def _desk() -> SheetDesk:
    return SheetDesk(intake(), lambda: system_clock().date())
