"""A national identity provider for the tests: django-oauth-toolkit in a process of its own, behind TLS.

`python national_provider.py PORT FOLDER REDIRECT`. FOLDER holds certificate.pem and key.pem, and control.json, by
which a test says what the provider claims of whoever signs in, or what it claims wrongly.
"""

from __future__ import annotations

import json
import ssl
import sys
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

CLIENT, SECRET = "hoso-node", "bi-mat-cua-may-chu-thu"  # of an invented client


def control() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "control.json").read_text("utf-8"))
    return found


def main(port: int, redirect: str) -> None:
    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="only-for-tests", ALLOWED_HOSTS=["*"], ROOT_URLCONF=__name__, LOGIN_URL="/login",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(FOLDER / "provider.db")}},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions",
                        "oauth2_provider"],
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
                    "django.contrib.auth.middleware.AuthenticationMiddleware", f"{__name__}.Rotating"],
        SESSION_COOKIE_NAME="provider_session", DEFAULT_AUTO_FIELD="django.db.models.BigAutoField", USE_TZ=True,
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],  # asked at each code
        MIGRATION_MODULES={app: None for app in ("auth", "contenttypes", "sessions", "oauth2_provider")},
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True, "OIDC_ISS_ENDPOINT": f"https://localhost:{port}/o", "PKCE_REQUIRED": True,
            "OIDC_RSA_PRIVATE_KEY": key(1), "SCOPES": {"openid": "openid"},
            "OAUTH2_VALIDATOR_CLASS": f"{__name__}.validator",
        },
    )  # fmt: skip
    django.setup()
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from oauth2_provider.models import Application

    call_command("migrate", verbosity=0, run_syncdb=True)
    User.objects.create_user("somebody", password="x")
    Application.objects.create(
        client_id=CLIENT, client_secret=SECRET, client_type="confidential", redirect_uris=redirect,
        authorization_grant_type="authorization-code", algorithm="RS256", skip_authorization=True, name="HoSo",
    )  # fmt: skip
    from django.core.handlers.wsgi import WSGIHandler

    server = make_server("127.0.0.1", port, WSGIHandler(), Threaded, Quiet)
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trust.load_cert_chain(FOLDER / "certificate.pem", FOLDER / "key.pem")
    server.socket = trust.wrap_socket(server.socket, server_side=True)
    print("ready", flush=True)
    server.serve_forever()


class Threaded(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


def key(number: int) -> str:
    """Made once; a second one for the day the provider changes its key."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    file = FOLDER / f"signing-{number}.pem"
    if not file.exists():
        made = rsa.generate_private_key(public_exponent=65_537, key_size=2048).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file.write_bytes(made)
    return file.read_text("ascii")


class Rotating:
    def __init__(self, respond: Any) -> None:
        self.respond = respond

    def __call__(self, request: Any) -> Any:
        from oauth2_provider.settings import oauth2_settings

        oauth2_settings.OIDC_RSA_PRIVATE_KEY = key(control().get("key", 1))
        return self.respond(request)


def __getattr__(name: str) -> Any:
    """What needs Django settled before it can be made."""
    if name == "urlpatterns":
        from django.urls import include, path

        return [path("login", login), path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]
    if name == "validator":
        from oauth2_provider.oauth2_validators import OAuth2Validator

        class Validator(OAuth2Validator):  # type: ignore[misc]
            def get_id_token_dictionary(self, token: Any, token_handler: Any, request: Any) -> Any:
                claims, expires = super().get_id_token_dictionary(token, token_handler, request)
                told = {**claims, **control().get("claims", {})}
                return {name: value for name, value in told.items() if value is not None}, expires

            def get_userinfo_claims(self, request: Any) -> Any:
                return {**super().get_userinfo_claims(request), **control().get("userinfo", {})}

        return Validator
    raise AttributeError(name)


def login(request: Any) -> Any:
    from django.contrib.auth import login as begin
    from django.contrib.auth.models import User
    from django.http import HttpResponse, HttpResponseRedirect

    if request.method == "POST":
        begin(request, User.objects.get(username="somebody"))
        return HttpResponseRedirect(request.GET["next"])
    return HttpResponse("<form method=post><button>Xác nhận</button></form>")


if __name__ == "__main__":
    FOLDER = Path(sys.argv[2])
    sys.modules["national_provider"] = sys.modules["__main__"]
    __name__ = "national_provider"
    main(int(sys.argv[1]), sys.argv[3])
