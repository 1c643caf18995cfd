"""The page of tasks on a node of practice; elsewhere it is not there."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from hoso.web.pages import errand, inspection, page, practises, signed_in
from hoso.web.practice import tasks

SINCE = "practice_since"


@signed_in
def training(request: HttpRequest) -> HttpResponse:
    """Tasks of the role that one acts in, each checked against what one did since one began."""
    if not practises():
        raise Http404
    if request.method == "POST":
        request.session[SINCE] = int(timezone.now().timestamp() * 1000)
        return HttpResponseRedirect("/training")
    user: Any = request.user
    listed = tasks.of_role(user.role)
    events = inspection().own(errand(request), int(request.session.get(SINCE, 0))) if listed else []
    rows = [(task, task.is_done(events)) for task in listed]
    checked = [done for task, done in rows if task.checked]
    return page(request, "training.html", tasks=rows, done=sum(checked), all=len(checked))
