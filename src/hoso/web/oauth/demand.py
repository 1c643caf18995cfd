"""An app's request to be let in, checked whole before anything is shown: whose it is, what it asks, for which launch.

A request whose client or redirect cannot be believed ends on a page of ours; any other fault is told to the app.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils import timezone
from oauth2_provider.exceptions import FatalClientError, OAuthToolkitError

from hoso.web.oauth import granting
from hoso.web.oauth.endpoints import core
from hoso.web.oauth.granting import Asked
from hoso.web.oauth.models import Client, Launch
from hoso.web.oauth.origin import fhir, origin

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z", re.ASCII)
_LONGEST = 1_000
_LONGEST_NONCE = 255
_PARAMETERS = ("state", "aud", "launch", "nonce", "redirect_uri", "code_challenge", "code_challenge_method")


class Unbelievable(Exception):
    """Nothing may be sent to where the request says it came from."""


class Faulty(Exception):
    """`location` tells the app what was wrong (RFC 6749 §4.1.2.1), with the issuer (RFC 9207)."""

    def __init__(self, client: Client, location: str) -> None:
        super().__init__(location)
        self.client, self.location = client, location


@dataclass(frozen=True, slots=True)
class Demand:
    client: Client
    scopes: tuple[str, ...]
    asked: Asked
    credentials: dict[str, Any]
    launch: Launch | None

    @property
    def needs_patient(self) -> bool:
        return self.asked.of_one_patient or "launch/patient" in self.asked.words


def read(request: HttpRequest) -> Demand:
    """Raises Unbelievable or Faulty."""
    if any("\0" in value for value in request.GET.values()):
        raise Unbelievable
    try:
        scopes, credentials = core(request).validate_authorization_request(request)
    except FatalClientError as error:
        raise Unbelievable from error
    except OAuthToolkitError as error:
        wrong = error.oauthlib_error
        client = Client.objects.filter(client_id=request.GET.get("client_id", "")).first()
        if client is None or not wrong.redirect_uri:
            raise Unbelievable from error
        raise Faulty(client, _told(request, wrong.redirect_uri, wrong.error, wrong.description or "")) from error
    client = Client.objects.get(client_id=credentials["client_id"])
    credentials.pop("request", None)
    if wrong := _fault(request):
        raise Faulty(client, _told(request, credentials["redirect_uri"], "invalid_request", wrong))
    found = granting.asked(" ".join(scopes), granting.PERSON)
    return Demand(client, tuple(scopes), found, credentials, _launch(request, client, found))


def _fault(request: HttpRequest) -> str:
    """What RFC 9700 and SMART ask for beyond what was checked already."""
    sent = request.GET
    if any(len(sent.getlist(name)) > 1 for name in _PARAMETERS):
        return "A parameter is there twice."
    if sent.get("code_challenge_method") != "S256" or not _CHALLENGE.match(sent.get("code_challenge", "")):
        return "code_challenge with the method S256 is needed."
    if not 1 <= len(sent.get("state", "")) <= _LONGEST or len(sent.get("nonce", "")) > _LONGEST_NONCE:
        return "state is missing, or state or nonce is too long."
    if sent.get("response_mode", "query") != "query" or "request" in sent or "request_uri" in sent:
        return "Only plain parameters, answered in the query, are taken."
    if "redirect_uri" not in sent:
        return "redirect_uri is missing."
    return "" if sent.get("aud") == fhir(request) else f"aud must be {fhir(request)}"


def _launch(request: HttpRequest, client: Client, asked: Asked) -> Launch | None:
    """The launch behind the opaque value: unused, this user's, this client's. Any other ends on a page."""
    if ("launch" in asked.words) != ("launch" in request.GET):
        raise Unbelievable
    if "launch" not in request.GET:
        return None
    found = Launch.objects.filter(
        code=request.GET["launch"],
        account=request.user.pk,
        client=client,
        used=None,
        expires__gt=timezone.now(),
    ).first()
    if found is None:
        raise Unbelievable
    return found


def denied(request: HttpRequest, demand: Demand) -> str:
    return _told(request, demand.credentials["redirect_uri"], "access_denied", "The person did not permit it.")


def _told(request: HttpRequest, redirect: str, error: str, words: str) -> str:
    pairs = [("error", error), *([("error_description", words)] if words else [])]
    state = request.GET.getlist("state")
    if len(state) == 1 and 1 <= len(state[0]) <= _LONGEST:
        pairs.append(("state", state[0]))
    pairs.append(("iss", origin(request)))
    return f"{redirect}{'&' if '?' in redirect else '?'}{urlencode(pairs)}"
