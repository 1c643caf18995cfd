"""The other end of a shared link: the page that opens it in any browser, and what SMART Health Links ask of a server.

The key stands behind the # of the link and never comes here: what the server gives is sealed, and the page's script
opens it. What never was, ended, was used up or taken back gets one and the same answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from hoso.access.healthlinks import Absent, WrongPasscode
from hoso.access.healthlinks.links import LONGEST_PASSCODE, LONGEST_RECIPIENT
from hoso.access.healthlinks.sealing import TYPE
from hoso.web.oauth.origin import origin
from hoso.web.pages import View, desk, page

JOSE = "application/jose"
LARGEST_REQUEST = 4_096
_LARGEST_NUMBER = 1 << 31


class BadRequest(Exception):
    """Says which member is wrong, and what it should be."""


def open_to_all(*methods: str) -> Callable[[View], View]:
    """For pages of any origin, without cookies: whoever has the link may ask from where they like."""

    def made(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "OPTIONS":
                response = HttpResponse(status=204)
            elif request.method not in methods:
                response = JsonResponse({"error": f"Send {' or '.join(methods)}."}, status=405)
                response.headers["Allow"] = ", ".join((*methods, "OPTIONS"))
            else:
                response = _answered(view, request, *args, **kwargs)
            response.headers["Access-Control-Allow-Origin"] = "*"
            response.headers["Access-Control-Allow-Methods"] = ", ".join((*methods, "OPTIONS"))
            response.headers["Access-Control-Allow-Headers"] = "content-type, accept"
            response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
            return response

        return guarded

    return made


def _answered(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    try:
        return view(request, *args, **kwargs)
    except BadRequest as error:
        return JsonResponse({"error": str(error)}, status=400)
    except RequestDataTooBig:
        return JsonResponse({"error": "The request is too long."}, status=413)
    except WrongPasscode as wrong:
        return JsonResponse({"remainingAttempts": wrong.left}, status=401)
    except Absent:
        return JsonResponse({"error": "This link leads nowhere: it never did, or it has ended."}, status=404)


def viewer(request: HttpRequest) -> HttpResponse:
    return page(request, "healthlink.html")


@open_to_all("GET", "POST")
def link(request: HttpRequest, secret: str) -> HttpResponse:
    """POST answers with the manifest; GET with the file itself, of a link that asks for no passcode (flag U)."""
    links, address = desk().health_links, str(request.META.get("REMOTE_ADDR", ""))
    if request.method == "GET":
        recipient = _recipient(request.GET.get("recipient"))
        if not links.direct(secret):
            raise Absent
        return HttpResponse(links.open(secret, recipient, None, address)[0], content_type=JOSE)
    asked = _asked(request)
    recipient, passcode = _recipient(asked.get("recipient")), asked.get("passcode")
    if passcode is not None and (not isinstance(passcode, str) or len(passcode) > 4 * LONGEST_PASSCODE):
        raise BadRequest("passcode: a short text")
    text, whole = links.open(secret, recipient, passcode, address, _most(asked.get("embeddedLengthMax")))
    file = {"embedded": text} if whole else {"location": f"{origin(request)}/shl/file/{text}"}
    return JsonResponse({"status": "finalized", "files": [{"contentType": TYPE, **file}]})


@open_to_all("GET")
def file(request: HttpRequest, ticket: str) -> HttpResponse:
    """What a manifest named as its location: once, and for some minutes."""
    return HttpResponse(desk().health_links.file(ticket), content_type=JOSE)


def _asked(request: HttpRequest) -> dict[str, Any]:
    if (request.content_type or "").lower() != "application/json":
        raise BadRequest("Content-Type: application/json")
    if len(request.body) > LARGEST_REQUEST:
        raise BadRequest(f"the body: at most {LARGEST_REQUEST} bytes")
    try:
        asked = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise BadRequest("the body: a JSON object") from error
    if not isinstance(asked, dict):
        raise BadRequest("the body: a JSON object")
    return asked


def _recipient(value: object) -> str:
    """Who opens it, in their own words; the citizen reads it."""
    text = " ".join(value.split()) if isinstance(value, str) else ""
    if not 0 < len(text) <= LONGEST_RECIPIENT or not text.isprintable():
        raise BadRequest(f"recipient: who opens the link, in 1 to {LONGEST_RECIPIENT} characters")
    return text


def _most(value: object) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < _LARGEST_NUMBER:
        raise BadRequest("embeddedLengthMax: a number of characters")
    return value
