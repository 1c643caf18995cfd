"""The endpoints for clients, never for a browser's cookie: token, revocation, introspection. Forms in, JSON out."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from oauth2_provider.oauth2_backends import OAuthLibCore
from oauth2_provider.settings import oauth2_settings

from hoso.access.audit import Outcome
from hoso.core.errors import Refused
from hoso.web.oauth import connections, identity, proving, telling
from hoso.web.oauth.assertion import TYPE, BadAssertion
from hoso.web.oauth.models import AccessToken, Client, digest
from hoso.web.oauth.origin import origin, token_endpoint
from hoso.web.oauth.shown import shown

FORM = "application/x-www-form-urlencoded"
_MARK = "HOSO_ORIGIN"
View = Callable[[HttpRequest], HttpResponse]


def core(request: HttpRequest) -> OAuthLibCore:
    """oauthlib's server for this request, which is told the address that this server has."""
    request.META[_MARK] = origin(request)
    validator = oauth2_settings.OAUTH2_VALIDATOR_CLASS()
    server = oauth2_settings.OAUTH2_SERVER_CLASS(validator, **oauth2_settings.server_kwargs)
    return OAuthLibCore(server)


def endpoint(view: View) -> View:
    """Only a posted form is looked at; every answer is JSON that nobody keeps."""

    @csrf_exempt
    @wraps(view)
    def guarded(request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            response = _error(405, "invalid_request", "Send a form with POST.")
            response.headers["Allow"] = "POST"
        elif (request.content_type or "").lower() != FORM or request.GET:
            response = _error(400, "invalid_request", f"Send {FORM} in the body and nothing in the address.")
        else:
            try:
                response = view(request)
            except RequestDataTooBig:
                response = _error(401, "invalid_client", "The assertion is too long.")
            except Refused:
                response = _error(400, "invalid_request", "This server has no address of its own; see base_url.")
        response.headers["Cache-Control"] = "no-store"
        response.headers["Pragma"] = "no-cache"
        return response

    return guarded


@endpoint
def token(request: HttpRequest) -> HttpResponse:
    if "\0" in "".join(value for values in request.POST.lists() for value in (values[0], *values[1])):
        return _error(400, "invalid_request", "A value has a NUL in it.")
    if not request.POST.get("grant_type"):
        return _error(400, "invalid_request", "grant_type is missing.")
    if request.POST["grant_type"] not in oauth2_settings.OAUTH2_GRANT_TYPES_SUPPORTED:
        return _error(400, "unsupported_grant_type", "")
    _, headers, body, status = core(request).create_token_response(request)
    _tell_token(request, body or "{}", status)
    if status == 200:
        connections.tidy()
    return _answer(headers, body, status)


def _tell_token(request: HttpRequest, body: str, status: int) -> None:
    """Who got a token and for what; of a refusal, only what the stranger claimed."""
    told, grant = json.loads(body), request.POST["grant_type"]
    if status != 200:
        claimed = request.POST.get("client_id", "")
        telling.tell(request, "token", f"{grant} {claimed}", outcome="denied", reason=str(told.get("error", "")))
        return
    found = AccessToken.objects.select_related("application", "user").get(token_checksum=digest(told["access_token"]))
    actor = f"user/{found.user.username}" if found.user else f"client/{found.application.client_id}"
    telling.tell(request, "token", f"{grant} {found.application.client_id} {found.scope}", actor=actor)


@endpoint
def revoke(request: HttpRequest) -> HttpResponse:
    _, headers, body, status = core(request).create_revocation_response(request)
    outcome: Outcome = "ok" if status == 200 else "denied"
    telling.tell(request, "token-revoked", request.POST.get("client_id", ""), outcome=outcome)
    return _answer(headers, body, status)


@endpoint
def introspect(request: HttpRequest) -> HttpResponse:
    """RFC 7662 for a client that proves itself: its own tokens, and those of others when it was approved for that."""
    try:
        if request.POST.get("client_assertion_type") != TYPE:
            raise BadAssertion("no assertion")
        text = request.POST.get("client_assertion", "")
        client = proving.proved(text, token_endpoint(origin(request)), shown=shown(request.META))
    except BadAssertion as error:
        return _error(401, "invalid_client", str(error))
    found = (
        AccessToken.objects.select_related("application", "user", "connection__account", "connection__client")
        .filter(token_checksum=digest(request.POST.get("token", "")))
        .first()
    )
    described = _described(found, client, origin(request))
    about = f"{described.get('client_id', '')} {described.get('username', '')}"
    telling.tell(request, "introspection", about, actor=f"client/{client.client_id}")
    return JsonResponse(described)


def _described(token: AccessToken | None, client: Client, issuer: str) -> dict[str, Any]:
    if token is None or token.expires <= timezone.now() or not token.application.approved:
        return {"active": False}
    if token.application != client and not client.introspects:
        return {"active": False}
    if token.connection is not None and not connections.alive(token.connection):
        return {"active": False}
    told = {
        "active": True,
        "scope": token.scope,
        "client_id": token.application.client_id,
        "token_type": "Bearer",
        "iss": issuer,
        "iat": int(token.created.timestamp()),
        "exp": int(token.expires.timestamp()),
    }
    if token.certificate:
        told["cnf"] = {"x5t#S256": token.certificate}
    if token.user is not None:
        told |= {"sub": str(token.user.pk), "username": token.user.username}
        if "fhirUser" in token.scope.split(" ") and (user := identity.fhir_user(token.user, issuer)):
            told["fhirUser"] = user
    if token.connection is not None and token.connection.patient:
        told["patient"] = token.connection.patient
    return told


def _answer(headers: dict[str, str], body: str | None, status: int) -> HttpResponse:
    response = HttpResponse(body or "", status=status, content_type="application/json")
    for name, value in headers.items():
        if not name.startswith("Access-Control-"):  # said for all doors in one place
            response.headers[name] = value
    return response


def _error(status: int, error: str, words: str) -> HttpResponse:
    told = {"error": error, "error_description": words} if words else {"error": error}
    return JsonResponse(told, status=status)
