"""In which role the person signed in acts: the one they have, or of several the one they chose, shown on every page.

Asked anew at each click, so a role that ended is over at once; the next one is never taken up without being chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import urlencode

from hoso.access.organisation import Post
from hoso.web.language import own
from hoso.web.oauth.telling import tell
from hoso.web.pages import organisation, page, signed_in
from hoso.web.sign_in.assurance import OPEN

POST = "post"
"""Of the session: the id of the PractitionerRole."""
PLACE = "/posts"


def begin(request: HttpRequest, user: Any) -> None:
    """Whoever has one role acts in it; of several none is taken before it is chosen."""
    held = organisation().posts.of(user.practitioner)
    if len(held) == 1:
        _take(request, user, held[0])


def _take(request: HttpRequest, user: Any, post: Post) -> None:
    request.session[POST] = post.id
    user.post = post


class Acting:
    """Staff without a role in force, or who have yet to choose, reach nothing but the page on which it is chosen."""

    def __init__(self, respond: Callable[[HttpRequest], HttpResponse]) -> None:
        self.respond = respond

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user: Any = request.user
        if not user.is_authenticated or not user.staff:
            return self.respond(request)
        if POST in request.session:
            user.post = organisation().posts.post(user.practitioner, request.session[POST])
        else:
            begin(request, user)
        if user.post is None and not request.path.startswith((*OPEN, PLACE)):
            return HttpResponseRedirect(f"{PLACE}?{urlencode({'next': request.get_full_path()})}")
        return self.respond(request)


@signed_in
def posts(request: HttpRequest) -> HttpResponse:
    """The choice, and the switch to another."""
    user: Any = request.user
    held = organisation().posts.of(user.practitioner)
    back = own(request.POST.get("next", request.GET.get("next", "/")))
    if request.method == "POST":
        chosen = next((one for one in held if one.id == request.POST.get("post")), None)
        if chosen is not None:
            _take(request, user, chosen)
            tell(request, "role-chosen", f"PractitionerRole/{chosen.id}", channel="screen")
            return HttpResponseRedirect(back)
    ended = bool(request.session.get(POST)) and user.post is None
    return page(request, "posts.html", 422 if request.method == "POST" else 200, held=held, ended=ended, back=back)
