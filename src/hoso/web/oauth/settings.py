"""django-oauth-toolkit's settings: every gate of RFC 9700 on, short lives, nothing but code, refresh and credentials.

Its defaults are the opposite (10 hours, no expiry, gates off), so each is set here; `check --deploy` is a test.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from hoso.core.keychain import Former

USER_SECONDS = 600
BACKEND_SECONDS = 300
CODE_SECONDS = 60
IDLE_SECONDS = 30 * 86_400
OFFLINE_SECONDS = 90 * 86_400
"""How long an app may refresh without asking the person again."""
ONLINE_SECONDS = 12 * 3600
SIGNING_KEY = "openid"

_GATES = (
    "IMPLICIT_GRANT",
    "PASSWORD_GRANT",
    "PKCE_METHOD",
    "ACCESS_TOKEN_TRANSPORT",
    "AUTHZ_RESPONSE_ISS",
    "TOKEN_STORAGE",
    "REFRESH_TOKEN",
    "REDIRECT_URI_SCHEME",
    "REDIRECT_URI_MATCHING",
    "PKCE_REQUIRED",
)
_MODELS = {
    "APPLICATION": "Client",
    "GRANT": "Grant",
    "ACCESS_TOKEN": "AccessToken",
    "REFRESH_TOKEN": "RefreshToken",
    "ID_TOKEN": "IDToken",
}

APPS = ["hoso.web.oauth", "oauth2_provider"]


def settings(keys: Path, base_url: str, former: Sequence[Former] = ()) -> dict[str, Any]:
    """`base_url` names this server in what it signs; without one it can only be used on the machine itself."""
    return {
        **{f"OAUTH2_PROVIDER_{part}_MODEL": f"oauth.{name}" for part, name in _MODELS.items()},
        "OAUTH2_PROVIDER": provider(keys, base_url),
        "OPENID_BEFORE": former,
    }


def provider(keys: Path, base_url: str) -> dict[str, Any]:
    return {
        **{f"COMPLIANT_BCP_RFC9700_{gate}": True for gate in _GATES},
        "PKCE_REQUIRED": True,
        "ROTATE_REFRESH_TOKEN": True,
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
        "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 0,
        "REFRESH_TOKEN_EXPIRE_SECONDS": IDLE_SECONDS,
        "ACCESS_TOKEN_EXPIRE_SECONDS": USER_SECONDS,
        "AUTHORIZATION_CODE_EXPIRE_SECONDS": CODE_SECONDS,
        "ID_TOKEN_EXPIRE_SECONDS": USER_SECONDS,
        "EXTRA_SERVER_KWARGS": {
            "token_expires_in": lifetime,
            "token_generator": opaque,
            "refresh_token_generator": opaque,
        },
        "ALLOWED_REDIRECT_URI_SCHEMES": ["https"],
        "ALLOWED_SCHEMES": ["https"],
        "ALLOW_URI_WILDCARDS": False,
        "ALLOW_LOCALHOST_LOOPBACK": False,
        "OAUTH2_VALIDATOR_CLASS": "hoso.web.oauth.validator.Validator",
        "OAUTH2_GRANT_TYPES_SUPPORTED": ["authorization_code", "client_credentials", "refresh_token"],
        "OAUTH2_RESPONSE_TYPES_SUPPORTED": ["code"],
        "OIDC_ENABLED": True,
        "OIDC_ISS_ENDPOINT": base_url,
        "OIDC_RSA_PRIVATE_KEY": signing_key(keys / SIGNING_KEY),
        "OIDC_RESPONSE_TYPES_SUPPORTED": ["code"],
        "DCR_ENABLED": False,
        "CIMD_ENABLED": False,
        "SCOPES": {"openid": "openid"},
        "DEFAULT_SCOPES": [],
    }


def lifetime(request: Any) -> int:
    return BACKEND_SECONDS if request.grant_type == "client_credentials" else USER_SECONDS


def opaque(request: Any, refresh_token: bool = False) -> str:
    """256 random bits. The prefix tells them from an operator's token, and a scanner for leaked secrets from text."""
    return ("hosor_" if refresh_token else PREFIX) + secrets.token_urlsafe(32)


PREFIX = "hosoa_"


@lru_cache(4)
def signing_key(file: Path) -> str:
    """The key of id_tokens, in PEM; made when it is not there."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    if not file.is_file():
        made = rsa.generate_private_key(public_exponent=65_537, key_size=2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        fresh = file.with_name(f"{file.name}.{os.getpid()}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as out:
            out.write(made)
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileExistsError):  # another process was quicker: its key stands
            os.link(fresh, file)
        fresh.unlink()
    return file.read_text("ascii")
