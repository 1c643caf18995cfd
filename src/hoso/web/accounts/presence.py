"""Whether somebody of the staff can sign in here: asked by what has to know whether anybody looks."""

from __future__ import annotations

from hoso.core import system_clock
from hoso.web.configure import WebConfig, configured


def signs_in(config: WebConfig, practitioner: str) -> bool:
    """Whether an account of theirs is open and was used of late (`Backend.user_can_authenticate`)."""
    configured(config)
    from django.conf import settings
    from django.db import connection

    from hoso.web.accounts.models import Account

    inside = connection.in_atomic_block or connection.connection is not None
    now, longest = system_clock(), settings.SIGN_IN.unused
    try:
        accounts = list(Account.objects.filter(practitioner=practitioner, person="", is_active=True))
    finally:
        if not inside:  # of a command or a thread that asks nothing else of the accounts
            connection.close()
    return any(not account.unused(now, longest) for account in accounts)
