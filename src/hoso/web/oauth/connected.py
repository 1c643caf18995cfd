"""The apps a person let in: what each may do, since when, and the button that ends it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from hoso.web.oauth import connections, telling, words
from hoso.web.oauth.granting import PERSON, asked
from hoso.web.oauth.models import Client, Connection, Permission
from hoso.web.pages import page, signed_in


@signed_in
def connected(request: HttpRequest) -> HttpResponse:
    given = Permission.objects.select_related("client", "account").filter(account=request.user.pk).order_by("-given")
    rows = [_row(permission) for permission in given]
    return page(request, "oauth/connected.html", rows=rows, done="done" in request.GET)


@require_POST
@signed_in
def withdraw(request: HttpRequest) -> HttpResponse:
    client = Client.objects.filter(client_id=request.POST.get("client", "")).first()
    if client is None:
        raise Http404
    connections.withdraw(request.user, client)
    telling.tell(request, "app-withdrawn", client.client_id, channel="screen")
    return HttpResponseRedirect("/connected-apps?done=1")


def _row(permission: Permission) -> dict[str, Any]:
    live = Connection.objects.filter(
        account=permission.account, client=permission.client, ended=None, expires__gt=timezone.now()
    )  # fmt: skip
    return {
        "client": permission.client,
        "given": permission.given,
        "told": words.told(asked(permission.scopes, PERSON)),
        "open": live.count(),
    }
