"""/reports: the figures of a month or a quarter; each opens to its lines, which are the registers of the station."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from hoso.care.reports.count import figures, late
from hoso.care.reports.period import Period
from hoso.web.door import Door
from hoso.web.pages import door, errand, may_print, page
from hoso.web.paging import part
from hoso.web.present import date_text, grouped, sex
from hoso.web.reports import gather, kept, words
from hoso.web.reports.kept import Report
from hoso.web.reports.lines import Line, lines
from hoso.web.reports.sheets import Row, sheet
from hoso.web.today.views import for_writers

PER_PAGE = 100
_MOST_TAKEN_OUT = 20_000


@for_writers
def newest(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(f"/reports/{Period.of(door(request).today).key}")


@for_writers
def report(request: HttpRequest, period: str) -> HttpResponse:
    reach, asked = _asked(request, period)
    place = reach.errand.actor.facility
    if request.method == "POST":
        user: Any = request.user
        by, now = user.name or user.username, reach.records.clock()
        if "close" in request.POST and asked.end <= reach.today:
            kept.close(place, asked, by, now)
        elif "count" in request.POST:
            kept.keep(place, asked, figures(gather.facts(reach, asked)), by, now)
        return HttpResponseRedirect(f"/reports/{asked.key}")
    now_, closed = _both(place, asked)
    form = request.GET.get("form", "")
    if form in ("csv", "xlsx") and now_ is not None:
        _taking_out(request)
        return sheet(_table(now_, closed, asked, reach.facility(place)), f"bao-cao-{asked.key}", form)
    return page(
        request,
        "reports/report.html",
        place=reach.facility(place),
        code=place,
        period=asked,
        today=reach.today,
        ended=asked.end <= reach.today,
        before=asked.before(),
        after=asked.after() if asked.end <= reach.today else None,
        wider=asked.wider() if asked.months == 1 else None,
        now=now_,
        closed=closed,
        groups=_rows(now_, closed) if now_ else [],
        registers=words.registers(),
        takes=may_print(request, "Encounter"),
    )


@for_writers
def opened(request: HttpRequest, period: str, key: str) -> HttpResponse:
    """The lines that a number counts. Printing and taking out are not looking: they have their own right."""
    reach, asked = _asked(request, period)
    now_, closed = _both(reach.errand.actor.facility, asked)
    if now_ is None or not (title := words.title_of(key, [now_.figures])):
        raise Http404
    keys = now_.figures.get(key, [])
    came = late(keys, closed.figures.get(key, ()))[0] if closed else set()
    form = request.GET.get("form", "")
    if form in ("csv", "xlsx"):
        _taking_out(request)
        found = lines(door(request), keys[:_MOST_TAKEN_OUT], came)
        return sheet([_heads(), *(_cells(n, one) for n, one in enumerate(found, 1))], f"so-{key}-{asked.key}", form)
    of_page, number, numbers = part(keys, request.GET.get("page", ""), PER_PAGE)
    found = lines(reach, of_page, came)
    return page(
        request,
        "reports/lines.html",
        place=reach.facility(reach.errand.actor.facility),
        period=asked,
        key=key,
        title=title,
        lines=found,
        hidden=len(of_page) - len(found),
        first=(number - 1) * PER_PAGE + 1,
        total=len(keys),
        heads=_heads(),
        number=number,
        links={n: f"/reports/{asked.key}/{key}?page={n}" for n in numbers},
        takes=may_print(request, "Encounter"),
    )


def _asked(request: HttpRequest, text: str) -> tuple[Door, Period]:
    reach, asked = door(request), Period.read(text)
    if asked is None or not gather.sees(reach) or asked.first > reach.today or asked.first < date(2000, 1, 1):
        raise Http404
    return reach, asked


def _both(place: str, asked: Period) -> tuple[Report | None, Report | None]:
    return kept.read(place, asked, closed=False), kept.read(place, asked, closed=True)


def _taking_out(request: HttpRequest) -> None:
    if not may_print(request, "Encounter"):
        raise Http404
    request.errand = replace(errand(request), channel="print", activity="print")  # type: ignore[attr-defined]


def _rows(now: Report, closed: Report | None) -> list[tuple[str, list[dict[str, Any]]]]:
    """By group, each figure now, as it was closed, and the share of those measured that are in control."""
    found = words.groups([now.figures, closed.figures] if closed else [now.figures])
    return [(title, [_row(key, name, now, closed) for key, name in listed]) for title, listed in found]


def _row(key: str, title: str, now: Report, closed: Report | None) -> dict[str, Any]:
    came, went = late(now.figures.get(key, ()), closed.figures.get(key, ())) if closed else (set(), set())
    measured = now.number(f"{key.removesuffix('.controlled')}.measured") if key.endswith(".controlled") else 0
    share = f"{100 * now.number(key) / measured:.0f} %" if measured else ""
    return {
        "key": key, "title": title, "now": now.number(key), "was": closed.number(key) if closed else None,
        "came": len(came), "went": len(went), "share": share,
    }  # fmt: skip


def _table(now: Report, closed: Report | None, period: Period, place: str) -> list[Row]:
    heads = [_("Group"), _("Figure"), period.title, *([_("When it was closed")] if closed else [])]
    rows: list[Row] = [heads]
    for group, listed in _rows(now, closed):
        rows += [[group, one["title"], one["now"], *([one["was"]] if closed else [])] for one in listed]
    return [*rows, [_("Facility"), place]]


def _heads() -> list[str]:
    return [
        _("No."), _("Day"), _("Full name"), _("Born"), _("Sex"), _("Address"), _("Insurance number"),
        _("Diagnosis, vaccine or facility"), _("Value, dose or number"), _("Written by"),
    ]  # fmt: skip


def _cells(number: int, one: Line) -> Sequence[str | int]:
    return [
        number, date_text(one.on), one.name, date_text(one.born), sex(one.sex), one.place,
        grouped(one.insurance, "insurance"), one.what, one.how, one.by,
    ]  # fmt: skip
