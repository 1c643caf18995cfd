"""Where somebody of the staff begins: at the box when the role finds people by name, else at the role's own work."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from hoso.access.inspecting import inspects
from hoso.web.pages import page
from hoso.web.roles import administers, finds_people


def other_than_search(request: HttpRequest) -> HttpResponse | None:
    """The first page of a role that has no use for the box; None for the others."""
    user: Any = request.user
    if finds_people(user.role):
        return None
    if administers(user.role):
        return HttpResponseRedirect("/staff")
    if inspects(user.role):
        return HttpResponseRedirect("/trail")
    return page(request, "apart.html")
