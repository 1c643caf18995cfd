"""Who stands in the log, in words a citizen knows: a person's name, a facility's, an app's."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from hoso.web.accounts.models import Account
from hoso.web.door import Door
from hoso.web.oauth.models import Client


def actors(ids: Collection[str]) -> dict[str, str]:
    """By the actor's id; whoever has no name, such as a program at the machine, is left out."""
    users = [id.removeprefix("user/") for id in ids if id.startswith("user/")]
    clients = [id.removeprefix("client/") for id in ids if id.startswith("client/")]
    found = {f"user/{one.username}": one.name for one in Account.objects.filter(username__in=users) if one.name}
    apps = Client.objects.filter(client_id__in=clients)
    found |= {f"client/{one.client_id}": f"{one.name} ({one.owner})" if one.owner else one.name for one in apps}
    return found


def grantees(grants: Iterable[Any]) -> dict[str, str]:
    """By grantee: who was let in. Another citizen is named by the account, never by a record."""
    ids = {grant.grantee for grant in grants}
    persons = [id.removeprefix("person/") for id in ids if id.startswith("person/")]
    found = {f"person/{one.person}": one.name for one in Account.objects.filter(person__in=persons)}
    users = [id.removeprefix("user/") for id in ids if id.startswith("user/")]
    staff = Account.objects.filter(username__in=users)
    return found | {f"user/{one.username}": one.name or one.username for one in staff}


def plain(id: str) -> str:
    """An id without its kind, when nothing better is known."""
    return id.partition("/")[2] or id


def facilities(reach: Door, codes: Collection[str]) -> dict[str, str]:
    return {code: reach.facility(code) for code in sorted(codes) if code}
