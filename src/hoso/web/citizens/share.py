"""Sharing by QR: what is in it, for how long and how often, then the link, which is shown this once; and all links."""

from __future__ import annotations

import secrets
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.debug import sensitive_post_parameters

from hoso.access.healthlinks import Made, Shared
from hoso.access.healthlinks.links import LIVES, USES
from hoso.care import ips
from hoso.core.clock import from_ms
from hoso.core.errors import Refused
from hoso.fhir.json import encode
from hoso.web import qr
from hoso.web.citizens.own import mine, own
from hoso.web.citizens.summarised import Shareable, document, preview, shareable, types_in
from hoso.web.citizens.titles import LINK_LIVES, LINK_PLACES, LINK_STATES
from hoso.web.door import Door
from hoso.web.oauth.origin import origin
from hoso.web.pages import desk, errand, page
from hoso.web.persons import Person
from hoso.web.stewards import said

PAGE = "/me/share"
_DIGITS = 6


@mine
def share(request: HttpRequest) -> HttpResponse:
    """Those that can be opened first, then what became of the others."""
    links = desk().health_links
    if request.method == "POST":
        links.take_back(errand(request), request.POST.get("end", "")[:64])
        return HttpResponseRedirect(PAGE)
    shown = [_shown(one) for one in links.shared(errand(request))]
    return page(
        request,
        "citizen/share.html",
        open=[one for one in shown if one["shared"].state == "open"],
        over=[one for one in shown if one["shared"].state != "open"],
        places=LINK_PLACES,
    )


@sensitive_post_parameters("passcode")
@own
def new(request: HttpRequest, reach: Door, person: Person) -> HttpResponse:
    making = request.method == "POST" and "make" in request.POST
    problem, status = "", 200
    found = shareable(request, person, closed="closed" in request.POST, sent=making)
    if making:
        try:
            made = _made(request, person, found)
            return HttpResponseRedirect(f"{PAGE}?again=1") if made is None else _told(request, made)
        except Refused as refused:
            problem, status = said(refused), refused.status
    parts = preview(request, found)
    return page(
        request,
        "citizen/share_new.html",
        status,
        problem=problem,
        parts=parts,
        chosen=_chosen(request, parts),
        found=found,
        form=_form(request),
        lives=LINK_LIVES,
        uses=USES,
    )


def _made(request: HttpRequest, person: Person, found: Shareable) -> Made | None:
    form = _form(request)
    parts = preview(request, found)
    withheld = {part.key for part in parts} - _chosen(request, parts)
    whole = document(request, person, found, withheld)
    return desk().health_links.make(
        errand(request), encode(whole), types_in(whole), once=form["once"], base=f"{origin(request)}/shl",
        life=form["life"], uses=int(form["uses"]) if form["uses"] in map(str, USES) else 0, passcode=form["passcode"],
        label=form["label"],
    )  # fmt: skip


def _told(request: HttpRequest, made: Made) -> HttpResponse:
    """The only page that has the key; it is kept nowhere."""
    link = f"{origin(request)}/s#{made.text}"
    return page(
        request,
        "citizen/share_made.html",
        link=link,
        picture=qr.svg(link, tight=True),
        until=from_ms(made.expires),
        passcode=request.POST.get("passcode", "").strip()[:200],
    )


def _form(request: HttpRequest) -> dict[str, Any]:
    """What was chosen; at first what suits showing it to somebody now."""
    if request.method != "POST":
        suggested = "".join(secrets.choice("0123456789") for _ in range(_DIGITS))
        return {"once": secrets.token_urlsafe(16), "life": "hour", "uses": "1", "passcode": suggested, "label": "",
                "closed": False}  # fmt: skip
    form = request.POST
    return {
        "once": form.get("once", "")[:64],
        "life": form.get("life", "") if form.get("life", "") in LIVES else "",
        "uses": form.get("uses", "")[:3],
        "passcode": form.get("passcode", "").strip()[:200],
        "label": form.get("label", "").strip()[:200],
        "closed": "closed" in form,
    }


def _chosen(request: HttpRequest, parts: list[ips.Contents]) -> set[str]:
    """Keys of the sections that go along; at first all."""
    keys = {part.key for part in parts}
    return keys & set(request.POST.getlist("part")) if request.method == "POST" else keys


def _shown(shared: Shared) -> dict[str, Any]:
    return {
        "shared": shared,
        "made": from_ms(shared.row.made),
        "until": from_ms(shared.row.expires),
        "state": LINK_STATES[shared.state],
        "openings": [{"opening": one, "time": from_ms(one.time)} for one in shared.openings],
    }
