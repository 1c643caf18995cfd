"""What every page says that an emergency opened: why, until when, and that it will be looked at."""

from __future__ import annotations

from dataclasses import replace

from django.http import HttpRequest

from hoso.access import Unavailable
from hoso.core.clock import instant
from hoso.web.pages import emergencies, errand

REASON_TITLES = {
    "unconscious": "Unconscious, or cannot speak for themselves",
    "life-threat": "Danger to life, no time to ask",
    "no-identity": "Nobody knows who this is",
    "poisoning": "Poisoning or overdose",
    "childbirth": "Childbirth",
    "other": "Another emergency",
}
DELAY_TITLES = {
    "domestic-violence": "Domestic violence",
    "child-protection": "Protection of a child",
    "danger-to-life": "Danger to somebody's life",
}
OUTCOME_TITLES = {
    "justified": "Justified",
    "unjustified": "Not justified",
    "referred": "Referred for an inquiry",
}


def notice(request: HttpRequest, id: str) -> None:
    """When the reader has an emergency open about the person, every page says so, and its use is kept."""
    asking = errand(request)
    running = emergencies().running(asking, id)
    if running is not None:
        why = f"{running.emergency.code}: {running.emergency.words}"
        request.errand = replace(asking, reason=why, grant=running.grant.id)  # type: ignore[attr-defined]
        try:
            emergencies().used(running.grant.id, asking.request, "Patient")
        except Unavailable:  # a life does not wait for a disk; the events say all of it later
            request.degraded = True  # type: ignore[attr-defined]
        request.emergency = {  # type: ignore[attr-defined]
            "id": running.grant.id,
            "until": instant(running.grant.until),
            "reason": REASON_TITLES[running.emergency.code],
        }
