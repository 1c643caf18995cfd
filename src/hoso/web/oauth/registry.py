"""Registering clients and deciding about them, for the administrator's page and the operator's command.

Nothing is fetched when a client registers, and nothing it says is believed before an administrator approved it.
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from hoso.access.outward import NotAllowed
from hoso.core.errors import Refused
from hoso.web.oauth import assertion, granting, naming
from hoso.web.oauth.assertion import BadAssertion
from hoso.web.oauth.origin import LOOPBACK_NAMES

if TYPE_CHECKING:
    from hoso.web.oauth.models import Client

Kind = Literal["browser", "server", "backend"]
KINDS: tuple[Kind, ...] = ("browser", "server", "backend")
"""A public app in a browser or on a phone; an app with a server and a key; a system that signs in for itself."""
_MOST_URIS = 10
_LONGEST_URI = 500


@dataclass(frozen=True, slots=True)
class Application:
    """What somebody asks to be registered as."""

    name: str
    owner: str
    kind: Kind
    scopes: str
    redirects: Sequence[str] = ()
    origins: Sequence[str] = ()
    launch: str = ""
    jwks: str = ""
    jwks_uri: str = ""
    certificate: str = ""
    """x5t#S256 of the certificate it shows; beside a key set, or in place of one."""
    subject: str = ""
    """In place of that the subject of its certificate, as RFC 4514 writes it: "CN=lab-bach-mai"."""


def register(wanted: Application) -> Client:
    """Puts it on the list of those who wait. Raises Refused."""
    from oauth2_provider.models import AbstractApplication as Kinds

    from hoso.web.oauth.models import Client

    name, owner = naming.clean(wanted.name), naming.clean(wanted.owner)
    if name is None or owner is None:
        raise _wrong("client.bad-name")
    if wanted.kind not in KINDS:
        raise _wrong("client.bad-kind", kinds=", ".join(KINDS))
    _check_scopes(wanted)
    _check_addresses(wanted)
    _check_keys(wanted)
    client = Client(
        client_id=_new_id(name),
        name=name,
        owner=owner,
        scopes=" ".join(wanted.scopes.split()),
        client_type=Kinds.CLIENT_PUBLIC if wanted.kind == "browser" else Kinds.CLIENT_CONFIDENTIAL,
        authorization_grant_type=(
            Kinds.GRANT_CLIENT_CREDENTIALS if wanted.kind == "backend" else Kinds.GRANT_AUTHORIZATION_CODE
        ),
        algorithm=Kinds.NO_ALGORITHM if wanted.kind == "backend" else Kinds.RS256_ALGORITHM,
        client_secret="",
        hash_client_secret=False,
        redirect_uris=" ".join(wanted.redirects),
        allowed_origins=" ".join(wanted.origins),
        launch_url=wanted.launch,
        jwks=wanted.jwks,
        jwks_uri=wanted.jwks_uri,
        certificate=wanted.certificate,
        subject=wanted.subject,
    )
    client.save(force_insert=True)
    return client


def approve(
    client_id: str, by: str, *, facility: str = "", labels: Sequence[str] = (), introspects: bool = False
) -> Client:
    """Lets it in. Raises Refused; an address of keys must be on a host that the operator listed."""
    from django.utils import timezone

    from hoso.web.oauth.models import APPROVED, REVOKED
    from hoso.web.oauth.proving import keysets

    client = get(client_id)
    if client.state == REVOKED:
        raise _wrong("client.was-revoked", client=client_id)
    if client.jwks_uri:
        try:
            keysets().allowed(client.jwks_uri)
        except NotAllowed as error:
            raise _wrong("client.host-not-listed", reason=str(error)) from error
    client.state, client.decided, client.decided_by = APPROVED, timezone.now(), by
    client.facility, client.labels, client.introspects = facility.strip(), " ".join(labels), introspects
    client.save()
    return client


def revoke(client_id: str, by: str) -> Client:
    """Ends it for good, with every token it has and everything people permitted it."""
    from django.utils import timezone

    from hoso.web.oauth import connections
    from hoso.web.oauth.models import REVOKED

    client = get(client_id)
    client.state, client.decided, client.decided_by = REVOKED, timezone.now(), by
    client.save()
    connections.end_client(client)
    return client


def get(client_id: str) -> Client:
    from hoso.web.oauth.models import Client

    found: Client | None = Client.objects.filter(client_id=client_id).first() if "\0" not in client_id else None
    if found is None:
        raise _wrong("client.unknown", client=client_id)
    return found


def everyone() -> list[Client]:
    """Those who wait first, then by name."""
    from hoso.web.oauth.models import WAITING, Client

    return sorted(Client.objects.all(), key=lambda c: (c.state != WAITING, c.name.casefold(), c.client_id))


def _check_scopes(wanted: Application) -> None:
    try:
        found = granting.asked(wanted.scopes, granting.contexts(wanted.kind == "backend"))
    except Refused as refused:
        raise Refused(422, *refused.issues) from refused
    if not found.grains and not found.words:
        raise _wrong("client.no-scope")


def _check_addresses(wanted: Application) -> None:
    backend = wanted.kind == "backend"
    if backend and (wanted.redirects or wanted.origins or wanted.launch):
        raise _wrong("client.backend-redirect")
    if not backend and not 1 <= len(wanted.redirects) <= _MOST_URIS:
        raise _wrong("client.no-redirect")
    for uri in (*wanted.redirects, *([wanted.launch] if wanted.launch else [])):
        if not _is_address(uri):
            raise _wrong("client.bad-address", address=uri[:200])
    for origin in wanted.origins:
        parts = urlsplit(origin)
        if not _is_address(origin) or origin != f"{parts.scheme}://{parts.netloc}":
            raise _wrong("client.bad-origin", address=origin[:200])
    if wanted.origins and wanted.kind != "browser":
        raise _wrong("client.origin-of-browsers")


def _is_address(text: str) -> bool:
    """https, or http on the user's own machine; nothing that a browser and we could read differently."""
    if not text.isascii() or not text.isprintable() or " " in text or len(text) > _LONGEST_URI:
        return False
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    if not parts.hostname or "@" in parts.netloc or "#" in text or "\\" in text or "*" in text:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK_NAMES)


def _check_keys(wanted: Application) -> None:
    if wanted.kind == "browser":
        if wanted.jwks or wanted.jwks_uri or wanted.certificate or wanted.subject:
            raise _wrong("client.browser-keys")
        return
    if wanted.subject and (wanted.certificate or not wanted.subject.isprintable() or len(wanted.subject) > 255):
        raise _wrong("client.bad-subject")
    if (wanted.certificate or wanted.subject) and not (wanted.jwks or wanted.jwks_uri):
        return
    if bool(wanted.jwks) == bool(wanted.jwks_uri):
        raise _wrong("client.one-key-set")
    if wanted.jwks:
        try:
            assertion.check_set(wanted.jwks)
        except BadAssertion as error:
            raise _wrong("client.bad-keys", reason=str(error)) from error
    elif not _is_address(wanted.jwks_uri) or not wanted.jwks_uri.startswith("https:"):
        raise _wrong("client.bad-address", address=wanted.jwks_uri[:200])


def _wrong(key: str, **values: str) -> Refused:
    return Refused.because(422, "invalid", key, **values)


def _new_id(name: str) -> str:
    """Readable in a log, and never given twice."""
    plain = unicodedata.normalize("NFKD", name.casefold().replace("đ", "d")).encode("ascii", "ignore").decode()
    stem = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:40].strip("-") or "client"
    return f"{stem}-{secrets.token_hex(4)}"
