"""Staff at the sign-in pages, with a browser's cookies and an authenticator app, for the cases about sign-in."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from html import unescape
from importlib import import_module

from tests.security.apps import Answer, Person, Site

from hoso import compose
from hoso.web.accounts import registry

PASSWORD = "Gieng-nuoc-trong-2026"  # of invented accounts


@dataclass
class Staff:
    """An account, and what its owner knows and holds."""

    site: Site
    username: str
    codes: list[str] = field(default_factory=list)
    """Recovery codes: a test may sign in more often than an authenticator changes its code."""

    def browser(self) -> Person:
        return Person(self.site)

    def password(self, browser: Person, password: str = PASSWORD, next: str = "") -> Answer:
        return browser.post("/sign-in", browser.get("/"), login=self.username, password=password, next=next)

    def signed_in(self) -> Person:
        browser = self.browser()
        answer = self.password(browser)
        assert answer.headers.get("location") == "/sign-in/code", (answer.status, answer.headers)
        answer = browser.post("/sign-in/code", browser.get("/sign-in/code"), code=self.codes.pop())
        assert answer.headers.get("location") == "/", (answer.status, answer.body.decode()[:2000])
        return browser


def hire(site: Site, username: str, role: str = "doctor", *, enrolled: bool = True) -> Staff:
    """A new account, with an authenticator and a handful of recovery codes."""
    config = compose.load(site.folder)
    compose.hire(config, username, role, "35001", PASSWORD)
    made = Staff(site, username)
    if enrolled:
        registry.enrol(config, username, registry.new_secret(config))
        made.codes = recovery_codes(site, username)
    return made


def recovery_codes(site: Site, username: str) -> list[str]:
    from hoso.web.configure import configure

    configure(compose.load(site.folder))
    from hoso.web.accounts import recovery
    from hoso.web.accounts.models import Account

    return recovery.renew(Account.objects.get(username=username))


def words(answer: Answer) -> str:
    """What the page says, without what differs from one request to the next."""
    main = answer.body.decode().partition("<main")[2]
    return unescape(re.sub(r'value="[^"]*"', "", main))


def session_of(username: str) -> str:
    """The key of a session as Django's own sign-in makes it, with two factors shown. Django is configured before."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from hoso.web.accounts.models import Account

    account = Account.objects.get(username=username)
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(account.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = account.get_session_auth_hash()
    session["account_authentication_methods"] = [{"method": "mfa", "type": "totp", "at": time.time()}]
    session["account_authentication_methods_user"] = str(account.pk)
    session.save()
    return str(session.session_key)
