"""The choice of language, kept in a cookie; and the rule that a way back leads only to a page of ours."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from hoso.web.configure import LANGUAGE_COOKIE

_YEAR = 365 * 24 * 3600


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    response = HttpResponseRedirect(own(request.POST.get("next", "")))
    chosen = "en" if request.POST.get("language") == "en" else "vi"
    response.set_cookie(
        LANGUAGE_COOKIE, chosen, max_age=_YEAR, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE
    )
    return response


def own(address: str) -> str:
    """The address if it is a page of ours, else the first page."""
    ours = address.startswith("/") and url_has_allowed_host_and_scheme(address, allowed_hosts=None)
    return address if ours else "/"
