"""Closing an account, opening it again, and taking away second factors that were lost; for command and pages."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hoso.web.accounts.models import Account


def close(account: Account) -> None:
    """Who is signed in with it is out at the next click, and the apps it let in are out for good."""
    from hoso.web.oauth.connections import end_account

    account.is_active = False
    account.save(update_fields=["is_active"])
    end_account(account)


def reopen(account: Account, now: datetime) -> None:
    """Also one that was not used for too long; its failed attempts are forgotten."""
    from hoso.web.accounts import throttle
    from hoso.web.accounts.models import Failures

    account.is_active, account.opened = True, now
    account.save(update_fields=["is_active", "opened"])
    keys = (throttle.keys(account.username, "")[0], throttle.code_keys(account.pk, "")[0])
    Failures.objects.filter(key__in=keys).delete()


def forget_factors(account: Account) -> None:
    """And ends every session: the next sign-in sets up a new one."""
    from allauth.mfa.models import Authenticator

    Authenticator.objects.filter(user=account).delete()
    account.epoch += 1
    account.save(update_fields=["epoch"])
