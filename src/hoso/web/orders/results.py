"""The inbox of results: what came back of the tests that the reader ordered, until the reader says that it was seen.

That it was seen is a record of its own (Communication), which names the results and who saw them when.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect

from hoso.access import Conflict
from hoso.access.intake import accept
from hoso.care.chart import Chart
from hoso.care.elements import Resource, human_name, reference_key
from hoso.care.orders.results import Answered, answered
from hoso.core.dates import VIETNAM
from hoso.fhir.json import encode
from hoso.web.door import Door
from hoso.web.oauth.identity import practitioner
from hoso.web.orders.reading import may_order
from hoso.web.pages import door, page, signed_in

_DAYS = 60
_MOST = 200
SEEN = "result-seen"


@signed_in
def inbox(request: HttpRequest) -> HttpResponse:
    reach, me = door(request), practitioner(request.user)
    if not may_order(reach):
        raise Http404
    waiting, names = _waiting(reach, me) if me else ([], {})
    if request.method == "POST":
        one = next((one for one in waiting if one.order == request.POST.get("seen", "")), None)
        if one is not None:
            _see(request, reach, me, one)
        return HttpResponseRedirect("/results")
    return page(request, "orders/results.html", waiting=waiting, names=names, days=_DAYS)


def _waiting(reach: Door, me: str) -> tuple[list[Answered], dict[str, str]]:
    """What waits, and the names of the people by "Patient/id"."""
    since = (reach.records.clock() - timedelta(days=_DAYS)).astimezone(VIETNAM).date().isoformat()
    mine = [("requester", f"Practitioner/{me}"), ("authored", f"ge{since}"), ("_sort", "-authored")]
    orders = reach.search("ServiceRequest", [*mine, ("_count", str(_MOST))])
    if not orders:
        return [], {}
    ids = sorted({reference_key(one.get("subject")).partition("/")[2] for one in orders})
    about = [("patient", ",".join(ids)), ("date", f"ge{since}"), ("_sort", "-date"), ("_count", "1000")]
    results = [
        one for type in ("Observation", "DiagnosticReport") if reach.may(type) for one in reach.search(type, about)
    ]
    told = [("sender", f"Practitioner/{me}"), ("sent", f"ge{since}"), ("_count", "1000")]
    seen = {reference_key(one) for each in reach.search("Communication", told) for one in each.get("about", ())}
    heads = reach.records.heads(reach.errand, [("Patient", id) for id in ids])
    names = {f"Patient/{id}": _name(head.body) for (_, id), head in heads.items() if not head.deleted}
    return [one for one in answered(orders, Chart.of(results), seen) if one.patient in names], names


def _name(body: bytes) -> str:
    return human_name(orjson.loads(body).get("name"))


def _see(request: HttpRequest, reach: Door, me: str, one: Answered) -> None:
    """Under a name of the results it is about, so that the button pressed twice is one record."""
    user: Any = request.user
    keys = [result.key for result in one.results]
    made: Resource = {
        "resourceType": "Communication",
        "id": str(uuid5(NAMESPACE_URL, f"{SEEN}/{me}/{'/'.join(sorted(keys))}")),
        "status": "completed",
        "topic": {"text": "Đã xem kết quả"},
        "subject": {"reference": one.patient},
        "about": [{"reference": key} for key in (one.order, *keys)],
        "sent": reach.records.clock().astimezone(VIETNAM).isoformat(timespec="seconds"),
        "sender": {"reference": f"Practitioner/{me}", "display": user.name or user.username},
    }
    draft = accept(encode(made), "Communication").draft("POST", made["id"], None)
    with suppress(Conflict):  # it was said before
        reach.records.save(reach.errand, [("c", "Communication")], [draft])
