"""Slows down guessing: after a few attempts an account name, or an address, has to wait, ever longer.

An attempt is counted before it is looked at and taken back when it was right, so that a thousand at once are no way
around. The counts are in the database, so that every worker knows them, under keyed hashes, so that a typed password
that landed in the name field is not kept.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from hoso.web.accounts.models import Failures, Spent

FREE_PER_NAME = 5
FREE_PER_ADDRESS = 50
LONGEST = timedelta(minutes=15)
FORGET = timedelta(hours=24)

Keys = tuple[str, str]


def keys(username: str, address: str) -> Keys:
    return hashed("name", username.casefold()), hashed("address", address)


def code_keys(account: object, address: str) -> Keys:
    """Of the second step: its failures are the account's own, apart from those of the password."""
    return hashed("code", str(account)), hashed("address", address)


def begin(names: Keys, now: datetime) -> bool:
    """Counts an attempt; False when it has to wait, and is not to be looked at."""
    if Failures.objects.filter(key__in=names, until__gt=now).exists():
        return False  # a stranger who has to wait leaves no row for each name that he thinks of
    with transaction.atomic():
        rows = [_row(key, now) for key in names]
        if any(row.until > now for row in rows):
            return False
        for row, free in zip(rows, (FREE_PER_NAME, FREE_PER_ADDRESS), strict=True):
            row.count = 1 if now - row.last > FORGET else row.count + 1
            row.last, row.until = now, now + _pause(row.count - free)
            row.save()
    return True


def succeeded(names: Keys) -> None:
    """The name starts afresh; the address does not, or one known account would clear a guesser's way."""
    Failures.objects.filter(key=names[0]).delete()
    _take_back(names[1])


def forget(now: datetime) -> None:
    """Rows that count for nothing any more."""
    Failures.objects.filter(last__lt=now - FORGET).delete()
    Spent.objects.filter(until__lt=now).delete()


def not_looked_at(names: Keys) -> None:
    """An attempt that was counted and then sent away for want of time."""
    for key in names:
        _take_back(key)


def spend(kind: str, value: str, now: datetime, life: timedelta) -> bool:
    """Whether this code is used for the first time; for every worker, also when two ask at once."""
    if Spent.objects.filter(key__in=hashes(kind, value)[1:]).exists():
        return False
    try:
        with transaction.atomic():
            Spent.objects.create(key=hashed(kind, value), until=now + life)
    except IntegrityError:
        return False
    return True


def hashed(kind: str, value: str) -> str:
    return _hash(settings.NAMES.key, kind, value)


def hashes(kind: str, value: str) -> list[str]:
    """Under the key of now first, then under those of before that still hold."""
    return [_hash(key, kind, value) for key in settings.NAMES]


def _hash(key: bytes, kind: str, value: str) -> str:
    text = f"{kind}:{value}".encode("utf-8", "replace")
    return blake2b(text, key=key.hex().encode(), digest_size=24).hexdigest()


def _row(key: str, now: datetime) -> Failures:
    Failures.objects.bulk_create([Failures(key=key, count=0, last=now, until=now)], ignore_conflicts=True)
    return Failures.objects.select_for_update().get(key=key)


def _take_back(key: str) -> None:
    """The pause that this attempt began ends with it."""
    Failures.objects.filter(key=key, count__gt=0).update(count=F("count") - 1, until=F("last"))


def _pause(excess: int) -> timedelta:
    return min(timedelta(seconds=15 * 2 ** min(excess, 10)), LONGEST) if excess >= 0 else timedelta(0)
