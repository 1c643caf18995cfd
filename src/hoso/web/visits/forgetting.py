"""What was typed of a person's visits goes for good, the hashes of what was signed too."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime

from hoso.web.accounts.registry import prepare
from hoso.web.configure import WebConfig


def forget(config: WebConfig, persons: Collection[str], until: datetime, tell: Callable[[int], None]) -> int:
    """Of these Patients, what was kept up to a moment; answers how many drafts held a text, and tells of it before."""
    prepare(config)
    from django.db import connection

    from hoso.web.accounts.models import LastView, VisitDraft

    try:
        LastView.objects.filter(person__in=persons).delete()
        found = VisitDraft.objects.filter(person__in=persons, saved__lte=until)
        texts = found.filter(closed=False).count()
        if not found.exists():
            return 0
        if texts:
            tell(texts)
        if connection.vendor == "sqlite":  # what is deleted is overwritten, in the file and in its log
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA secure_delete = ON")
        found.delete()
        with connection.cursor() as cursor:
            scrub = "PRAGMA wal_checkpoint(TRUNCATE)" if connection.vendor == "sqlite" else "VACUUM accounts_visitdraft"
            cursor.execute(scrub)
        return texts
    finally:
        connection.close()
