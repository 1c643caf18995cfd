"""What happens about apps and systems, told to the audit log before it is answered: tokens, consents, decisions.

A journal that cannot keep an event raises Unavailable, and then nothing is handed over.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from hoso.access.audit import Event, Outcome
from hoso.access.noise import Noise
from hoso.core.clock import to_ms
from hoso.web.pages import journal


def tell(
    request: HttpRequest,
    kind: str,
    what: str,
    *,
    actor: str = "",
    outcome: Outcome = "ok",
    reason: str = "",
    patient: int = 0,
    channel: str = "api",
) -> None:
    """`actor` when it is not the person signed in."""
    user: Any = getattr(request, "user", None)
    person = not actor and user is not None and user.is_authenticated
    event = Event(
        time=to_ms(timezone.now()),
        actor=actor or (f"user/{user.username}" if person else "anyone"),
        role=user.role if person else "",
        facility=user.facility if person else "",
        action="E",
        kind=kind,
        channel=channel,
        outcome=outcome,
        what=what[:500],
        reason=reason[:200],
        patient=patient,
        address=str(request.META.get("REMOTE_ADDR", "")),
    )
    if outcome == "ok" or person or _noise.first((event.what, event.reason, event.address)):
        journal().tell([event])


_noise = Noise()
