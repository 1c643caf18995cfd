"""The page on which a person lets an app in: whose record it is about, what it may do, and who answers for it.

Nothing is kept between its steps but what the person's own form brings back under our signature.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.core import signing
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from oauth2_provider.exceptions import OAuthToolkitError
from oauth2_provider.http import OAuth2ResponseRedirect

from hoso.core.errors import Refused
from hoso.web.box import asked as typed
from hoso.web.oauth import demand, identity, naming, telling, words
from hoso.web.oauth.demand import Demand, Faulty, Unbelievable
from hoso.web.oauth.endpoints import core
from hoso.web.oauth.granting import PERSON, asked
from hoso.web.oauth.models import Client, Connection, Launch, Permission, digest
from hoso.web.oauth.people import Choice, choices, person
from hoso.web.oauth.settings import OFFLINE_SECONDS, ONLINE_SECONDS
from hoso.web.pages import codes, door, leading_to, page, signed_in

_SALT = "oauth.choice"
_CHOICE_SECONDS = 600


def authorize(request: HttpRequest) -> HttpResponse:
    if request.method not in ("GET", "POST"):
        return HttpResponse(status=405, headers={"Allow": "GET, POST"})
    if not request.user.is_authenticated and "none" not in request.GET.get("prompt", "").split():
        return signed_in(authorize)(request)
    try:
        wanted = demand.read(request)
    except (Unbelievable, Refused):
        return page(request, "oauth/refused.html", 400)
    except Faulty as fault:
        return _sent(fault.client, fault.location)
    if request.method == "POST":
        return _posted(request, wanted)
    about = _about(request, wanted)
    if about is None:
        return _picker(request, wanted, "")
    return _issued(request, wanted, about) if _permitted(request, wanted) else _consent(request, wanted, about)


def _posted(request: HttpRequest, wanted: Demand) -> HttpResponse:
    step = request.POST.get("step", "")
    if step == "deny":
        telling.tell(request, "app-not-let-in", wanted.client.client_id, outcome="denied", channel="screen")
        return _sent(wanted.client, demand.denied(request, wanted))
    if step == "find" and _about(request, wanted) is None:
        return _picker(request, wanted, request.POST.get("q", ""))
    if step == "choose" and _about(request, wanted) is None:
        chosen = person(door(request), request.POST.get("patient", ""))
        if chosen is None:
            return _picker(request, wanted, "")
        return _issued(request, wanted, chosen) if _permitted(request, wanted) else _consent(request, wanted, chosen)
    if step == "allow":
        about = _about(request, wanted) or _chosen(request)
        if about is None:
            return _picker(request, wanted, "")
        _remember(request, wanted)
        return _issued(request, wanted, about)
    return page(request, "oauth/refused.html", 400)


NOBODY = Choice("", "", "", "")


def _about(request: HttpRequest, wanted: Demand) -> Choice | None:
    """Whose record it will be: settled by the launch, or the citizen's own; None when staff have to say."""
    user: Any = request.user
    if wanted.launch is not None:
        return person(door(request), wanted.launch.patient) or Choice(wanted.launch.patient, "", "", "")
    if not wanted.needs_patient:
        return NOBODY
    own = identity.person(user)
    return (person(door(request), own) or Choice(own, "", "", "")) if own else None


def _permitted(request: HttpRequest, wanted: Demand) -> bool:
    """Whether the person said yes to as much before. An app that any program on the machine can pose as asks again."""
    if wanted.client.loopback or "consent" in request.GET.get("prompt", "").split():
        return False
    given = Permission.objects.filter(account=request.user.pk, client=wanted.client).first()
    return given is not None and asked(given.scopes, PERSON).covers(wanted.asked)


def _remember(request: HttpRequest, wanted: Demand) -> None:
    Permission.objects.update_or_create(
        account=request.user,
        client=wanted.client,
        defaults={"scopes": " ".join(wanted.scopes), "given": timezone.now()},
    )


def _issued(request: HttpRequest, wanted: Demand, about: Choice) -> HttpResponse:
    """A connection begins, and its code goes back to the app."""
    with transaction.atomic():
        if wanted.launch is not None and not _used_now(wanted.launch):
            return page(request, "oauth/refused.html", 400)
        connection = _connection(request, wanted, about)
        credentials = {**wanted.credentials, "connection": connection}
        try:
            location, _, _, _ = core(request).create_authorization_response(
                request, list(wanted.scopes), credentials, allow=True
            )
        except OAuthToolkitError:
            transaction.set_rollback(True)
            return page(request, "oauth/refused.html", 400)
    number = door(request).persons.number(about.id) if about.id else 0
    what = f"{wanted.client.client_id} {' '.join(wanted.scopes)}"
    telling.tell(request, "app-let-in", what, patient=number, channel="screen")
    return _sent(wanted.client, location)


def _used_now(launch: Launch) -> bool:
    return bool(Launch.objects.filter(pk=launch.pk, used=None).update(used=timezone.now()))


def _post(request: HttpRequest) -> str:
    user: Any = request.user
    return str(user.post.id) if user.post else ""


def _connection(request: HttpRequest, wanted: Demand, about: Choice) -> Connection:
    now, offline = timezone.now(), "offline_access" in wanted.scopes
    return Connection.objects.create(
        account=request.user,
        client=wanted.client,
        scopes=" ".join(wanted.scopes),
        patient=about.id,
        post=_post(request),
        session="" if offline else request.session.session_key or "-",
        begun=now,
        expires=now + timedelta(seconds=OFFLINE_SECONDS if offline else ONLINE_SECONDS),
    )


def _consent(request: HttpRequest, wanted: Demand, about: Choice) -> HttpResponse:
    response = page(
        request,
        "oauth/consent.html",
        client=wanted.client,
        alike=naming.doubts(wanted.client),
        host=urlsplit(wanted.credentials["redirect_uri"]).netloc,
        about=about,
        told=words.told(wanted.asked),
        choice=_signed(request, about),
        today=door(request).today,
    )
    return _may_send(response, wanted.client)


def _picker(request: HttpRequest, wanted: Demand, text: str) -> HttpResponse:
    found = choices(door(request), typed(text, codes().verify_card)) if text.strip() else []
    response = page(
        request,
        "oauth/picker.html",
        client=wanted.client,
        text=text[:200],
        found=found,
        searched=bool(text.strip()),
        today=door(request).today,
    )
    return _may_send(response, wanted.client)


def _signed(request: HttpRequest, about: Choice) -> str:
    return signing.dumps([about.id, _bound(request)], salt=_SALT)


def _chosen(request: HttpRequest) -> Choice | None:
    """What this person chose for this very request."""
    try:
        id, bound = signing.loads(request.POST.get("choice", ""), salt=_SALT, max_age=_CHOICE_SECONDS)
    except (signing.BadSignature, ValueError):
        return None
    return Choice(id, "", "", "") if bound == _bound(request) else None


def _bound(request: HttpRequest) -> str:
    return digest(f"{request.user.pk}\n{request.META['QUERY_STRING']}")


def _sent(client: Client, location: str) -> HttpResponse:
    return _may_send(OAuth2ResponseRedirect(location, client.get_allowed_schemes()), client)


def _may_send(response: HttpResponse, client: Client) -> HttpResponse:
    return leading_to(response, client.redirect_uris.split())
