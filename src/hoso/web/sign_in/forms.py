"""allauth's forms behind our throttle: each wrong code counts for all workers, each right one is good once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm
from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.utils import timezone

from hoso.web.accounts import recovery, throttle
from hoso.web.sign_in.adapters import refused

LONGEST_CODE = 40
CODE_LIFE = timedelta(seconds=120)
"""Longer than a TOTP code is accepted: its own 30 seconds, and one step before and after."""


class Password(LoginForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"] = forms.CharField(max_length=64, strip=True)


class NewPassword(ChangePasswordForm):
    def clean(self) -> dict[str, Any]:
        """As theirs, in our words."""
        cleaned: dict[str, Any] = forms.Form.clean(self) or {}
        first, second = cleaned.get("password1"), cleaned.get("password2")
        if first and first == cleaned.get("oldpassword"):
            self.add_error("password1", refused("same"))
        if first and second and first != second:
            self.add_error("password2", refused("differ"))
        return cleaned


class _Counted:
    """A code as it is typed: from an authenticator, or a recovery code."""

    user: Any
    cleaned_data: dict[str, Any]
    authenticator: Any

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])[:LONGEST_CODE]
        names = _attempt(self.user)
        self.authenticator = found = _matching(self.user, code)
        if found is None:
            for row in Authenticator.objects.filter(user=self.user).exclude(type=Authenticator.Type.WEBAUTHN)[:1]:
                self._emit_authentication_failed(row)  # type: ignore[attr-defined]
            raise refused("incorrect_code")
        found.user = self.user
        throttle.succeeded(names)
        return code


class Code(_Counted, AuthenticateForm):
    pass


class CodeAgain(_Counted, ReauthenticateForm):
    pass


class FirstCode(ActivateTOTPForm):
    """The one that proves that the app holds the secret shown."""

    def clean_code(self) -> str:
        names = _attempt(self.user)
        code = str(super().clean_code())
        throttle.spend(f"totp:{self.user.pk}", normalize_user_code(code), timezone.now(), CODE_LIFE)
        throttle.succeeded(names)
        return code


class _Sound:
    """What a browser sends as a credential is JSON from outside: whatever is wrong with it, it is refused."""

    def clean_credential(self) -> Any:
        try:
            return super().clean_credential()  # type: ignore[misc]
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise refused("incorrect_code") from error


class Passkey(_Sound, AuthenticateWebAuthnForm):
    pass


class PasskeyAgain(_Sound, ReauthenticateWebAuthnForm):
    pass


class PasskeyAlone(_Sound, LoginWebAuthnForm):
    pass


class NewPasskey(AddWebAuthnForm):
    name = forms.CharField(required=False, max_length=60)

    def clean(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = super().clean()
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise refused("incorrect_code") from error
        return found


def _attempt(user: Any) -> throttle.Keys:
    names = throttle.code_keys(user.pk, str(context.request.META.get("REMOTE_ADDR", "")))
    if not throttle.begin(names, timezone.now()):
        raise refused("too_many_login_attempts")
    return names


def _matching(user: Any, code: str) -> Any:
    """The factor that this code belongs to, if it was not used before."""
    for row in Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.WEBAUTHN):
        if row.type == Authenticator.Type.RECOVERY_CODES:
            if any(row.wrap().validate_code(one) for one in recovery.of(user.pk, code)):
                return row
        elif row.wrap().validate_code(code):
            first = throttle.spend(f"totp:{user.pk}", normalize_user_code(code), timezone.now(), CODE_LIFE)
            return row if first else None
    return None
