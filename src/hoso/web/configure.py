"""Django's settings, made from the node's configuration; no environment variable and no settings module is read.

Both secrets are derived from the node's web key, each for its own use.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.core.signals import setting_changed
from django.db import connections

from hoso.core.keychain import Keychain
from hoso.transit.settings import Transit
from hoso.web.accounts.rules import Rules
from hoso.web.national.settings import Provider
from hoso.web.oauth import settings as oauth
from hoso.web.sign_in import settings as sign_in
from hoso.web.sqlite.secret import WebKeys, of_accounts, of_names, of_pages

HERE = Path(__file__).parent
LANGUAGE_COOKIE, TEXT_COOKIE = "hoso_language", "hoso_text"


class WebConfig(Protocol):
    """What these pages need to know of a node."""

    @property
    def folder(self) -> Path: ...
    @property
    def name(self) -> str: ...
    @property
    def database(self) -> str: ...
    @property
    def base_url(self) -> str: ...
    @property
    def jwks_hosts(self) -> tuple[str, ...]: ...
    @property
    def jwks_authorities(self) -> Path | None: ...
    @property
    def sign_in(self) -> Rules: ...
    @property
    def national(self) -> Provider | None: ...
    @property
    def transit(self) -> Transit: ...
    @property
    def keys(self) -> WebKeys: ...


def configure(config: WebConfig) -> None:
    """Settles Django on this node. A second call moves the process to another node (tests, `hoso init`)."""
    database = _database(config)
    secrets = _secrets(config)
    if settings.configured:
        for opened in connections.all(initialized_only=True):
            opened.close()
            del connections[opened.alias]
        connections.settings["default"] = connections.configure_settings({"default": database})["default"]
        for name, value in {**secrets, **_oauth(config), **_sign_in(config)}.items():
            setattr(settings, name, value)
        setting_changed.send(WebConfig, setting="OAUTH2_PROVIDER", value=None, enter=True)
        return
    settings.configure(**_settings(config, database, secrets))
    django.setup()


def configured(config: WebConfig) -> None:
    """Settles Django if nobody did yet: for a door that serves no pages itself."""
    if not settings.configured:
        configure(config)


class Before(Sequence[str]):
    """Secrets of before that still hold at the moment they are asked for."""

    def __init__(self, keys: Keychain) -> None:
        self._keys = keys

    def _living(self) -> list[str]:
        return [key.hex() for key in self._keys][1:]

    def __len__(self) -> int:
        return len(self._living())

    def __getitem__(self, at: Any) -> Any:
        return self._living()[at]


def _secrets(config: WebConfig) -> dict[str, Any]:
    pages = of_pages(config.keys)
    return {"SECRET_KEY": pages.key.hex(), "SECRET_KEY_FALLBACKS": Before(pages), "NAMES": of_names(config.keys)}


def _settings(config: WebConfig, database: dict[str, Any], secrets: dict[str, Any]) -> dict[str, Any]:
    address = urlsplit(config.base_url)
    secure = address.scheme == "https"
    return {
        **secrets,
        "DEBUG": False,
        "ALLOWED_HOSTS": _allowed(config.transit) if address.hostname else ["*"],
        "CSRF_TRUSTED_ORIGINS": [f"{address.scheme}://{address.netloc}"] if address.hostname else [],
        "DATABASES": {"default": database},
        "DEFAULT_AUTO_FIELD": "django.db.models.BigAutoField",
        "INSTALLED_APPS": [
            "django.contrib.contenttypes",
            "django.contrib.auth",
            "django.contrib.sessions",
            "hoso.web.accounts",
            *oauth.APPS,
            *sign_in.APPS,
        ],
        "AUTH_USER_MODEL": "accounts.Account",
        "PASSWORD_HASHERS": ["hoso.web.accounts.hasher.Argon2"],
        "MIDDLEWARE": [
            "hoso.web.middleware.Headers",
            "django.middleware.gzip.GZipMiddleware",
            "hoso.web.assets.Assets",
            "hoso.web.middleware.Language",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "allauth.account.middleware.AccountMiddleware",
            "hoso.web.middleware.Idle",
            "hoso.web.upkeep.switches.Switched",
            "hoso.web.sign_in.assurance.FirstPassword",
            "hoso.web.sign_in.assurance.SecondFactor",
            "hoso.web.acting.Acting",
            "hoso.web.citizens.gate.OwnPages",
            "hoso.web.middleware.Refusals",
            "hoso.web.sign_in.fresh.Again",
            "hoso.web.middleware.Told",
        ],
        "ROOT_URLCONF": "hoso.web.urls",
        "TEMPLATES": [
            {
                "BACKEND": "django.template.backends.jinja2.Jinja2",
                "DIRS": [HERE / "templates"],
                "OPTIONS": {
                    "environment": "hoso.web.jinja.environment",
                    "context_processors": ["hoso.web.pages.shared"],
                },
            }
        ],
        "CSRF_FAILURE_VIEW": "hoso.web.errors.csrf_failure",
        "LOGIN_URL": "/",
        "SESSION_COOKIE_NAME": "__Host-hoso_session" if secure else "hoso_session",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_EXPIRE_AT_BROWSER_CLOSE": True,
        "CSRF_COOKIE_NAME": "__Host-hoso_csrf" if secure else "hoso_csrf",
        "CSRF_COOKIE_SECURE": secure,
        "CSRF_COOKIE_HTTPONLY": True,
        "LANGUAGE_CODE": "vi",
        "LANGUAGES": [("vi", "Tiếng Việt"), ("en", "English")],
        "LOCALE_PATHS": [HERE / "locale"],
        "USE_I18N": True,
        "USE_TZ": True,
        "TIME_ZONE": "Asia/Ho_Chi_Minh",
        "DATA_UPLOAD_MAX_MEMORY_SIZE": 65_536,
        "DATA_UPLOAD_MAX_NUMBER_FIELDS": 400,  # of a sheet with many columns; a body without a file stays small
        "FILE_UPLOAD_HANDLERS": ["django.core.files.uploadhandler.MemoryFileUploadHandler"],
        "FILE_UPLOAD_MAX_MEMORY_SIZE": 16_000_000,  # more than a form has: no record lies on the disk in the open
        "APPEND_SLASH": False,
        "LOGGING_CONFIG": None,
        "SILENCED_SYSTEM_CHECKS": _OURS,
        **_oauth(config),
        **_sign_in(config),
    }


_OURS = ["security.W001", "security.W002"]
"""`check --deploy` asks for Django's middleware for headers; `middleware.Headers` sets more, on every answer."""


def _allowed(transit: Transit) -> list[str]:
    return [*filter(None, (transit.name, transit.fhir_name)), "127.0.0.1", "localhost", "[::1]"]


def _oauth(config: WebConfig) -> dict[str, Any]:
    return {
        **oauth.settings(config.folder / "keys", config.base_url, config.keys.former.get("openid", ())),
        "OAUTH_JWKS_HOSTS": config.jwks_hosts,
        "OAUTH_JWKS_AUTHORITIES": config.jwks_authorities,
        "FHIR_URL": config.transit.fhir_url,
        "SYSTEMS_PORT": config.transit.systems.port if config.transit.systems else 0,
    }


def _sign_in(config: WebConfig) -> dict[str, Any]:
    seconds = int(config.sign_in.longest.total_seconds())
    return {
        **sign_in.settings(config.sign_in, config.base_url),
        "SESSION_COOKIE_AGE": seconds,
        "NATIONAL": config.national,
    }


def _database(config: WebConfig) -> dict[str, Any]:
    if config.database.startswith("sqlite:"):
        return {
            "ENGINE": "hoso.web.sqlite",
            "NAME": str(config.folder.resolve() / "accounts.db"),
            "OPTIONS": {"key": of_accounts(config.keys)},
            "CONN_MAX_AGE": None,
        }
    from psycopg.conninfo import conninfo_to_dict

    parts = conninfo_to_dict(config.database)
    named = {ours: str(parts.pop(theirs, "")) for ours, theirs in _NAMED.items()}
    return {
        "ENGINE": "django.db.backends.postgresql",
        **named,
        "OPTIONS": {**parts, "options": f"{parts.get('options', '')} -c search_path=accounts".strip()},
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
    }


_NAMED = {"NAME": "dbname", "USER": "user", "PASSWORD": "password", "HOST": "host", "PORT": "port"}
