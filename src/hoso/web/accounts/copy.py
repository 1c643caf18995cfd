"""All accounts and clients of a node as text, for its backup, and back again; passwords stay the hashes they are.

Second factors come along, their secrets sealed with the node's key, and visits that nobody signed yet. Sessions, codes
for a first sign-in and what was issued to apps do not: after a restore everybody signs in again, and nothing used or
revoked comes back to life.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from hoso.web.accounts.registry import begin, prepare
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

    from hoso.web.accounts.models import Account, SignInName, StationReport, VisitDraft
    from hoso.web.oauth.models import Client, Permission

    return Account, SignInName, VisitDraft, StationReport, Authenticator, Client, Permission


def _of_today(row: dict[str, Any]) -> dict[str, Any]:
    """A row as this release has it: a backup may be of one in which accounts had their role themselves."""
    fields = row["fields"]
    if row["model"] != "accounts.account" or "role" not in fields:
        return row
    role, facility = fields.pop("role"), fields.pop("facility", "")
    kept = {} if fields.get("person") else {"former_role": role, "former_facility": facility}
    return {**row, "fields": {**fields, **kept}}


def restore(config: WebConfig, data: bytes) -> int:
    """Into a node without accounts; answers how many there are now."""
    begin(config)
    prepare(config)
    from django.core import serializers
    from django.core.management.color import no_style
    from django.db import connection

    rows = list(serializers.deserialize("json", json.dumps([_of_today(row) for row in json.loads(data)])))
    for row in rows:
        row.save()
    with connection.cursor() as cursor:  # numbers given from now on are not those that came along
        for sql in connection.ops.sequence_reset_sql(no_style(), list(_models())):
            cursor.execute(sql)
    connection.close()
    return sum(row.object._meta.label == "accounts.Account" for row in rows)
