"""Whom the citizen lets in: a code told this once, as text and QR, and what was given, to be taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from hoso.access.grants import Given
from hoso.core.clock import from_ms
from hoso.core.errors import Refused
from hoso.web import qr
from hoso.web.citizens import names
from hoso.web.citizens.own import mine
from hoso.web.citizens.titles import GRANT_TITLES
from hoso.web.pages import desk, errand, page
from hoso.web.sign_in import assurance
from hoso.web.stewards import said

LIVES = {"grant": (1, 7, 30, 90), "representative": (365, 1825, 3650), "summary": (365, 1825, 3650)}
"""Days that may be chosen."""


@mine
def sharing(request: HttpRequest) -> HttpResponse:
    asking, grants = errand(request), desk().grants
    code, until, problem, status = "", None, "", 200
    if request.method == "POST":
        try:
            if "end" in request.POST:
                grants.take_back(asking, request.POST["end"][:64])
                return HttpResponseRedirect("/me/sharing")
            kind, days = _choice(request)
            if kind != "grant" and not assurance.recent(request):  # it lasts for years: first the password again
                raise ReauthenticationRequired
            offered = grants.offer(asking, kind, timedelta(days=days))
            code, until = offered.code, from_ms(offered.expires)
        except Refused as refused:
            problem, status = said(refused), refused.status
    given = grants.given(asking)
    return page(
        request,
        "citizen/sharing.html",
        status,
        code=code,
        picture=qr.svg(code) if code else "",
        until=until,
        problem=problem,
        lives=LIVES,
        titles=GRANT_TITLES,
        given=[_shown(grant, names.grantees(given)) for grant in given],
    )


def _choice(request: HttpRequest) -> tuple[Given, int]:
    """Of the form's "grant 7"."""
    kind, _, days = request.POST.get("offer", "").partition(" ")
    if kind not in LIVES or days not in map(str, LIVES[kind]):
        raise Refused.because(422, "value", "grant.long")
    return cast(Given, kind), int(days)


def _shown(grant: Any, who: dict[str, str]) -> dict[str, Any]:
    return {
        "id": grant.id,
        "title": GRANT_TITLES[grant.kind],
        "who": who.get(grant.grantee, ""),
        "since": from_ms(grant.since),
        "until": from_ms(grant.until),
    }
