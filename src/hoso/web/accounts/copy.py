"""All accounts and clients of a node as text, for its backup, and back again; passwords stay the hashes they are.

Second factors come along, their secrets sealed with the node's key. Sessions, codes for a first
sign-in and what was issued to apps do not: after a restore everybody signs in again, and nothing used or revoked comes
back to life.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hoso.web.accounts.registry import prepare
from hoso.web.configure import WebConfig

if TYPE_CHECKING:
    from django.db.models import Model


def dump(config: WebConfig) -> bytes:
    prepare(config)
    from django.core import serializers
    from django.db import connection

    rows = [row for model in _models() for row in model._default_manager.order_by("pk")]
    text: str = serializers.serialize("json", rows)
    connection.close()
    return text.encode()


def _models() -> tuple[type[Model], ...]:
    """Those that others refer to come first."""
    from allauth.mfa.models import Authenticator

    from hoso.web.accounts.models import Account, SignInName
    from hoso.web.oauth.models import Client, Permission

    return Account, SignInName, Authenticator, Client, Permission


def restore(config: WebConfig, data: bytes) -> int:
    """Into a node without accounts; answers how many there are now."""
    prepare(config)
    from django.core import serializers
    from django.core.management.color import no_style
    from django.db import connection

    rows = list(serializers.deserialize("json", data.decode()))
    for row in rows:
        row.save()
    with connection.cursor() as cursor:  # numbers given from now on are not those that came along
        for sql in connection.ops.sequence_reset_sql(no_style(), list(_models())):
            cursor.execute(sql)
    connection.close()
    return sum(row.object._meta.label == "accounts.Account" for row in rows)
