"""This node, its hub, and every node below: where everything is, and what to do, for the administrators of the node."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from hoso import __version__
from hoso.core.clock import from_ms, to_ms
from hoso.sync.overview import HeldRecord, Station
from hoso.web.agreeing.advice import of_own, of_station
from hoso.web.agreeing.words import ADVICE, OTHER_TYPE, STANDING_TITLES, TYPE_TITLES
from hoso.web.pages import agreement, decides_for_node, page, records, signed_in

PER_PAGE = 50
MOST_HELD = 5
VERSION = f"HoSo {__version__}"
GB = 1_000_000_000


@signed_in
def nodes(request: HttpRequest) -> HttpResponse:
    overview = agreement()
    if not decides_for_node(request) or not overview.agrees():
        raise Http404
    now, number = to_ms(records().clock()), _number(request)
    own = overview.own()
    stations, count = overview.stations((number - 1) * PER_PAGE, PER_PAGE)
    pages = -(-count // PER_PAGE)
    return page(
        request,
        "agreeing/nodes.html",
        own=own,
        advice=ADVICE[of_own(own, now)],
        well=of_own(own, now) == "well",
        last=_time(own.last),
        until=_time(own.certificate),
        oldest=_time(own.sent.oldest),
        clock=_seconds(own.ahead),
        held=[_held(one) for one in own.held[:MOST_HELD]],
        version=VERSION,
        free=own.free // GB,
        disk=own.disk // GB,
        stations=[_shown(one, now) for one in stations],
        count=count,
        number=number,
        links={at: f"?page={at}" for at in range(1, pages + 1)},
    )


def _shown(one: Station, now: int) -> dict[str, Any]:
    row, word = one.row, of_station(one, now, VERSION)
    return {
        "row": row,
        "standing": STANDING_TITLES[one.standing],
        "good": one.standing == "good",
        "well": word == "well",
        "advice": ADVICE[word],
        "last": _time(row.seen),
        "until": _time(row.expires),
        "newest": _time(one.newest),
        "clock": _seconds(row.ahead),
        "version": one.said.version,
        "waits": one.waits,
        "oldest": _time(one.said.oldest),
        "free": one.said.free // GB,
        "disk": one.said.disk // GB,
        "arrived": one.arrived,
        "unseen": one.unseen,
        "beyond": one.beyond,
        "held": [_held(each) for each in one.held[:MOST_HELD]],
        "held_count": len(one.held),
    }


def _held(one: HeldRecord) -> tuple[str, str]:
    return (TYPE_TITLES.get(one.type, OTHER_TYPE), one.reason)


def _time(at: int | None) -> Any:
    return from_ms(at) if at else None


def _seconds(ahead: int | None) -> int | None:
    return None if ahead is None else round(ahead / 1000)


def _number(request: HttpRequest) -> int:
    text = request.GET.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 5 else 1
