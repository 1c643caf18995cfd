"""Opening an app from a person's page (EHR launch): the app learns an opaque value that only this user can redeem."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from hoso.web import alarm
from hoso.web.oauth import telling
from hoso.web.oauth.models import APPROVED, Client, Launch
from hoso.web.oauth.origin import fhir
from hoso.web.oauth.people import person
from hoso.web.pages import door, leading_to, page, signed_in

GOOD_FOR = timedelta(minutes=5)


@signed_in
def apps(request: HttpRequest, id: str) -> HttpResponse:
    """The apps that may be opened about a person."""
    about = person(door(request), id)
    if about is None:
        raise Http404
    alarm.notice(request, about.id)
    clients = _launchable()
    response = page(request, "oauth/apps.html", about=about, clients=clients, today=door(request).today)
    return leading_to(response, [client.launch_url for client in clients])


@require_POST
@signed_in
def launch(request: HttpRequest, id: str) -> HttpResponse:
    about = person(door(request), id)
    client = next((c for c in _launchable() if c.client_id == request.POST.get("client")), None)
    if about is None or client is None:
        raise Http404
    code, user = secrets.token_urlsafe(32), request.user
    who: Any = user
    Launch.objects.create(code=code, account=who, client=client, patient=about.id, expires=timezone.now() + GOOD_FOR)
    number = door(request).persons.number(about.id)
    telling.tell(request, "app-opened", client.client_id, patient=number, channel="screen")
    separator = "&" if "?" in client.launch_url else "?"
    query = urlencode({"iss": fhir(request), "launch": code})
    return HttpResponseRedirect(f"{client.launch_url}{separator}{query}")


def _launchable() -> list[Client]:
    return list(Client.objects.filter(state=APPROVED).exclude(launch_url="").order_by("name"))
