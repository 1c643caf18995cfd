"""allauth's hooks: our throttle before a password is looked at, our texts, secrets sealed, ended sessions told."""

from __future__ import annotations

from base64 import b64decode, b64encode
from contextlib import suppress
from hashlib import blake2b
from secrets import token_bytes
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.usersessions.adapter import DefaultUserSessionsAdapter
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from hoso.web.accounts import throttle
from hoso.web.accounts.backend import Backend
from hoso.web.accounts.hasher import Busy
from hoso.web.accounts.passwords import LONGEST
from hoso.web.citizens import enrolment
from hoso.web.citizens.numbers import number
from hoso.web.language import own
from hoso.web.oauth.telling import tell
from hoso.web.pages import page
from hoso.web.sign_in import assurance

_TEXTS = {
    "too_many_login_attempts": _("Too many failed attempts. Wait a few minutes, then try again."),
    "rate_limited": _("Too many failed attempts. Wait a few minutes, then try again."),
    "incorrect_code": _("This is not right, or was used before. Wait for the next code, or try again."),
    "incorrect_password": _("The password is not right."),
    "enter_current_password": _("The password is not right."),
    "busy": _("Many people are signing in at this moment. Wait a few seconds, then try again."),
    "differ": _("The two new passwords are not the same."),
    "same": _("That is the password of before. Choose another."),
    "cannot_delete_authenticator": _("Add another second factor first; this is the only one."),
}


class Accounts(DefaultAccountAdapter):
    error_messages: ClassVar[dict[str, Any]] = {**DefaultAccountAdapter.error_messages, **_TEXTS}

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Counted before it is looked at; a wrong name takes as long as a wrong password."""
        typed = str(credentials.get("username", ""))[:64]
        username = credentials["username"] = enrolment.username(typed, number(typed))
        names = throttle.keys(username, str(request.META.get("REMOTE_ADDR", "")))
        if not throttle.begin(names, timezone.now()):
            tell(request, "sign-in", self._named(username), outcome="denied", reason="throttled", channel="screen")
            raise self.validation_error("too_many_login_attempts")
        try:
            user = super().authenticate(request, **{**credentials, "password": credentials["password"][:LONGEST]})
        except Busy as busy:
            throttle.not_looked_at(names)
            raise self.validation_error("busy") from busy
        if user is not None:
            throttle.succeeded(names)
        return user

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Theirs would count once more."""

    def _rollback_login_failed_rl_usage(self) -> None:
        """As above."""

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        what = self._named(str(credentials.get("username", "")))
        tell(request, "sign-in", what, outcome="denied", reason="password", channel="screen")

    def _named(self, username: str) -> str:
        """The account, if there is one: what else was typed may be somebody's password."""
        from hoso.web.accounts.models import Account

        known = Account.objects.filter(username=username).exists()
        return f"user/{username}" if known else f"no account {throttle.hashed('told', username)[:16]}"

    def pre_login(self, request: HttpRequest, user: Any, **more: Any) -> HttpResponse | None:
        """A passkey comes here without a look at the account."""
        return None if Backend().user_can_authenticate(user) else self.respond_user_inactive(request, user)

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        tell(request, "sign-in", f"user/{user.username}", outcome="denied", reason="closed", channel="screen")
        return page(request, "sign_in.html", 403, username="", problem="wrong", next="", idle=False, kept=False)

    def is_safe_url(self, url: str) -> bool:
        return own(url) == url

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        return "/"

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        return "/"

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return "/account?done=password"

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def is_reauthentication_required(self, *, app: str, **more: Any) -> bool:
        return not assurance.recent(context.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The strongest that the person has: a password alone does not stand in for a second factor."""
        found: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        if user.is_authenticated and not found:  # who has neither came by the national provider, and goes there again
            return [{"id": "national", "description": "", "url": "/sign-in/national"}]
        if user.is_authenticated and assurance.enrolled(user):
            return [method for method in found if method["id"] != "reauthenticate"]
        return found

    def get_client_ip(self, request: HttpRequest) -> str:
        """The address of the connection; what a client says of itself in a header is not believed."""
        return str(request.META.get("REMOTE_ADDR") or "0.0.0.0")  # noqa: S104


class Factors(DefaultMFAAdapter):
    error_messages: ClassVar[dict[str, Any]] = {**DefaultMFAAdapter.error_messages, **_TEXTS}

    def encrypt(self, text: str) -> str:
        nonce = token_bytes(12)
        return (
            "1:"
            + b64encode(nonce + AESGCM(_sealing(settings.SECRET_KEY)).encrypt(nonce, text.encode(), b"totp")).decode()
        )

    def decrypt(self, encrypted_text: str) -> str:
        """Hashes of recovery codes come by here too, and stay what they are."""
        if not encrypted_text.startswith("1:"):
            return encrypted_text
        raw = b64decode(encrypted_text[2:])
        for secret in settings.SECRET_KEY_FALLBACKS:
            with suppress(InvalidTag):
                return AESGCM(_sealing(secret)).decrypt(raw[:12], raw[12:], b"totp").decode()
        return AESGCM(_sealing(settings.SECRET_KEY)).decrypt(raw[:12], raw[12:], b"totp").decode()

    def can_delete_authenticator(self, authenticator: Any) -> bool:
        return may_go(authenticator)

    def build_totp_svg(self, url: str) -> str:
        """Without the XML declaration, to stand in a page."""
        return str(super().build_totp_svg(url)).partition("?>")[2].strip()

    def generate_authenticator_name(self, user: Any, type: Any) -> str:
        return f"{timezone.localtime():%d/%m/%Y}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Bound to the node's own name, not to the Host that a request claims."""
        return {"id": settings.SIGN_IN_HOST or "localhost", "name": "HoSo"}


class Sessions(DefaultUserSessionsAdapter):
    def end_sessions(self, sessions: Any) -> None:
        super().end_sessions(sessions)
        tell(context.request, "sessions-ended", f"{len(list(sessions))} sessions", channel="screen")


def may_go(authenticator: Any) -> bool:
    """Not the only one that staff have."""
    from allauth.mfa.models import Authenticator

    user = authenticator.user
    if not (user.staff and settings.SIGN_IN.second_factor):
        return True
    return bool(
        Authenticator.objects.filter(user=user, type__in=assurance.FACTORS).exclude(pk=authenticator.pk).exists()
    )


def refused(code: str) -> ValidationError:
    return ValidationError(_TEXTS[code], code=code)


def _sealing(secret: str) -> bytes:
    return blake2b(b"totp", key=secret.encode()[:64], digest_size=32).digest()
