"""From an access token to the actor it stands for, asked by `/fhir` when its memory is older than half a second.

Everything that can end a token is looked at each time: the client's approval, the account, the connection, and the
browser session where it is bound to one.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from oauth2_provider.models import AbstractApplication

from hoso.access import Unavailable
from hoso.access.actor import Actor
from hoso.access.organisation import Posts
from hoso.web import roles
from hoso.web.oauth import connections, granting, identity
from hoso.web.oauth.models import APPROVED, AccessToken, Client, Connection
from hoso.web.oauth.settings import PREFIX


def actor(token: str, posts: Posts) -> Actor | None:
    """None when the token proves nothing, or does no longer. Raises Unavailable when nobody can say."""
    if not token.startswith(PREFIX):
        return None
    try:
        return _actor(token, posts)
    except (InterfaceError, OperationalError):
        connection.close()  # a thread of the systems' door keeps its own, and it may have died meanwhile
    try:
        return _actor(token, posts)
    except (InterfaceError, OperationalError) as error:
        connection.close()
        raise Unavailable(str(error)) from error


def system(client_id: str) -> Actor | None:
    """A registered system with the most it may have now, whether it holds a token or not; None when it may nothing."""
    try:
        found = Client.objects.filter(client_id=client_id, state=APPROVED, authorization_grant_type=BACKEND).first()
    except (InterfaceError, OperationalError) as error:
        connection.close()
        raise Unavailable(str(error)) from error
    if found is None:
        return None
    scopes = granting.scopes_of(found.scopes, backend=True)
    labels = frozenset(found.labels.split())
    return Actor(f"client/{client_id}", scopes, facility=found.facility, labels=labels)


def _actor(token: str, posts: Posts) -> Actor | None:
    found = _found(sha256(token.encode("utf-8", "surrogatepass")).hexdigest())
    if found is None:
        return None
    if found["account.id"] is None:
        return _system(found) if found["client.authorization_grant_type"] == BACKEND else None
    bound = found["connection.session"]
    return _person(found, posts) if not bound or connections.session_exists(bound) else None


def _found(checksum: str) -> dict[str, Any] | None:
    """What is known of a token that is good: of an approved client, and of an open connection of an open account."""
    sql, names = _question()
    moment = timezone.now()
    now, long_ago = map(connection.ops.adapt_datetimefield_value, (moment, moment - settings.SIGN_IN.unused))
    with connection.cursor() as cursor:
        cursor.execute(sql, [checksum, now, APPROVED, now, *[long_ago] * len(_USES)])
        row = cursor.fetchone()
    return dict(zip(names, row, strict=True)) if row else None


@cache
def _question() -> tuple[str, tuple[str, ...]]:
    """Written by hand, since the ORM would take ten times longer to write it than the database to answer."""
    models: dict[str, Any] = {
        "token": AccessToken,
        "client": Client,
        "connection": Connection,
        "account": get_user_model(),
    }
    names = (*_ASKED, *(f"account.{f.attname}" for f in models["account"]._meta.concrete_fields))
    columns = ", ".join(_quoted(name) for name in names)
    table = {name: f"{connection.ops.quote_name(model._meta.db_table)} {name}" for name, model in models.items()}
    used = " OR ".join(f"{_quoted(f'account.{moment}')} >= %s" for moment in _USES)
    sql = f"""SELECT {columns} FROM {table["token"]}
        JOIN {table["client"]} ON client.id = token.application_id
        LEFT JOIN {table["connection"]} ON connection.id = token.connection_id
        LEFT JOIN {table["account"]} ON account.id = connection.account_id
        WHERE token.token_checksum = %s AND token.expires > %s AND client.state = %s AND (connection.id IS NULL
          OR (connection.ended IS NULL AND connection.expires > %s AND account.is_active AND ({used})))"""  # noqa: S608
    return sql, names


_ASKED = (
    "token.scope",
    "token.certificate",
    "client.client_id",
    "client.authorization_grant_type",
    "client.facility",
    "client.labels",
    "client.certificate",
    "connection.session",
    "connection.patient",
    "connection.post",
)
_USES = ("created", "last_login", "opened")
"""What says of an account that it is not closed for want of use (`Account.unused`)."""
BACKEND = AbstractApplication.GRANT_CLIENT_CREDENTIALS


def _quoted(name: str) -> str:
    table, _, column = name.partition(".")
    return f"{table}.{connection.ops.quote_name(column)}"


def _system(found: dict[str, Any]) -> Actor:
    scopes = granting.scopes_of(found["token.scope"], backend=True)
    return Actor(
        f"client/{found['client.client_id']}",
        scopes,
        facility=found["client.facility"],
        labels=_labels(found),
        certificate=found["client.certificate"] or found["token.certificate"],
    )


def _person(found: dict[str, Any], posts: Posts) -> Actor | None:
    """The user with what the app was granted, and never with more than the user may do; None without a role."""
    fields = {name[8:]: value for name, value in found.items() if name.startswith("account.")}
    account: Any = get_user_model()(**fields)
    if account.staff:
        account.post = connections.acted(posts, account.practitioner, found["connection.post"])
        if account.post is None:
            return None
    own = roles.actor(
        account.username,
        account.role,
        account.facility,
        practitioner=identity.practitioner(account),
        person=identity.person(account),
        assurance="single",
    )
    return replace(
        own,
        scopes=granting.scopes_of(found["token.scope"], backend=False).within(own.scopes.rights),
        facility=account.facility,
        practitioner=identity.practitioner(account),
        person=identity.person(account),
        assurance="single",  # somebody signed in to let the app in; by what is not kept with its connection
        client=found["client.client_id"],
        patient=found["connection.patient"] or identity.person(account),
        labels=_labels(found),
        certificate=found["client.certificate"] or found["token.certificate"],
    )


def _labels(found: dict[str, Any]) -> frozenset[str]:
    return frozenset(found["client.labels"].split())
