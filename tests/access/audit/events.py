"""Events as tests need them: like what a ward does, the same for the same number."""

from __future__ import annotations

from hoso.access.audit import Event
from hoso.store.audit import AuditRow

NOON = 1_767_268_800_000


def event(number: int, patient: int = 0, **fields: object) -> Event:
    given = {
        "time": NOON + number,
        "actor": f"user/d{number % 7}",
        "action": "R",
        "kind": "read",
        "request": f"r-{number}",
        "role": "doctor",
        "facility": "01001",
        "purpose": "TREAT",
        "channel": "api",
        "activity": "view",
        "types": ("Observation",),
        "what": f"Observation/o{number}/1",
        "patient": patient,
        "digest": bytes([number % 256]) * 32,
    }
    return Event(**{**given, **fields})  # type: ignore[arg-type]


def salted(number: int) -> bytes:
    return number.to_bytes(16, "big")


def rows(events: list[Event]) -> list[AuditRow]:
    from hoso.access.audit.event import row

    return [row(one, salted(number)) for number, one in enumerate(events)]
