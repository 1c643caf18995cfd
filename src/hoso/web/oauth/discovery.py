"""What an app reads first: where to send its user, what this server can do, and the keys of its id_tokens."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from oauth2_provider.settings import oauth2_settings
from oauth2_provider.utils import jwk_from_pem

from hoso.core.clock import system_clock
from hoso.core.errors import Refused
from hoso.web.oauth.granting import WORDS
from hoso.web.oauth.origin import origin, token_endpoint

CAPABILITIES = (
    "launch-ehr",
    "launch-standalone",
    "client-public",
    "client-confidential-asymmetric",
    "sso-openid-connect",
    "context-banner",
    "context-ehr-patient",
    "context-standalone-patient",
    "permission-offline",
    "permission-online",
    "permission-patient",
    "permission-user",
    "permission-v2",
)
_AUTHENTICATION = ("private_key_jwt", "none")
_BY_CERTIFICATE = ("tls_client_auth", "self_signed_tls_client_auth")
_ALGORITHMS = ("RS384", "ES384")
_GRANTS = ("authorization_code", "refresh_token", "client_credentials")


def smart_configuration(request: HttpRequest) -> HttpResponse:
    return _said(lambda base: {**_server(base), "capabilities": CAPABILITIES}, request)


def openid_configuration(request: HttpRequest) -> HttpResponse:
    return _said(
        lambda base: {
            **_server(base),
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "claims_supported": [
                "iss",
                "sub",
                "aud",
                "exp",
                "iat",
                "auth_time",
                "nonce",
                "fhirUser",
                "profile",
                "name",
            ],
        },
        request,
    )


def authorization_server(request: HttpRequest) -> HttpResponse:
    """RFC 8414."""
    return _said(_server, request)


def jwks(request: HttpRequest) -> HttpResponse:
    """Also the keys of before, for as long as something that they signed may be looked at."""
    before = [one.key.decode() for one in settings.OPENID_BEFORE if system_clock() < one.until]
    found = [jwk_from_pem(pem) for pem in (oauth2_settings.OIDC_RSA_PRIVATE_KEY, *before)]
    public = [
        {**json.loads(key.export_public()), "kid": key.thumbprint(), "alg": "RS256", "use": "sig"} for key in found
    ]
    response = JsonResponse({"keys": public})
    response.headers["Cache-Control"] = "public, max-age=3600"
    return response


def _server(base: str) -> dict[str, Any]:
    return {
        "issuer": base,
        "jwks_uri": f"{base}/oauth/jwks",
        "authorization_endpoint": f"{base}/oauth/authorize",
        "token_endpoint": token_endpoint(base),
        "introspection_endpoint": f"{base}/oauth/introspect",
        "revocation_endpoint": f"{base}/oauth/revoke",
        "management_endpoint": f"{base}/connected-apps",
        "scopes_supported": _scopes(),
        "grant_types_supported": _GRANTS,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": _AUTHENTICATION,
        "token_endpoint_auth_signing_alg_values_supported": _ALGORITHMS,
        "introspection_endpoint_auth_methods_supported": ["private_key_jwt"],
        "revocation_endpoint_auth_methods_supported": _AUTHENTICATION,
        "authorization_response_iss_parameter_supported": True,
        **_by_certificate(base),
    }


def _by_certificate(base: str) -> dict[str, Any]:
    """RFC 8705 §3.3 and §5: where clients show a certificate, when this node has a door for them."""
    port = settings.SYSTEMS_PORT
    if not port:
        return {}
    there = f"https://{urlsplit(base).hostname}:{port}"
    return {
        "token_endpoint_auth_methods_supported": (*_AUTHENTICATION, *_BY_CERTIFICATE),
        "tls_client_certificate_bound_access_tokens": True,
        "mtls_endpoint_aliases": {
            "token_endpoint": token_endpoint(there),
            "introspection_endpoint": f"{there}/oauth/introspect",
            "revocation_endpoint": f"{there}/oauth/revoke",
        },
    }


def _scopes() -> list[str]:
    return [*sorted(WORDS), "patient/*.rs", "user/*.rs", "system/*.cruds"]


def _said(make: Any, request: HttpRequest) -> HttpResponse:
    """JSON whatever was asked for (SMART §conformance); only read."""
    if request.method not in ("GET", "HEAD"):
        return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    try:
        return JsonResponse(make(origin(request)))
    except Refused:
        return JsonResponse({"error": "not_configured", "error_description": "base_url is not set"}, status=404)
