"""What django-oauth-toolkit asks us: who is the client, what may be granted, and what a code or token is bound to.

Narrower than its own answers: no secrets, scopes compared as rights, a code or refresh token counts once for all
workers, and a second use ends everything that came of the first.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F
from django.utils import timezone
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauthlib.oauth2.rfc6749 import errors

from hoso.web.oauth import connections, granting, identity, proving
from hoso.web.oauth.assertion import TYPE, BadAssertion
from hoso.web.oauth.models import AccessToken, Client, Connection, Grant, RefreshToken, digest
from hoso.web.oauth.origin import token_endpoint
from hoso.web.oauth.shown import is_bound, shown


class Validator(OAuth2Validator):
    oidc_claim_scope = {"sub": "openid", "fhirUser": "fhirUser", "name": "profile", "profile": "profile"}  # noqa: RUF012

    # Clients

    def client_authentication_required(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        if getattr(request, "client_assertion", None) or self._extract_basic_auth(request):
            return True
        if request.grant_type == "refresh_token" and not request.client_id and request.refresh_token:
            request.client_id = _holder(request.refresh_token)
        client = self._load_application(request.client_id, request)
        return client is None or not client.public

    def authenticate_client(self, request: Any, *args: Any, **kwargs: Any) -> bool:
        text = getattr(request, "client_assertion", None)
        if not text and not self._extract_basic_auth(request):
            return self._authenticated_by_certificate(request)
        if not text or getattr(request, "client_assertion_type", None) != TYPE or self._extract_basic_auth(request):
            return False
        try:
            request.client = proving.proved(
                text, token_endpoint(issuer(request)), request.client_id, shown(request.headers)
            )
        except BadAssertion:
            return False
        request.client_id = request.client.client_id
        return True

    def _authenticated_by_certificate(self, request: Any) -> bool:
        """RFC 8705 §2: the certificate or the subject that was registered, for a client that has no other key."""
        client = self._load_application(request.client_id, request) if request.client_id else None
        if client is None or not is_bound(client) or client.jwks or client.jwks_uri:
            return False
        if not shown(request.headers).fits(client):
            return False
        request.client = client
        return True

    def authenticate_client_id(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> bool:
        client = self._load_application(client_id, request)
        return client is not None and client.public

    # What may be granted

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: Client, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        return granting.grantable(client, scopes)

    def get_default_scopes(self, client_id: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        """None: a client says what it wants."""
        return []

    def validate_response_type(
        self, client_id: str, response_type: str, client: Client, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        return response_type == "code" and not client.backend

    # Codes

    def _create_authorization_code(self, request: Any, code: dict[str, str], expires: datetime | None = None) -> Grant:
        grant = Grant(
            application=request.client,
            user=request.user,
            code=code["code"],
            expires=expires or timezone.now() + granting.CODE,
            redirect_uri=request.redirect_uri,
            scope=" ".join(request.scopes),
            code_challenge=request.code_challenge,
            code_challenge_method=request.code_challenge_method,
            nonce=request.nonce or "",
            claims="{}",
            connection=request.connection,
        )
        grant.save()
        return grant

    def validate_code(self, client_id: str, code: str, client: Client, request: Any, *args: Any, **kwargs: Any) -> bool:
        """Takes the code out of circulation before anything else is looked at; coming twice ends its connection."""
        grant = Grant.objects.select_related("connection", "user").filter(code=code, application=client).first()
        if grant is None:
            return False
        now = timezone.now()
        if not Grant.objects.filter(pk=grant.pk, used=None).update(used=now):
            connections.end(Connection.objects.filter(pk=grant.connection_id))
            return False
        if grant.is_expired() or grant.connection.ended or not grant.user.is_active:
            return False
        request.scopes = grant.scope.split(" ")
        request.user = grant.user
        request.connection = grant.connection
        if grant.nonce:
            request.nonce = grant.nonce
        return True

    def invalidate_authorization_code(self, client_id: str, code: str, request: Any, *args: Any, **kwargs: Any) -> None:
        """It was when it was validated, and its row has to stay to know it again."""

    # Refreshing

    def validate_refresh_token(
        self, refresh_token: str, client: Client, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        found = (
            RefreshToken.objects.select_related("connection", "user", "access_token")
            .filter(token_checksum=digest(refresh_token), application=client)
            .order_by(F("revoked").desc(nulls_first=True))
            .first()
        )
        if found is None:
            return False
        if found.revoked is not None or found.used is not None:
            connections.end(Connection.objects.filter(pk=found.connection_id))
            return False
        if not connections.alive(found.connection) or found.created + granting.IDLE <= timezone.now():
            return False
        request.user, request.connection = found.user, found.connection
        request.refresh_token, request.refresh_token_instance = refresh_token, found
        return True

    def get_original_scopes(self, refresh_token: str, request: Any, *args: Any, **kwargs: Any) -> list[str]:
        scopes: list[str] = request.connection.scopes.split(" ")
        return scopes

    def is_within_original_scope(
        self, request_scopes: list[str], refresh_token: str, request: Any, *args: Any, **kwargs: Any
    ) -> bool:
        return granting.within(request_scopes, request.connection.scopes)

    # Tokens

    def save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> None:
        try:
            super().save_bearer_token(token, request, *args, **kwargs)
        except UsedTwice as twice:
            connections.end(Connection.objects.filter(pk=twice.connection))
            raise

    def _save_bearer_token(self, token: dict[str, Any], request: Any, *args: Any, **kwargs: Any) -> None:
        connection: Connection | None = getattr(request, "connection", None)
        if request.grant_type == "refresh_token":
            self._use_up(request.refresh_token_instance)
        if connection is None or not granting.refreshes(connection.scopes):
            token.pop("refresh_token", None)
        if connection is not None:
            token |= granting.context(connection)
        token["scope"] = " ".join(request.scopes)
        super()._save_bearer_token(token, request, *args, **kwargs)

    def _use_up(self, refresh: RefreshToken) -> None:
        """Of two uses at the same moment one goes on; the other is a second use, and ends the connection."""
        if not RefreshToken.objects.filter(pk=refresh.pk, used=None, revoked=None).update(used=timezone.now()):
            raise UsedTwice(refresh.connection_id)

    def _create_access_token(
        self, expires: datetime, request: Any, token: dict[str, Any], source_refresh_token: RefreshToken | None = None
    ) -> AccessToken:
        id_token = token.get("id_token")
        made = AccessToken(
            user=request.user,
            scope=token["scope"],
            expires=expires,
            id_token=self._load_id_token(id_token) if id_token else None,
            application=request.client,
            source_refresh_token=source_refresh_token,
            connection=getattr(request, "connection", None),
            certificate=shown(request.headers).certificate if is_bound(request.client) else "",
        )
        self._set_token_value(made, token["access_token"])
        made.save()
        return made

    def _create_refresh_token(
        self, request: Any, refresh_token_code: str, access_token: AccessToken, previous: RefreshToken | None
    ) -> RefreshToken:
        made = RefreshToken(
            user=request.user,
            application=request.client,
            access_token=access_token,
            token_family=connections.family(request.connection),
            connection=request.connection,
        )
        self._set_token_value(made, refresh_token_code)
        made.save()
        return made

    def revoke_token(self, token: str, token_type_hint: str, request: Any, *args: Any, **kwargs: Any) -> None:
        """Either kind of a connection's tokens ends the connection: an app that signs out is out."""
        for model in (AccessToken, RefreshToken):
            for found in model.objects.filter(token_checksum=digest(token), application=request.client):
                if found.connection_id is None:
                    found.revoke()
                else:
                    connections.end(Connection.objects.filter(pk=found.connection_id))

    # OpenID Connect

    def validate_silent_login(self, request: Any) -> bool:
        """Nobody is let in without a page of ours (`prompt=none`)."""
        return False

    def validate_silent_authorization(self, request: Any) -> bool:
        return False

    def get_additional_claims(self, request: Any) -> dict[str, str]:
        return identity.claims(request.user, issuer(request))

    def get_oidc_issuer_endpoint(self, request: Any) -> str:
        return issuer(request)


def _holder(refresh_token: str) -> str:
    """The client that a refresh token was given to: SMART's apps do not name themselves beside it.

    One that has a key has to prove itself all the same.
    """
    found = RefreshToken.objects.select_related("application").filter(token_checksum=digest(refresh_token)).first()
    return str(found.application.client_id) if found is not None else ""


class UsedTwice(errors.InvalidGrantError):
    """A refresh token that another worker is using at this moment."""

    def __init__(self, connection: int) -> None:
        super().__init__()
        self.connection = connection


def issuer(request: Any) -> str:
    """This server's address; the view put it beside the headers that oauthlib carries along."""
    found: str = request.headers["HOSO_ORIGIN"]
    return found
