"""What software brought for a facility: its administrators and stewards see what was refused and why, and mend it.

They see nothing of what was stored but that it is: a piece is shown only while it is refused, for it must be mended.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from io import BytesIO
from itertools import islice
from typing import Any, get_args

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode

from hoso.access.organisation.facilities import Facility
from hoso.core.clock import from_ms
from hoso.core.errors import Refused
from hoso.exchange import formats
from hoso.exchange.intake import Item, Sender, Standing, State, Undone
from hoso.fhir import xml
from hoso.fhir.outcome import text
from hoso.web.inbox.gate import keepers, sender_of
from hoso.web.inbox.refused import troubles
from hoso.web.inbox.words import FORMAT_TITLES, LEFT_TITLES, STATE_TITLES, WHOSE_TITLES
from hoso.web.pages import intake, page
from hoso.web.sign_in.fresh import fresh
from hoso.web.stewards import reader, said

PER_PAGE = 25
PREVIEWED = 100
"""Pieces of a file that a page looks at beforehand; a system asks for all of them."""
WAIT = 10.0
STATES: tuple[State, ...] = get_args(State)
FAULTS = ("error", "fatal")
SHOWN: tuple[State, ...] = ("quarantined", "set-aside")
"""Whose pieces are shown."""


@keepers
def listed(request: HttpRequest, place: Facility) -> HttpResponse:
    """Deposits, the newest first, and the form that brings another."""
    if request.method == "POST":
        return _brought(request, place)
    return _list(request, place)


@keepers
def deposit(request: HttpRequest, place: Facility, id: str) -> HttpResponse:
    if request.method != "POST":
        return _deposit(request, place, id)
    try:
        _act(request, sender_of(request, place), id)
    except Refused as refused:
        if refused.status == 404:
            raise Http404 from refused
        return _deposit(request, place, id, said(refused), refused.status)
    state = request.POST.get("state", "")
    return HttpResponseRedirect(f"/inbox/{id}?" + urlencode({"at": place.id, **({"state": state} if state else {})}))


@keepers
def original(request: HttpRequest, place: Facility, id: str, number: int) -> HttpResponse:
    """A piece that is refused, as a file."""
    sender = sender_of(request, place)
    try:
        found = intake().items(sender, id, after=number - 1, most=1)
        if not found or found[0].number != number or found[0].state not in SHOWN:
            raise Http404
        content = intake().original(sender, id, number)
    except Refused as refused:
        raise Http404 from refused
    name = f'attachment; filename="{id}-{number}"'
    return HttpResponse(content, content_type="application/octet-stream", headers={"Content-Disposition": name})


@keepers
@fresh
def undo(request: HttpRequest, place: Facility, id: str) -> HttpResponse:
    sender, problem, done = sender_of(request, place), "", None
    try:
        standing = intake().standing(sender, id)
        if request.method == "POST":
            done = intake().undo(sender, id)
    except Refused as refused:
        if refused.status == 404:
            raise Http404 from refused
        problem = said(refused)
    return _undo(request, place, standing, done, problem)


def _undo(request: HttpRequest, place: Facility, standing: Standing, done: Undone | None, problem: str) -> HttpResponse:
    return page(
        request, "inbox/undo.html", 409 if problem else 200, place=place, deposit=standing, done=done,
        problem=problem, received=from_ms(standing.received), why=LEFT_TITLES, titles=FORMAT_TITLES,
    )  # fmt: skip


def _brought(request: HttpRequest, place: Facility) -> HttpResponse:
    """A file from the form: looked at beforehand, or taken in."""
    file, sender = request.FILES.get("file"), sender_of(request, place)
    if file is None:
        return _list(request, place, "", 422, missing=True)
    data = file.read()
    found = formats.known(data[: formats.HEAD])
    try:
        if found is None:
            key = "xml.cda" if xml.is_cda(data[: formats.HEAD]) else "intake.unknown-file"
            raise Refused.because(422, "not-supported", key)
        if request.POST.get("do") == "preview":
            return _previewed(request, place, file.name or "", intake().preview(sender, found.name, BytesIO(data)))
        receipt = intake().receive(sender, found.name, file.name or "", BytesIO(data))
        intake().process(sender, receipt.id, WAIT)
    except Refused as refused:
        return _list(request, place, said(refused), 422)
    again = {} if receipt.new else {"again": "1"}
    return HttpResponseRedirect(f"/inbox/{receipt.id}?" + urlencode({"at": place.id, **again}))


def _previewed(request: HttpRequest, place: Facility, name: str, items: Iterator[Item]) -> HttpResponse:
    """Raises Refused for what cannot be read at all."""
    found = list(islice(items, PREVIEWED))
    counts = Counter(item.state for item in found)
    whose = Counter(item.whose for item in found if item.whose)
    rest = len(found) == PREVIEWED and next(items, None) is not None
    return page(
        request, "inbox/preview.html", place=place, name=name, items=[_row(item) for item in found], rest=rest,
        counts=_counted(counts), whose=[(WHOSE_TITLES[one], number) for one, number in whose.items()],
    )  # fmt: skip


def _act(request: HttpRequest, sender: Sender, id: str) -> None:
    """Raises Refused."""
    desk, number = intake(), _number(request.POST.get("number", ""))
    match request.POST.get("do"):
        case "retry-all":
            desk.retry(sender, id)
        case "retry":
            desk.retry(sender, id, [number])
        case "mend":
            file = request.FILES.get("file")
            desk.mend(sender, id, number, file.read() if file else b"")
        case "set-aside":
            desk.set_aside(sender, id, number, request.POST.get("reason", ""))
            return
        case _:
            raise Http404
    desk.process(sender, id, WAIT)


def _list(
    request: HttpRequest, place: Facility, problem: str = "", status: int = 200, *, missing: bool = False
) -> HttpResponse:
    before = _before(request.GET.get("before", ""))
    found = intake().listed(sender_of(request, place), before, PER_PAGE)
    last = found[-1] if len(found) == PER_PAGE else None
    older = urlencode({"at": place.id, "before": f"{last.received}.{last.id}"}) if last else ""
    return page(
        request, "inbox/list.html", status, place=place, problem=problem, missing=missing,
        deposits=[(one, from_ms(one.received), _counted(one.counts)) for one in found],
        titles=FORMAT_TITLES, older=f"/inbox?{older}" if older else None,
    )  # fmt: skip


def _deposit(request: HttpRequest, place: Facility, id: str, problem: str = "", status: int = 200) -> HttpResponse:
    sender = sender_of(request, place)
    asked = request.POST.get("state", request.GET.get("state"))
    after = _number(request.GET.get("after", "0"))
    try:
        one = intake().standing(sender, id)
        if asked is None and one.counts.get("quarantined"):
            asked = "quarantined"
        state = next((state for state in STATES if state == asked), None)
        found = intake().items(sender, id, state=state, after=after, most=PER_PAGE)
    except Refused as refused:
        raise Http404 from refused
    rest = len(found) == PER_PAGE
    gathered = troubles(sender, one) if not after else []
    more = urlencode({"at": place.id, "state": state or "", "after": str(found[-1].number)}) if rest else ""
    return page(
        request, "inbox/deposit.html", status, place=place, deposit=one, received=from_ms(one.received),
        counts=[(name, *rest) for name, rest in zip(one.counts, _counted(one.counts), strict=True)],
        items=[_row(item) for item in found], gathered=gathered, state=state or "", problem=problem,
        titles=FORMAT_TITLES, older=f"/inbox/{id}?{more}" if more else None, again=bool(request.GET.get("again")),
    )  # fmt: skip


def _row(item: Item) -> dict[str, Any]:
    return {
        "item": item,
        "state": STATE_TITLES[item.state],
        "whose": WHOSE_TITLES.get(item.whose, ""),
        "faults": [text(issue, reader()) for issue in item.issues if issue.severity in FAULTS],
        "remarks": [text(issue, reader()) for issue in item.issues if issue.severity not in FAULTS],
        "shown": item.state in SHOWN,
    }


def _counted(counts: Mapping[State, int]) -> list[tuple[str, int]]:
    return [(STATE_TITLES[state], number) for state, number in counts.items()]


def _number(text: str) -> int:
    """Raises Http404 for what numbers no item."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        return 0
    return int(text)


def _before(text: str) -> tuple[int, str] | None:
    time, _, id = text.partition(".")
    return (int(time), id[:64]) if time.isascii() and time.isdigit() and len(time) < 16 and id else None
