"""What dangerous acts ask for: that the person shows again, now, that it is them."""

from __future__ import annotations

from functools import wraps
from typing import Any

from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest, HttpResponse

from hoso.web.pages import View, signed_in
from hoso.web.sign_in import assurance


def fresh(view: View) -> View:
    """Asks for the second factor again unless it was shown within five minutes, then goes on with what was sent."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not assurance.recent(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    return signed_in(guarded)
