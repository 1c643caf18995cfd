"""Making, listing and closing local accounts, for the operator's command; and the tables they stand in.

Every function takes the node's configuration first: it may run in a process that serves nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from hoso.core import system_clock
from hoso.web.configure import WebConfig, configure, configured
from hoso.web.sqlite.dbapi import make
from hoso.web.sqlite.secret import of_accounts

if TYPE_CHECKING:
    from hoso.web.accounts.models import Account
    from hoso.web.citizens.find import Citizen

_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class AccountProblem(Exception):
    """`key` is a text of the command's catalogue: what is wrong with the account asked for."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values


@dataclass(frozen=True, slots=True)
class Listed:
    username: str
    practitioner: str
    active: bool
    last_sign_in: datetime | None
    second_factor: bool = False
    unused: bool = False
    """Closed because nobody signed in for too long."""
    citizen: bool = False


def begin(config: WebConfig) -> None:
    """An empty file for the accounts of a node that has none; elsewhere there is nothing to make."""
    if config.database.startswith("sqlite:"):
        make(config.folder / "accounts.db", of_accounts(config.keys))


def prepare(config: WebConfig) -> None:
    """Makes or brings up to date the accounts tables; part of `hoso init` and of every start, safe to repeat."""
    configure(config)
    from django.db import connection

    from hoso.web.accounts import tables

    try:
        tables.bring_up_to_date()
    finally:
        connection.close()  # and with it the lock


@dataclass(frozen=True, slots=True)
class Opened:
    """An account to be made."""

    username: str
    password: str


def check(config: WebConfig, username: str, password: str | None) -> Opened:
    """What may become an account, with a new random password when none was given. Raises AccountProblem."""
    configure(config)
    from django.db import connection

    try:
        return checked(username, password)
    finally:
        connection.close()


def checked(username: str, password: str | None) -> Opened:
    """The same where Django is settled."""
    name = username.strip()
    if not name or len(name) > 64 or not name.isprintable() or " " in name:
        raise AccountProblem("user.bad_name", username=username)
    from hoso.web.accounts.models import Account

    secret = new_password() if password is None else password
    _check(secret, Account(username=name))
    if Account.objects.filter(username=name).exists():
        raise AccountProblem("user.taken", username=name)
    return Opened(name, secret)


def add(config: WebConfig, opened: Opened, practitioner: str, name: str = "", *, must_change: bool = False) -> None:
    """The account of a Practitioner. Raises AccountProblem when another of the name was quicker."""
    configure(config)
    from django.db import connection

    try:
        added(opened, practitioner, name, must_change=must_change)
    finally:
        connection.close()


def added(opened: Opened, practitioner: str, name: str, *, must_change: bool) -> None:
    """The same where Django is settled. `must_change`: the first sign-in has to give another password."""
    from django.db import IntegrityError

    from hoso.web.accounts.models import Account

    account = Account(
        username=opened.username, name=name[:128], practitioner=practitioner, created=system_clock(),
        first_password=must_change,
    )  # fmt: skip
    account.set_password(opened.password)
    try:
        account.save(force_insert=True)
    except IntegrityError as error:
        raise AccountProblem("user.taken", username=opened.username) from error


def enrol_citizen(config: WebConfig, citizen: Citizen) -> tuple[str, datetime]:
    """A one-time code for a citizen who is present, and until when it is good."""
    configure(config)
    from django.db import connection

    from hoso.web.accounts.models import Account
    from hoso.web.citizens import enrolment

    try:
        closed = Account.objects.filter(person=citizen.person, is_active=False).first()
        if closed is not None:
            raise AccountProblem("citizen.closed", username=closed.username)
        now = system_clock()
        return enrolment.issue(citizen, now), now + enrolment.LIFE
    finally:
        connection.close()


def new_password() -> str:
    """Four groups of five letters that cannot be mistaken for one another: 99 bits, fit to be read aloud."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))


def _check(password: str, account: Account) -> None:
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    try:
        validate_password(password, account)
    except ValidationError as error:
        first = error.error_list[0]
        raise AccountProblem(f"user.password_{first.code}", **(first.params or {})) from error


def everyone(config: WebConfig) -> list[Listed]:
    configure(config)
    from allauth.mfa.models import Authenticator
    from django.db import connection

    from hoso.web.accounts.models import Account

    now, longest = system_clock(), config.sign_in.unused
    factors = set(Authenticator.objects.exclude(type="recovery_codes").values_list("user", flat=True))
    found = [
        Listed(
            a.username, a.practitioner, a.is_active, a.last_login, a.pk in factors, a.unused(now, longest), not a.staff
        )
        for a in Account.objects.order_by("username")
    ]
    connection.close()
    return found


def practitioner(config: WebConfig, username: str) -> str:
    """Of an account of staff. Raises AccountProblem for any other name."""
    with _account(config, username) as account:
        found = account.practitioner if account is not None else ""
    if not found:
        raise AccountProblem("user.unknown", username=username)
    return str(found)


def record_of(config: WebConfig, actor: str) -> str:
    """The Practitioner, or the Patient, who has this account: they are the same at every node. Else what was asked."""
    configured(config)
    from django.db import connection

    from hoso.web.accounts.models import Account

    try:
        found = Account.objects.filter(username=actor.removeprefix("user/")).first()
    finally:
        connection.close()
    if found is None or not (found.practitioner or found.person):
        return actor
    return f"Practitioner/{found.practitioner}" if found.practitioner else f"Patient/{found.person}"


def prove(config: WebConfig, username: str, password: str, code: str) -> None:
    """Whether this is the person of an account of staff, at a machine without a page. Raises AccountProblem.

    Failures count as they do on the page, so a command is no way around its limit.
    """
    from hoso.web.accounts import throttle

    with _account(config, username) as account:
        names = throttle.keys(username, "command")
        if not throttle.begin(names, system_clock()):
            raise AccountProblem("user.too_often")
        good = account is not None and account.is_active and account.staff and account.check_password(password)
        if not good or not _code_fits(account, code):
            raise AccountProblem("user.not_proved")
        throttle.succeeded(names)


def _code_fits(account: Any, code: str) -> bool:
    """True also for an account without a second factor, as a closed network may allow."""
    from allauth.mfa.models import Authenticator
    from allauth.mfa.totp.internal.auth import TOTP

    factor = Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).first()
    return factor is None or bool(TOTP(factor).validate_code(code))


def disable(config: WebConfig, username: str) -> bool:
    """Closes the account; who is signed in with it is out at the next click, and the apps it let in are out for good.

    False when there is none.
    """
    with _account(config, username) as account:
        if account is None:
            return False
        from hoso.web.accounts import closing

        closing.close(account)
    return True


def unlock(config: WebConfig, username: str) -> bool:
    """Opens an account that was closed, or not used for too long, and forgets its failed attempts."""
    with _account(config, username) as account:
        if account is None:
            return False
        from hoso.web.accounts import closing

        closing.reopen(account, system_clock())
    return True


def reset_factors(config: WebConfig, username: str) -> bool:
    """Takes away every second factor and ends every session: the next sign-in sets up a new one."""
    with _account(config, username) as account:
        if account is None:
            return False
        from hoso.web.accounts import closing

        closing.forget_factors(account)
    return True


def enrol(config: WebConfig, username: str, secret: str) -> None:
    """Gives an account an authenticator whose secret is known: for the demo, whose people have no phone."""
    with _account(config, username) as account:
        from allauth.mfa.models import Authenticator
        from allauth.mfa.totp.internal.auth import TOTP

        Authenticator.objects.filter(user=account, type=Authenticator.Type.TOTP).delete()
        TOTP.activate(account, secret)


def new_secret(config: WebConfig) -> str:
    configure(config)
    from allauth.mfa.totp.internal.auth import generate_totp_secret

    return str(generate_totp_secret())


def code_now(config: WebConfig, secret: str) -> str:
    """What an authenticator with this secret shows at this moment."""
    configure(config)
    from allauth.mfa import app_settings
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    return str(format_hotp_value(hotp_value(secret, int(system_clock().timestamp()) // app_settings.TOTP_PERIOD)))


@contextmanager
def _account(config: WebConfig, username: str) -> Iterator[Any]:
    """The account, None when there is none; the database is closed after it."""
    configure(config)
    from django.db import connection

    from hoso.web.accounts.models import Account

    yield Account.objects.filter(username=username).first()
    connection.close()
