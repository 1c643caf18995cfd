"""What is typed into a visit, kept until it is signed: field by field, so that two windows do not undo each other.

Each text knows the revision that put it there. A window tells the last revision it has seen; a text that another window
changed since is not lost when it is written over, it is kept beside and shown. Once the visit is signed, a copy of what
was signed that comes late (a slow line, a button pressed twice) opens nothing again; any other text does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from django.core import signing
from django.db import IntegrityError
from django.utils import timezone

from hoso.web.accounts.models import VisitDraft

_ATTEMPTS = 20
_MOST_OVERTAKEN = 20
_SALT = "hoso.visit"
_TICKET_LASTS = 7 * 24 * 3600
"""A form that lay open over a week-end still keeps what is typed into it."""


class Crowded(Exception):
    """Too many windows write at once; nothing was kept."""


@dataclass(frozen=True, slots=True)
class Kept:
    """`clashes`: fields that this save wrote over although another window had changed them, with what stood there."""

    fields: Mapping[str, str] = field(default_factory=dict)
    revision: int = 0
    saved: datetime | None = None
    base: str = ""
    overtaken: tuple[tuple[str, str], ...] = ()
    clashes: Mapping[str, str] = field(default_factory=dict)
    closed: bool = False
    """It was signed or discarded, and nothing new has come since."""

    @property
    def begun(self) -> bool:
        return self.saved is not None


@dataclass(frozen=True, slots=True)
class Ticket:
    """Whose form of which visit it is, also after the session has ended: good for keeping, not for reading."""

    account: int
    encounter: str
    person: str
    base: str

    def sealed(self) -> str:
        return signing.dumps([self.account, self.encounter, self.person, self.base], salt=_SALT, compress=True)

    @classmethod
    def opened(cls, text: str) -> Ticket | None:
        """None for what we did not seal, or too long ago."""
        try:
            return cls(*signing.loads(text[:1_000], salt=_SALT, max_age=_TICKET_LASTS))
        except (signing.BadSignature, TypeError, ValueError):
            return None


def kept(account: int, encounter: str) -> Kept:
    row = VisitDraft.objects.filter(account_id=account, encounter=encounter, closed=False).first()
    return _read(row) if row else Kept()


def keep(ticket: Ticket, changed: Mapping[str, str], seen: int) -> Kept:
    """Puts these texts into the draft, which begins with the first of them. Raises Crowded."""
    for _ in range(_ATTEMPTS):
        row = _row(ticket)
        if row.closed and ticket.base == row.base and _is_late(row, changed):
            return Kept(revision=row.revision, base=row.base, closed=True)
        before: dict[str, list[Any]] = {} if row.closed else json.loads(row.fields)
        clashes = {
            name: before[name][0]
            for name, text in changed.items()
            if name in before and before[name][1] > seen and before[name][0] not in (text, "")
        }
        revision = row.revision + 1
        moved = {name: text for name, text in changed.items() if name not in before or before[name][0] != text}
        if not moved and row.revision:
            return _read(row)
        earlier = [] if row.closed else json.loads(row.overtaken)
        overtaken = [*earlier, *clashes.items()][-_MOST_OVERTAKEN:]
        now = timezone.now()
        values = {
            "fields": json.dumps({**before, **{name: [text, revision] for name, text in moved.items()}}),
            "overtaken": json.dumps(overtaken),
            "revision": revision,
            "saved": now,
            "closed": False,
            "base": ticket.base if row.closed else row.base,
        }
        if VisitDraft.objects.filter(pk=row.pk, revision=row.revision).update(**values):
            for name, value in values.items():
                setattr(row, name, value)
            return _read(row, clashes)
    raise Crowded


def close(account: int, encounter: str) -> None:
    """After signing or discarding; what was closed before any form that is still good was opened goes for good."""
    row = VisitDraft.objects.filter(account_id=account, encounter=encounter, closed=False).first()
    if row is not None:
        hashes = {name: [_hash(text), revision] for name, (text, revision) in json.loads(row.fields).items()}
        values = {"fields": json.dumps(hashes), "overtaken": "[]", "closed": True, "saved": timezone.now()}
        VisitDraft.objects.filter(pk=row.pk, revision=row.revision).update(**values)
    longest = timezone.now() - timedelta(seconds=_TICKET_LASTS)
    VisitDraft.objects.filter(closed=True, saved__lt=longest).delete()


def unfinished(account: int) -> list[VisitDraft]:
    """Of visits, the newest first; what is kept for another paper of a visit has a colon in its name."""
    own = VisitDraft.objects.filter(account_id=account, closed=False).exclude(encounter__contains=":")
    return list(own.order_by("-saved")[:20])


def _is_late(row: VisitDraft, changed: Mapping[str, str]) -> bool:
    hashes = json.loads(row.fields)
    return all(_hash(text) == hashes.get(name, [_hash("")])[0] for name, text in changed.items())


def _hash(text: str) -> str:
    return blake2b(text.encode(), digest_size=12, person=b"hoso visit").hexdigest()


def _row(ticket: Ticket) -> VisitDraft:
    known = {"account_id": ticket.account, "encounter": ticket.encounter}
    row = VisitDraft.objects.filter(**known).first()
    if row is None:
        try:
            return VisitDraft.objects.create(**known, person=ticket.person, base=ticket.base, saved=timezone.now())
        except IntegrityError:  # another window was quicker
            return VisitDraft.objects.get(**known)
    return row


def _read(row: VisitDraft, clashes: Mapping[str, str] | None = None) -> Kept:
    fields = {name: str(text) for name, (text, _) in json.loads(row.fields).items()}
    overtaken = tuple((str(name), str(text)) for name, text in json.loads(row.overtaken))
    return Kept(fields, row.revision, row.saved, row.base, overtaken, clashes or {})
