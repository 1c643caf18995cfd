"""The wizard: a file is looked at, its columns are confirmed, every row is checked, and only then anything is stored.

Each step is a form of its own. The file waits sealed between them (`kept`), for whoever brought it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import wraps
from io import BytesIO
from time import monotonic
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode

from hoso.access.organisation.facilities import Facility
from hoso.core.errors import Refused
from hoso.exchange import formats, health_checks
from hoso.exchange.sheets import answers, table
from hoso.exchange.sheets import template as templates
from hoso.exchange.sheets.desk import Check, Look, SheetDesk
from hoso.exchange.sheets.kinds import KINDS, XLSX, kind, kinds
from hoso.exchange.sheets.mapping import Mapping
from hoso.fhir.outcome import text
from hoso.web.accounts.models import ImportFile
from hoso.web.imports import columns, kept
from hoso.web.imports.words import ENCODING_TITLES, SEPARATOR_TITLES, SURE_TITLES
from hoso.web.inbox.gate import keepers, sender_of
from hoso.web.inbox.words import FORMAT_TITLES, STATE_TITLES, WHOSE_TITLES
from hoso.web.pages import door, intake, page
from hoso.web.stewards import reader, said

LARGEST = 9_000_000
PATIENCE = 10.0
"""Seconds that a check takes at most; it then tells of the rows read so far."""
AT_ONCE = 1.0
"""Seconds that are waited for the rows to go in; the page after it shows how far they are."""
LISTED = 60
"""Kinds of trouble on one page."""
View = Callable[..., HttpResponse]


def own_file(view: View) -> View:
    """view(request, place, file): one that this account brought for this place, not older than a day."""

    @wraps(view)
    def guarded(request: HttpRequest, place: Facility, id: str) -> HttpResponse:
        user: Any = request.user
        row = kept.find(user, place.code or "", id)
        if row is None:
            raise Http404
        return view(request, place, row)

    return keepers(guarded)


@keepers
def start(request: HttpRequest, place: Facility) -> HttpResponse:
    """The form that brings a file, empty sheets to fill in, and files that wait half-way."""
    if request.method != "POST":
        return _start(request, place)
    file: Any = request.FILES.get("file")
    if file is None or not file.size:
        return _start(request, place, "none")
    if file.size > LARGEST:
        return _start(request, place, "large")
    data, name, user = file.read(), file.name or "", request.user
    try:
        format = _format(data)
        if not format:
            _desk(request).look(sender_of(request, place), BytesIO(data), name, place.code or "")
        row = kept.put(user, place.code or "", name, format, data)  # type: ignore[arg-type]
    except Refused as refused:
        return _start(request, place, said(refused))
    except kept.Crowded:
        return _start(request, place, "crowded")
    return HttpResponseRedirect(_address(place, row, "/check" if format else ""))


def _format(data: bytes) -> str:
    """Of the intake; "" for a spreadsheet whose columns are to be understood."""
    found = formats.known(data[: formats.HEAD])
    if found is not None:
        return found.name
    return "ksk" if table.knows(data[: table.HEAD]) and health_checks.is_roster(BytesIO(data)) else ""


def _start(request: HttpRequest, place: Facility, problem: str = "") -> HttpResponse:
    user: Any = request.user
    return page(
        request, "imports/start.html", 422 if problem else 200, place=place, problem=problem, most=kept.MOST,
        waiting=kept.unfinished(user, place.code or ""), formats=FORMAT_TITLES,
        kinds=_kinds(),
    )  # fmt: skip


@own_file
def understood(request: HttpRequest, place: Facility, row: ImportFile) -> HttpResponse:
    """What the columns of a spreadsheet mean. Once it went in: what became of it."""
    if request.method == "POST" and request.POST.get("do") == "discard":
        row.delete()
        return HttpResponseRedirect("/imports?" + urlencode({"at": place.id}))
    if (became := kept.done(row)) is not None:
        return _became(request, place, row, became)
    if row.format:
        return HttpResponseRedirect(_address(place, row, "/check"))
    if request.method == "POST" and request.POST.get("do") == "look":
        wanted = request.POST.get("kind", "")
        kept.say(row, kind=wanted if wanted in KINDS else "", sheet=request.POST.get("sheet", ""))
        return HttpResponseRedirect(_address(place, row))
    try:
        look = _look(request, place, row)
    except Refused as refused:  # a sheet that holds nothing, say: the form goes back to the file's own
        kept.say(row)
        return _columns(request, place, row, _look(request, place, row), None, said(refused))
    before = kept.mapping(row) or look.mapping
    if request.method != "POST":
        return _columns(request, place, row, look, before)
    mapping = columns.told(look, before, request.POST)
    kept.say(row, kind=row.kind, sheet=row.sheet, mapping=mapping)
    try:
        mapping.check()
    except Refused as refused:
        return _columns(request, place, row, look, mapping, said(refused))
    return HttpResponseRedirect(_address(place, row, "/check"))


def _look(request: HttpRequest, place: Facility, row: ImportFile) -> Look:
    """Raises Refused."""
    sender = sender_of(request, place)
    return _desk(request).look(sender, BytesIO(_content(row)), row.name, place.code or "", row.kind, row.sheet)


def _columns(
    request: HttpRequest, place: Facility, row: ImportFile, look: Look, mapping: Mapping | None, problem: str = ""
) -> HttpResponse:
    mapping, language = mapping or look.mapping, reader()
    header, of = look.sheet.header, kind(mapping.kind)
    missing = columns.needs(mapping, language)
    return page(
        request, "imports/columns.html", 422 if problem else 200, place=place, file=row, problem=problem, look=look,
        format=look.tables.kind.upper(), encoding=ENCODING_TITLES.get(look.tables.encoding, look.tables.encoding),
        separator=SEPARATOR_TITLES.get(look.tables.separator, look.tables.separator), header=header,
        sheets=look.tables.sheets[: answers.SHEETS], notes=[text(one, language) for one in look.tables.notes],
        columns=columns.shown(look, mapping, language), more=max(0, len(header.titles) - columns.SHOWN),
        choices=columns.choices(of, language), kinds=_kinds(),
        kind=mapping.kind, missing=missing, sure=SURE_TITLES, confirmed=bool(row.mapping),
    )  # fmt: skip


@own_file
def checked(request: HttpRequest, place: Facility, row: ImportFile) -> HttpResponse:
    """What would come of every row, stored nowhere; and the button that stores."""
    mapping = kept.mapping(row)
    if row.done or not (row.format or mapping):
        return HttpResponseRedirect(_address(place, row))
    problem = ""
    if request.method == "POST":
        try:
            kept.finish(row, _loaded(request, place, row, mapping))
            return HttpResponseRedirect(_address(place, row))
        except Refused as refused:
            problem = said(refused)
    found, complete = Check(), True
    try:
        found, complete = _within(PATIENCE, _steps(request, place, row, mapping))
    except Refused as refused:
        problem = problem or said(refused)
    language = reader()
    repairs = answers.repairs(found.repairs, language)
    return page(
        request, "imports/check.html", 422 if problem else 200, place=place, file=row, problem=problem, found=found,
        complete=complete, repairs=repairs[:LISTED], unlisted=len(repairs[LISTED:]),
        left_out=[text(one, language) for one in found.left_out[:LISTED]], formats=FORMAT_TITLES,
        whose=[(WHOSE_TITLES[one], number) for one, number in sorted(found.whose.items()) if one],
    )  # fmt: skip


def _steps(request: HttpRequest, place: Facility, row: ImportFile, mapping: Mapping | None) -> Iterator[Check]:
    """Raises Refused."""
    sender, data = sender_of(request, place), BytesIO(_content(row))
    if mapping is not None:
        yield from _desk(request).check(sender, mapping, data, row.name)
        return
    found = Check()
    for item in intake().preview(sender, row.format, data):
        found.read += 1
        refused = item.state == "quarantined"
        found.refused += refused
        found.good += not refused
        found.whose[item.whose] += 1
        found.repairs.add(item.number, item.issues)
        yield found


def _within(seconds: float, steps: Iterator[Check]) -> tuple[Check, bool]:
    until, found = monotonic() + seconds, Check()
    for step in steps:
        found = step
        if monotonic() > until:
            return found, next(steps, None) is None
    return found, True


def _loaded(request: HttpRequest, place: Facility, row: ImportFile, mapping: Mapping | None) -> kept.Done:
    """Durable on return; what is left after a moment the node goes on with. Raises Refused."""
    sender, data = sender_of(request, place), BytesIO(_content(row))
    if mapping is None:
        receipt = intake().receive(sender, row.format, row.name, data)
        done = kept.Done(receipt.id, receipt.new)
    else:
        loaded = _desk(request).load(sender, mapping, data, row.name)
        mended = {id: len(numbers) for id, numbers in loaded.mended.items()}
        done = kept.Done(loaded.id, loaded.new, mended, loaded.not_taken[:LISTED])
    for id in done.deposits:
        intake().process(sender, id, AT_ONCE)
    return done


def _became(request: HttpRequest, place: Facility, row: ImportFile, done: kept.Done) -> HttpResponse:
    sender, language = sender_of(request, place), reader()
    try:
        standings = [intake().standing(sender, id) for id in done.deposits]
    except Refused as refused:
        raise Http404 from refused
    waits = sum(one.counts.get(state, 0) for one in standings for state in ("waiting", "put-off"))
    items = sum(one.items for one in standings)
    return page(
        request, "imports/done.html", place=place, file=row, done=done, items=items, settled=items - waits,
        over=all(one.over for one in standings) or not waits,
        deposits=[(one, [(STATE_TITLES[state], number) for state, number in one.counts.items()]) for one in standings],
        mended=sum(done.mended.values()), not_taken=[text(one, language) for one in done.not_taken],
    )  # fmt: skip


@keepers
def empty(request: HttpRequest, place: Facility, name: str) -> HttpResponse:
    """An empty sheet of a kind, to be filled in."""
    if name not in KINDS:
        raise Http404
    headers = {"Content-Disposition": f'attachment; filename="{name}.xlsx"'}
    return HttpResponse(templates.write(name, reader()), content_type=XLSX, headers=headers)


def _kinds() -> list[tuple[str, str]]:
    return [(name, of.title(reader())) for name, of in kinds().items()]


def _desk(request: HttpRequest) -> SheetDesk:
    today = door(request).today
    return SheetDesk(intake(), lambda: today)


def _content(row: ImportFile) -> bytes:
    """Raises Http404 for one whose key is gone: it is brought again."""
    data = kept.content(row)
    if data is None:
        raise Http404
    return data


def _address(place: Facility, row: ImportFile, step: str = "") -> str:
    return f"/imports/{row.id}{step}?" + urlencode({"at": place.id})
