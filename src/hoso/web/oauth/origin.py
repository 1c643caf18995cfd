"""Under which address this server speaks for itself: what it signs, and what clients sign for it, names that address.

Taken from config.toml. Without one only the machine itself may use OAuth: a name that a caller sends as `Host` could
be another server's, and an assertion meant for that one would be taken here.
"""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from hoso.core.errors import Refused

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
"""As a `Host` header has them."""
LOOPBACK_NAMES = ("127.0.0.1", "localhost", "::1")
"""As an address that was taken apart has them."""


def origin(request: HttpRequest) -> str:
    """Such as "https://hoso.example.vn"; no slash at its end. Raises Refused when there is no sure address."""
    named: str = settings.OAUTH2_PROVIDER["OIDC_ISS_ENDPOINT"]
    return named or _loopback(request.get_host(), request.scheme or "http")


def _loopback(host: str, scheme: str) -> str:
    if host.rpartition(":")[0] not in LOOPBACK and host not in LOOPBACK:
        raise Refused.because(400, "not-supported", "oauth.no-address")
    return f"{scheme}://{host}"


def fhir(request: HttpRequest) -> str:
    return f"{settings.FHIR_URL or origin(request)}/fhir"


def token_endpoint(base: str) -> str:
    return f"{base}/oauth/token"
