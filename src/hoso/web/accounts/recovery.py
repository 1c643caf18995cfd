"""Recovery codes: for whoever lost phone and key. Made, shown once, kept as keyed hashes, each good once.

The rows are allauth's own, which checks and removes a code; only what it compares is a hash here.
"""

from __future__ import annotations

from typing import Any

from allauth.core.internal.cryptokit import generate_user_code, normalize_user_code
from allauth.mfa.models import Authenticator
from django.db import transaction

from hoso.web.accounts.throttle import hashes

NUMBER = 10
LETTERS = 12
"""Of 20 consonants: 51 bits."""


@transaction.atomic
def renew(account: Any, number: int = NUMBER) -> list[str]:
    """New codes in place of the old ones; nobody can see them again."""
    kind = Authenticator.Type.RECOVERY_CODES
    Authenticator.objects.filter(user=account, type=kind).delete()
    codes = [generate_user_code(length=LETTERS) for _ in range(number)]
    kept = [of(account.pk, code)[0] for code in codes]
    Authenticator.objects.create(user=account, type=kind, data={"migrated_codes": kept, "under": _marks()[0]})
    return codes


def of(account: int, code: str) -> list[str]:
    """Under every key that holds, that of now first."""
    return hashes(f"recovery:{account}", normalize_user_code(code))


def left(account: Any) -> int:
    """None once the key they were hashed with holds no more: they cannot be known again."""
    row = Authenticator.objects.filter(user=account, type=Authenticator.Type.RECOVERY_CODES).first()
    if row is None or row.data.get("under", _marks()[-1]) not in _marks():
        return 0
    return len(row.data["migrated_codes"])


def mark_those_of_before() -> None:
    """What no mark stands on was made with the key that has just been replaced."""
    marks = _marks()
    for row in Authenticator.objects.filter(type=Authenticator.Type.RECOVERY_CODES):
        if "under" not in row.data:
            row.data["under"] = marks[1] if len(marks) > 1 else marks[0]
            row.save(update_fields=["data"])


def _marks() -> list[str]:
    return hashes("mark", "recovery")
