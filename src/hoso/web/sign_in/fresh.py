"""What dangerous acts ask for: that the person shows again, now, that it is them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ReauthenticationRequired
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode

from hoso.web.pages import View, signed_in
from hoso.web.sign_in import assurance


def fresh(view: View) -> View:
    """Asks for the second factor again unless it was shown within five minutes. Such a view answers GET with its page.

    After that the person is back on that page and presses the button once more: what was sent is kept nowhere, for it
    may hold a password.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not assurance.recent(request):
            raise ReauthenticationRequired
        return view(request, *args, **kwargs)

    return signed_in(guarded)


class Again:
    """Leads to the page that asks; allauth's own middleware would lay the form that was sent into the session."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.respond(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        user: Any = request.user
        if not isinstance(exception, ReauthenticationRequired) or not user.is_authenticated:
            return None
        way = get_adapter().get_reauthentication_methods(user)[0]["url"]
        return HttpResponseRedirect(f"{way}?{urlencode({'next': request.get_full_path()})}")
