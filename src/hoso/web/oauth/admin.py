"""The administrator's list of clients: who asks to be let in, who was, and the decision."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_POST

from hoso.core.errors import Refused
from hoso.web.oauth import naming, registry, telling, words
from hoso.web.oauth.granting import Asked, asked, contexts
from hoso.web.oauth.registry import Application
from hoso.web.pages import View, decides_for_node, page, signed_in
from hoso.web.sign_in.fresh import fresh
from hoso.web.stewards import said

DECIDED = {"approve": "client-approved", "revoke": "client-revoked"}
_FIELDS = ("name", "owner", "kind", "scopes", "redirects", "origins", "launch", "jwks", "jwks_uri")


def administrators_only(view: View) -> View:
    """To others the page is not there."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not decides_for_node(request):
            raise Http404
        return view(request, *args, **kwargs)

    return signed_in(guarded)


@administrators_only
def clients(request: HttpRequest) -> HttpResponse:
    return _list(request)


@require_POST
@administrators_only
def register(request: HttpRequest) -> HttpResponse:
    sent = {name: request.POST.get(name, "").strip() for name in _FIELDS}
    try:
        made = registry.register(
            Application(
                name=sent["name"],
                owner=sent["owner"],
                kind=sent["kind"],  # type: ignore[arg-type]  # registry says so when it is none
                scopes=sent["scopes"],
                redirects=sent["redirects"].split(),
                origins=sent["origins"].split(),
                launch=sent["launch"],
                jwks=sent["jwks"],
                jwks_uri=sent["jwks_uri"],
            )
        )
    except Refused as refused:
        return _list(request, refused, sent, 422)
    telling.tell(request, "client-registered", f"{made.client_id} {made.scopes}", channel="screen")
    return HttpResponseRedirect("/clients")


@require_POST
@administrators_only
@fresh
def decide(request: HttpRequest) -> HttpResponse:
    user: Any = request.user
    client = request.POST.get("client", "")
    try:
        if request.POST.get("decision") == "approve":
            registry.approve(
                client,
                user.username,
                facility=request.POST.get("facility", "")[:64],
                labels=request.POST.get("labels", "")[:1000].split(),
                introspects=request.POST.get("introspects") == "yes",
            )
        elif request.POST.get("decision") == "revoke":
            registry.revoke(client, user.username)
    except Refused as refused:
        return _list(request, refused, status=422)
    if request.POST.get("decision") in DECIDED:
        telling.tell(request, DECIDED[request.POST["decision"]], client, channel="screen")
    return HttpResponseRedirect("/clients")


def _list(
    request: HttpRequest, refused: Refused | None = None, sent: dict[str, str] | None = None, status: int = 200
) -> HttpResponse:
    return page(
        request,
        "oauth/clients.html",
        status,
        rows=[_row(client) for client in registry.everyone()],
        problem=said(refused) if refused else "",
        sent=sent or dict.fromkeys(_FIELDS, ""),
    )


def _row(client: Any) -> dict[str, Any]:
    wanted: Asked = asked(client.scopes, contexts(client.backend))
    return {"client": client, "told": words.told(wanted), "doubts": naming.doubts(client)}
