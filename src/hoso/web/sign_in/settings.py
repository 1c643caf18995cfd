"""allauth's settings, from the rules of this node. Its rate limits are off: they count per worker, ours for all."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from hoso.web.accounts.rules import Rules

APPS = ["allauth", "allauth.account", "allauth.mfa", "allauth.usersessions"]
FRESH_SECONDS = 300
"""How long a proof of who sits there counts for a dangerous act."""
PENDING_SECONDS = 600
"""Between the password and the code."""


def settings(rules: Rules, base_url: str) -> dict[str, Any]:
    return {
        "SIGN_IN": rules,
        "AUTHENTICATION_BACKENDS": ["hoso.web.accounts.backend.Backend"],
        "AUTH_PASSWORD_VALIDATORS": [
            {"NAME": "hoso.web.accounts.passwords.Length", "OPTIONS": {"shortest": rules.shortest_password}},
            {"NAME": "hoso.web.accounts.passwords.Guessable"},
        ],
        "ACCOUNT_ADAPTER": "hoso.web.sign_in.adapters.Accounts",
        "ACCOUNT_LOGIN_METHODS": {"username"},
        "ACCOUNT_SIGNUP_FIELDS": ["username*", "password1*"],
        "ACCOUNT_USER_MODEL_EMAIL_FIELD": None,
        "ACCOUNT_EMAIL_VERIFICATION": "none",
        "ACCOUNT_RATE_LIMITS": False,
        "ACCOUNT_SESSION_REMEMBER": False,
        "ACCOUNT_PRESERVE_USERNAME_CASING": True,
        "ACCOUNT_LOGIN_TIMEOUT": PENDING_SECONDS,
        "ACCOUNT_REAUTHENTICATION_TIMEOUT": FRESH_SECONDS,
        "ACCOUNT_FORMS": {
            "login": "hoso.web.sign_in.forms.Password",
            "change_password": "hoso.web.sign_in.forms.NewPassword",
        },
        "MFA_ADAPTER": "hoso.web.sign_in.adapters.Factors",
        "MFA_SUPPORTED_TYPES": ["totp", "webauthn"],
        "MFA_FORMS": {
            "authenticate": "hoso.web.sign_in.forms.Code",
            "reauthenticate": "hoso.web.sign_in.forms.CodeAgain",
            "activate_totp": "hoso.web.sign_in.forms.FirstCode",
            "add_webauthn": "hoso.web.sign_in.forms.NewPasskey",
            "login_webauthn": "hoso.web.sign_in.forms.PasskeyAlone",
            "authenticate_webauthn": "hoso.web.sign_in.forms.Passkey",
            "reauthenticate_webauthn": "hoso.web.sign_in.forms.PasskeyAgain",
        },
        "MFA_RATE_LIMITS": False,
        "MFA_TOTP_TOLERANCE": 1,
        "MFA_TOTP_ISSUER": "HoSo",
        "MFA_PASSKEY_LOGIN_ENABLED": True,
        "MFA_WEBAUTHN_USER_VERIFICATION": "required",
        "USERSESSIONS_ADAPTER": "hoso.web.sign_in.adapters.Sessions",
        "SIGN_IN_HOST": urlsplit(base_url).hostname or "",
        "SIGN_IN_SECURE": base_url.startswith("https://"),
    }
