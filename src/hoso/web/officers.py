"""What the privacy officer's pages share: to others they are not there."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse

from hoso.web.pages import View, may, signed_in


def officers_only(view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, **more: Any) -> HttpResponse:
        if not may(request, "oversee"):
            raise Http404
        return view(request, **more)

    return signed_in(guarded)
