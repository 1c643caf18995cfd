"""From an access token to the actor it stands for, asked by `/fhir` when its memory is older than half a second.

Everything that can end a token is looked at each time: the client's approval, the account, the connection, and the
browser session where it is bound to one.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from hoso.access import Unavailable
from hoso.access.actor import Actor
from hoso.web import roles
from hoso.web.oauth import connections, granting, identity
from hoso.web.oauth.models import AccessToken, Client
from hoso.web.oauth.settings import PREFIX


def actor(token: str) -> Actor | None:
    """None when the token proves nothing, or does no longer. Raises Unavailable when nobody can say."""
    if not token.startswith(PREFIX):
        return None
    try:
        return _actor(token)
    except (InterfaceError, OperationalError):
        connection.close()  # a thread of the systems' door keeps its own, and it may have died meanwhile
    try:
        return _actor(token)
    except (InterfaceError, OperationalError) as error:
        connection.close()
        raise Unavailable(str(error)) from error


def _actor(token: str) -> Actor | None:
    checksum = sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
    found = (
        AccessToken.objects.select_related("application", "user", "connection__account", "connection__client")
        .filter(token_checksum=checksum, expires__gt=timezone.now())
        .first()
    )
    if found is None or not found.application.approved:
        return None
    if found.connection is None:
        return _system(found) if found.application.backend else None
    return _person(found) if connections.alive(found.connection) else None


def _system(token: AccessToken) -> Actor:
    client: Client = token.application
    scopes = granting.scopes_of(token.scope, backend=True)
    return Actor(f"client/{client.client_id}", scopes, facility=client.facility, labels=_labels(client))


def _person(token: AccessToken) -> Actor:
    """The user with what the app was granted, and never with more than the user may do."""
    account, client = token.user, token.application
    own = roles.actor(account.username, account.role)
    return replace(
        own,
        scopes=granting.scopes_of(token.scope, backend=False).within(own.scopes.rights),
        facility=account.facility,
        practitioner=identity.practitioner(account),
        person=identity.person(account),
        client=client.client_id,
        patient=token.connection.patient or identity.person(account),
        labels=_labels(client),
    )


def _labels(client: Client) -> frozenset[str]:
    return frozenset(client.labels.split())
