"""The life of a connection: one sign-in of one app, and everything that was issued by it."""

from __future__ import annotations

import time
import uuid
from datetime import timedelta
from importlib import import_module

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from hoso.access.organisation import Post, Posts
from hoso.web.oauth.assertion import SKEW
from hoso.web.oauth.models import (
    AccessToken,
    Assertion,
    Client,
    Connection,
    Grant,
    IDToken,
    Launch,
    Permission,
    RefreshToken,
)
from hoso.web.pages import organisation

_KEPT = timedelta(days=90)
_TIDY_SECONDS = 60.0
_tidied = -_TIDY_SECONDS
_FAMILY = uuid.UUID("8d0bd0fe-1c0a-4b0e-9a0c-5f8f6a1f2a5c")


def alive(connection: Connection) -> bool:
    """Whether it may still be used: not ended, not over, and of somebody and something that are still let in."""
    if connection.ended is not None or connection.expires <= timezone.now():
        return False
    account = connection.account
    if (
        not account.is_active
        or account.unused(timezone.now(), settings.SIGN_IN.unused)
        or not connection.client.approved
    ):
        return False
    if account.staff and acted(organisation().posts, account.practitioner, connection.post) is None:
        return False
    return not connection.session or session_exists(connection.session)


def acted(posts: Posts, practitioner: str, post: str) -> Post | None:
    """In what an app acts for staff: what they acted in when they let it in. Connections of an earlier release do not
    say; for those it is the one role that somebody has."""
    if post:
        return posts.post(practitioner, post)
    held = posts.of(practitioner)
    return held[0] if len(held) == 1 else None


def session_exists(key: str) -> bool:
    engine = import_module(settings.SESSION_ENGINE)
    return bool(engine.SessionStore().exists(key))


def end(connections: QuerySet[Connection]) -> int:
    """Ends them for every worker at once; what was issued is taken back. Answers how many there were."""
    with transaction.atomic():
        now, keys = timezone.now(), list(connections.values_list("pk", flat=True))
        number = Connection.objects.filter(pk__in=keys, ended=None).update(ended=now)
        Grant.objects.filter(connection__in=keys, used=None).update(used=now)
        for refresh in RefreshToken.objects.filter(connection__in=keys, revoked=None):
            refresh.revoke()
        AccessToken.objects.filter(connection__in=keys).delete()
    return number


def withdraw(account: object, client: Client) -> None:
    """Takes back what a person permitted an app."""
    Permission.objects.filter(account=account, client=client).delete()
    Launch.objects.filter(account=account, client=client).delete()
    end(Connection.objects.filter(account=account, client=client, ended=None))


def end_client(client: Client) -> None:
    """Of a client that was revoked: all of its tokens, and what people permitted it."""
    Permission.objects.filter(client=client).delete()
    Launch.objects.filter(client=client).delete()
    end(Connection.objects.filter(client=client, ended=None))
    AccessToken.objects.filter(application=client).delete()


def end_account(account: object) -> None:
    """Of somebody whose account was closed."""
    end(Connection.objects.filter(account=account, ended=None))


def family(connection: Connection) -> uuid.UUID:
    return uuid.uuid5(_FAMILY, str(connection.pk))


def tidy() -> None:
    """Removes what can never be of use again; each worker at most once a minute.

    A used code stays a day, so that its second use is still noticed; the refresh tokens of a connection stay as long as
    it could have lasted.
    """
    global _tidied
    if time.monotonic() - _tidied < _TIDY_SECONDS:
        return
    _tidied = time.monotonic()
    now = timezone.now()
    Grant.objects.filter(expires__lt=now - timedelta(days=1)).delete()
    Launch.objects.filter(expires__lt=now - timedelta(days=1)).delete()
    AccessToken.objects.filter(expires__lt=now - timedelta(days=1)).delete()
    IDToken.objects.filter(expires__lt=now - timedelta(days=1)).delete()
    Assertion.objects.filter(expires__lt=now - SKEW).delete()
    Connection.objects.filter(expires__lt=now - _KEPT).delete()
