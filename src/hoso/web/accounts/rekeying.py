"""After the secret of the pages was changed: what was sealed under the one of before is sealed under that of now."""

from __future__ import annotations

from hoso.web.accounts.registry import prepare
from hoso.web.configure import WebConfig


def anew(config: WebConfig) -> int:
    """Answers how many second factors were sealed anew; safe to repeat."""
    prepare(config)
    from allauth.mfa.adapter import get_adapter
    from allauth.mfa.models import Authenticator
    from cryptography.exceptions import InvalidTag
    from django.db import connection, transaction

    from hoso.web.accounts import recovery

    adapter, number = get_adapter(), 0
    try:
        with transaction.atomic():
            recovery.mark_those_of_before()
            for row in Authenticator.objects.select_for_update().filter(type=Authenticator.Type.TOTP):
                try:
                    secret = adapter.decrypt(row.data["secret"])
                except InvalidTag:  # of a key that nobody has any more: its owner sets up another one
                    continue
                row.data["secret"] = adapter.encrypt(secret)
                row.save(update_fields=["data"])
                number += 1
    finally:
        connection.close()
    return number
