"""What the steward's pages share: who may open them, the steward itself, and a refusal as a sentence on the page."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language

from hoso.core.errors import Refused
from hoso.fhir.outcome import Language, text
from hoso.web.pages import View, door, signed_in


def stewards_only(view: View) -> View:
    """For those who may write the ledger; to others the page is not there."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not door(request).decides:
            raise Http404
        return view(request, *args, **kwargs)

    return signed_in(guarded)


def said(refused: Refused) -> str:
    """Why it was refused, in the reader's language."""
    return " ".join(text(issue, reader()) for issue in refused.issues)


def reader() -> Language:
    return "en" if get_language() == "en" else "vi"
