"""Whom the search box means although there is no relationship yet, and the visit with which one begins."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect

from hoso.access.counter import Outline
from hoso.web.box import Asked
from hoso.web.door import Found
from hoso.web.pages import counter, errand, may, signed_in

_WHOLE_DATE = 10


def strangers(request: HttpRequest, question: Asked, found: Found) -> list[Outline]:
    """The people meant by a sure number, or a whole name and birth date, whose records are not open to the reader."""
    if not may(request, "identify"):
        return []
    asking, seen = errand(request), {hit.person["id"] for hit in found.people}
    if question.numbers:
        met = counter().by_number(asking, question.numbers)
    elif question.name and len(question.born) == _WHOLE_DATE:
        met = counter().by_name(asking, question.name, question.born)
    else:
        return []
    return [one for one in met if one.person not in seen]


@signed_in
def begin(request: HttpRequest) -> HttpResponse:
    """Begins a visit here of the record that was met, and leads to the person's card."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    met = counter().outline(errand(request), request.POST.get("record", "")[:64])
    if met is None:
        raise Http404
    counter().receive(errand(request), met.record)
    return HttpResponseRedirect(f"/patients/{met.person}")
