"""Since my last view: what this node received of a person after the reader's own last sitting with the record.

Each account knows its own looks alone. A sitting ends half an hour after its last page, so that reading a record over
several pages loses no mark; the emergency card writes nothing, it must be quick.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from django.db import DatabaseError
from django.http import HttpRequest

from hoso.care.elements import Resource
from hoso.care.timeline import KIND_OF, Item, Kind
from hoso.web.door import Door
from hoso.web.persons import Person

SITTING = timedelta(minutes=30)
MOST = 500
"""Records of a type that are looked at."""
_NOTE_EVERY = timedelta(minutes=1)
_KEPT = timedelta(days=400)
log = logging.getLogger(__name__)


def last_view(request: HttpRequest, person: str, now: datetime, *, wrote: bool = False) -> datetime | None:
    """The end of the reader's sitting before this one, and notes that the reader is here; None the first time.

    `wrote`: what the reader has just written is no news to them. A full disk costs the note, never the page.
    """
    from hoso.web.accounts.models import LastView  # can be imported only once Django is settled

    account = int(request.user.pk)  # type: ignore[arg-type]
    row = LastView.objects.filter(account_id=account, person=person).first()
    former = None if row is None else row.seen if now - row.seen > SITTING else row.former
    try:
        if row is None:
            LastView.objects.filter(account_id=account, seen__lt=now - _KEPT).delete()
            LastView.objects.get_or_create(account_id=account, person=person, defaults={"seen": now})
        elif wrote or former != row.former or now - row.seen > _NOTE_EVERY:
            LastView.objects.filter(pk=row.pk).update(seen=now, former=former)
    except DatabaseError as error:
        log.warning("that somebody looked is not kept: %s", error)
    return former


def added(reach: Door, person: Person, since: datetime, kind: Kind | None = None) -> tuple[list[Resource], bool]:
    """What was received since then, with what its lines name; and whether a type had more than is looked at."""
    when = since.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    asked = [("patient", person.id), ("_lastUpdated", f"gt{when}"), ("_sort", "-_lastUpdated"), ("_count", str(MOST))]
    found: list[Resource] = []
    full = False
    for type, of in KIND_OF.items():
        if reach.may(type) and kind in (None, of):
            page = reach.search(type, asked)
            full |= len(page) >= MOST
            found += page
    return [*found, *reach.named_in(found)], full


def is_new(item: Item, since: datetime | None) -> bool:
    if since is None or not item.received:
        return False
    return datetime.fromisoformat(item.received) > since
