"""How often automatic links were wrong, by those who looked without knowing: a sentence, a chart and a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from hoso.core.clock import instant, to_ms
from hoso.core.errors import Refused
from hoso.identity.sampling import Week
from hoso.web.pages import door, page, steward
from hoso.web.stewards import said, stewards_only

WEEKS = 26
DRAWN = (20, 50, 200)
WIDTH, HEIGHT = 640, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 12, 34


@dataclass(frozen=True, slots=True)
class Point:
    """One week in the chart: where its share stands, and how far the interval reaches."""

    x: float
    y: float
    low: float
    high: float
    label: str


@dataclass(frozen=True, slots=True)
class Chart:
    points: tuple[Point, ...]
    ticks: tuple[tuple[float, str], ...]


@stewards_only
def rate(request: HttpRequest) -> HttpResponse:
    reach = door(request)
    now = reach.records.clock()
    since = instant(to_ms(now - timedelta(weeks=WEEKS)))
    problem = ""
    if request.method == "POST":
        number = request.POST.get("number", "")
        try:
            wanted = int(number) if number.isascii() and number.isdecimal() and len(number) < 6 else 0
            drawn = steward().sample(reach.upkeep, wanted, since, to_ms(now))
            return HttpResponseRedirect(f"/reviews/rate?drawn={len(drawn)}")
        except Refused as refused:
            problem = said(refused)
    found = steward().error_rate(reach.upkeep, since)
    drawn_before = request.GET.get("drawn", "")
    return page(
        request,
        "rate.html",
        rate=found,
        share=percent(found.wrong / found.looked) if found.looked else "",
        low=percent(found.low),
        high=percent(found.high),
        weeks=[(w, percent(w.wrong / w.looked), percent(w.low), percent(w.high)) for w in found.weeks if w.looked],
        chart=chart(found.weeks) if found.weeks else None,
        size=(WIDTH, HEIGHT, _LEFT, WIDTH - _RIGHT, HEIGHT - _BOTTOM),
        drawn=int(drawn_before) if drawn_before.isascii() and drawn_before.isdecimal() else None,
        numbers=DRAWN,
        most_weeks=WEEKS,
        problem=problem,
    )


def chart(weeks: Sequence[Week]) -> Chart:
    """Coordinates; the axis ends at the first round share above every interval."""
    top = next((t for t in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5) if t >= max(w.high for w in weeks)), 1.0)
    first, last = weeks[0].start, weeks[-1].start
    span = max((last - first).days, 7)

    def across(start: date) -> float:
        return round(_LEFT + 20 + (WIDTH - _LEFT - _RIGHT - 40) * (start - first).days / span, 1)

    def down(share: float) -> float:
        return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - share / top), 1)

    points = tuple(
        Point(
            across(w.start), down(w.wrong / w.looked if w.looked else 0), down(w.low), down(w.high), f"{w.start:%d/%m}"
        )
        for w in weeks
    )
    return Chart(points, tuple((down(top * part), percent(top * part)) for part in (0, 0.5, 1)))


def percent(share: float) -> str:
    """With the decimals that a small share needs; the page puts the comma."""
    return f"{share * 100:.1f}" if 0 < share < 0.1 else f"{share * 100:.0f}"
