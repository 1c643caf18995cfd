"""Tables of OAuth: clients with their approval, what a person permitted, and the codes and tokens that follow from it.

Codes, tokens, launches and assertions are kept as SHA-256 only. A `Connection` holds one sign-in of one app together:
ending it ends its code and all its tokens, whichever worker made them.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import models
from oauth2_provider.models import (
    AbstractAccessToken,
    AbstractApplication,
    AbstractGrant,
    AbstractIDToken,
    AbstractRefreshToken,
)

from hoso.web.oauth.origin import LOOPBACK_NAMES

WAITING, APPROVED, REVOKED = "waiting", "approved", "revoked"


def digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


if TYPE_CHECKING:
    _Text = models.CharField[str, str]
else:
    _Text = models.CharField


class Digested(_Text):
    """Takes the secret itself, when stored as when looked for, and keeps its SHA-256."""

    def get_prep_value(self, value: Any) -> Any:
        return digest(value) if isinstance(value, str) else value


class Client(AbstractApplication):
    """An app or a system. It can do nothing before an administrator approved it, and nothing after it was revoked."""

    owner: models.CharField[str, str] = models.CharField(max_length=128)
    """Who answers for it; shown wherever its name is."""
    state: models.CharField[str, str] = models.CharField(max_length=16, default=WAITING)
    scopes: models.TextField[str, str] = models.TextField()
    """The most it may ever be granted."""
    jwks: models.TextField[str, str] = models.TextField(blank=True, default="")
    jwks_uri: models.TextField[str, str] = models.TextField(blank=True, default="")
    certificate: models.CharField[str, str] = models.CharField(max_length=64, blank=True, default="")
    """The certificate (x5t#S256) that must be shown with whatever it does; empty for a client without one."""
    subject: models.CharField[str, str] = models.CharField(max_length=255, blank=True, default="")
    """In its place the subject of a certificate by a trusted authority, which may be renewed."""
    launch_url: models.TextField[str, str] = models.TextField(blank=True, default="")
    facility: models.CharField[str, str] = models.CharField(max_length=64, blank=True, default="")
    labels: models.TextField[str, str] = models.TextField(blank=True, default="")
    """Labels it may read, separated by spaces; none unless an administrator gave them."""
    introspects: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    decided: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    decided_by: models.CharField[str, str] = models.CharField(max_length=128, blank=True, default="")

    @property
    def kind(self) -> str:
        if self.backend:
            return "backend"
        return "browser" if self.public else "server"

    @property
    def backend(self) -> bool:
        return bool(self.authorization_grant_type == AbstractApplication.GRANT_CLIENT_CREDENTIALS)

    @property
    def public(self) -> bool:
        return bool(self.client_type == AbstractApplication.CLIENT_PUBLIC)

    @property
    def approved(self) -> bool:
        return self.state == APPROVED

    @property
    def loopback(self) -> bool:
        """Whether it is called back on the user's own machine, where any program may listen."""
        return any(urlsplit(uri).hostname in LOOPBACK_NAMES for uri in self.redirect_uris.split())

    def is_usable(self, request: object) -> bool:
        return self.approved

    def redirect_uri_allowed(self, uri: str) -> bool:
        """The very text that was registered (RFC 9700 §2.1); nothing is normalised."""
        return uri in self.redirect_uris.split()

    def origin_allowed(self, origin: str) -> bool:
        return origin in self.allowed_origins.split()

    def get_allowed_schemes(self) -> list[str]:
        return ["https", "http"] if self.loopback else ["https"]


class Permission(models.Model):
    """What a person once permitted an app; asked again only for more. `withdrawn` ends every connection made by it."""

    account: models.ForeignKey[Any, Any] = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    client: models.ForeignKey[Any, Any] = models.ForeignKey(Client, on_delete=models.CASCADE)
    scopes: models.TextField[str, str] = models.TextField()
    given: models.DateTimeField[datetime, datetime] = models.DateTimeField()

    class Meta:
        unique_together = ("account", "client")


class Connection(models.Model):
    """One sign-in of one app: its code, its access tokens and its family of refresh tokens."""

    account: models.ForeignKey[Any, Any] = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    client: models.ForeignKey[Any, Any] = models.ForeignKey(Client, on_delete=models.CASCADE)
    scopes: models.TextField[str, str] = models.TextField()
    patient: models.CharField[str, str] = models.CharField(max_length=64, blank=True, default="")
    encounter: models.CharField[str, str] = models.CharField(max_length=64, blank=True, default="")
    session: models.CharField[str, str] = models.CharField(max_length=64, blank=True, default="")
    """Key of the browser session it ends with; empty when it outlives it (offline_access)."""
    post: models.CharField[str, str] = models.CharField(max_length=64, blank=True, default="")
    """Of staff: the PractitionerRole they acted in when they let the app in; it acts in no other."""
    begun: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    expires: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    """No refresh leads beyond this."""
    ended: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)


class Grant(AbstractGrant):
    code = Digested(max_length=64, unique=True)
    connection: models.ForeignKey[Any, Any] = models.ForeignKey(Connection, on_delete=models.CASCADE)
    used: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)


class IDToken(AbstractIDToken):
    pass


class AccessToken(AbstractAccessToken):
    connection: models.ForeignKey[Any, Any] = models.ForeignKey(Connection, null=True, on_delete=models.CASCADE)
    """None for a system that signed in for itself."""
    certificate: models.CharField[str, str] = models.CharField(max_length=64, blank=True, default="")
    """The one (x5t#S256) it was asked for with and counts with; empty for a token that is bound to none."""


class RefreshToken(AbstractRefreshToken):
    connection: models.ForeignKey[Any, Any] = models.ForeignKey(Connection, on_delete=models.CASCADE)
    used: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)


class Launch(models.Model):
    """An app opened from a person's page: for one user, one app, one patient, once."""

    code = Digested(max_length=64, unique=True)
    account: models.ForeignKey[Any, Any] = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    client: models.ForeignKey[Any, Any] = models.ForeignKey(Client, on_delete=models.CASCADE)
    patient: models.CharField[str, str] = models.CharField(max_length=64)
    expires: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    used: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)


class Assertion(models.Model):
    """A client's signed statement that was accepted once; the unique row refuses it to every worker after that."""

    code = Digested(max_length=64, unique=True)
    expires: models.DateTimeField[datetime, datetime] = models.DateTimeField(db_index=True)
