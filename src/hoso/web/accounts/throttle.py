"""Slows down guessing: after a few failures an account name, or an address, has to wait, ever longer.

The counts are in the database, so that every worker knows them, under keyed hashes, so that a typed password that
landed in the name field is not kept.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import blake2b

from django.conf import settings
from django.db import IntegrityError, transaction

from hoso.web.accounts.models import Failures

FREE_PER_NAME = 5
FREE_PER_ADDRESS = 50
LONGEST = timedelta(minutes=15)
FORGET = timedelta(hours=24)


def keys(username: str, address: str) -> tuple[str, str]:
    return _hashed("name", username.casefold()), _hashed("address", address)


def waiting(names: tuple[str, str], now: datetime) -> bool:
    return Failures.objects.filter(key__in=names, until__gt=now).exists()


def failed(names: tuple[str, str], now: datetime) -> None:
    for key, free in zip(names, (FREE_PER_NAME, FREE_PER_ADDRESS), strict=True):
        with transaction.atomic():
            row = Failures.objects.select_for_update().filter(key=key).first()
            if row is None:
                _start(key, now)
                continue
            row.count = 1 if now - row.last > FORGET else row.count + 1
            row.last, row.until = now, now + _pause(row.count - free)
            row.save()


def succeeded(names: tuple[str, str]) -> None:
    """The name starts afresh; the address does not, or one known account would clear a guesser's way."""
    Failures.objects.filter(key=names[0]).delete()


def _start(key: str, now: datetime) -> None:
    try:
        with transaction.atomic():
            Failures.objects.create(key=key, count=1, last=now, until=now)
    except IntegrityError:  # another worker counted the first failure
        Failures.objects.filter(key=key).update(last=now)


def _pause(excess: int) -> timedelta:
    return min(timedelta(seconds=15 * 2 ** min(excess, 10)), LONGEST) if excess >= 0 else timedelta(0)


def _hashed(kind: str, value: str) -> str:
    key = settings.SECRET_KEY.encode()[:64]
    return blake2b(f"{kind}:{value}".encode(), key=key, digest_size=24).hexdigest()
