"""Recovery codes: for whoever lost phone and key. Made, shown once, kept as keyed hashes, each good once.

The rows are allauth's own, which checks and removes a code; only what it compares is a hash here.
"""

from __future__ import annotations

from typing import Any

from allauth.core.internal.cryptokit import generate_user_code, normalize_user_code
from allauth.mfa.models import Authenticator
from django.db import transaction

from hoso.web.accounts.throttle import hashed

NUMBER = 10
LETTERS = 12
"""Of 20 consonants: 51 bits."""


@transaction.atomic
def renew(account: Any, number: int = NUMBER) -> list[str]:
    """New codes in place of the old ones; nobody can see them again."""
    kind = Authenticator.Type.RECOVERY_CODES
    Authenticator.objects.filter(user=account, type=kind).delete()
    codes = [generate_user_code(length=LETTERS) for _ in range(number)]
    kept = [of(account.pk, code) for code in codes]
    Authenticator.objects.create(user=account, type=kind, data={"migrated_codes": kept})
    return codes


def of(account: int, code: str) -> str:
    return hashed(f"recovery:{account}", normalize_user_code(code))


def left(account: Any) -> int:
    row = Authenticator.objects.filter(user=account, type=Authenticator.Type.RECOVERY_CODES).first()
    return len(row.data["migrated_codes"]) if row else 0
