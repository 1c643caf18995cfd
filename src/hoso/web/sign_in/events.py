"""What happens at sign-in, told to the audit log before it is answered; signals of allauth and Django bring it here."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.account.signals import password_changed
from allauth.mfa import signals as factors
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.contrib.sessions.models import Session
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils import timezone

from hoso.access import Unavailable
from hoso.web import acting
from hoso.web.accounts import throttle
from hoso.web.oauth.telling import tell

BEGUN = "begun"


@receiver(user_logged_in)
def began(request: HttpRequest, user: Any, **more: Any) -> None:
    request.session[BEGUN] = int(time.time())
    _tidy(user)
    if user.staff:
        acting.begin(request, user)
    try:
        tell(request, "sign-in", f"user/{user.username}", channel="screen", reason=_how(request))
    except Unavailable:  # nobody is signed in without an event that says so
        request.session.flush()
        raise


@receiver(user_logged_out)
def ended(request: HttpRequest, user: Any, **more: Any) -> None:
    if user is not None and user.is_authenticated:
        tell(request, "sign-out", f"user/{user.username}", channel="screen")


@receiver(password_changed)
def password(request: HttpRequest, user: Any, **more: Any) -> None:
    if user.first_password:
        user.first_password = False
        user.save(update_fields=["first_password"])
    tell(request, "password-changed", f"user/{user.username}", channel="screen")


@receiver(factors.authenticator_added)
def added(request: HttpRequest, user: Any, authenticator: Any, **more: Any) -> None:
    """To set it up it had to be shown, so the session is as sure from now on as if begun with it."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES:
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)
    tell(request, "factor-added", f"user/{user.username} {authenticator.type}", channel="screen")


@receiver(factors.authenticator_removed)
def removed(request: HttpRequest, user: Any, authenticator: Any, **more: Any) -> None:
    tell(request, "factor-removed", f"user/{user.username} {authenticator.type}", channel="screen")


@receiver(factors.authenticator_used)
def used(request: HttpRequest, user: Any, authenticator: Any, reauthenticated: bool = False, **more: Any) -> None:
    """At sign-in it is the sign-in that is told."""
    if reauthenticated:
        tell(request, "confirmed", f"user/{user.username} {authenticator.type}", channel="screen")


@receiver(factors.authentication_failed)
def missed(request: HttpRequest, user: Any, authenticator: Any, **more: Any) -> None:
    what = f"user/{user.username} {authenticator.type}"
    tell(request, "sign-in", what, outcome="denied", reason="code", channel="screen")


def _tidy(user: Any) -> None:
    """Sign-ins are rare and come for ever: with each, what nobody needs any more goes."""
    now = timezone.now()
    throttle.forget(now)
    Session.objects.filter(expire_date__lt=now).delete()
    UserSession.objects.purge_and_list(user)


def _how(request: HttpRequest) -> str:
    """Such as "password mfa"; nothing of a session that began otherwise."""
    records = request.session.get("account_authentication_methods") or []
    return " ".join(str(record.get("type", record["method"])) for record in records)[:100]
