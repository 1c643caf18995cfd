"""All accounts of a node as text, for its backup, and back again; passwords stay the hashes they are."""

from __future__ import annotations

from hoso.web.accounts.registry import prepare
from hoso.web.configure import WebConfig, configure


def dump(config: WebConfig) -> bytes:
    configure(config)
    from django.core import serializers
    from django.db import connection

    from hoso.web.accounts.models import Account

    text: str = serializers.serialize("json", Account.objects.order_by("pk"))
    connection.close()
    return text.encode()


def restore(config: WebConfig, data: bytes) -> int:
    """Into a node without accounts; answers how many there are now."""
    prepare(config)
    from django.core import serializers
    from django.db import connection

    accounts = list(serializers.deserialize("json", data.decode()))
    for account in accounts:
        account.save()
    connection.close()
    return len(accounts)
