"""Making, listing and closing local accounts, for the operator's command; and the tables they stand in.

Every function takes the node's configuration first: it may run in a process that serves nothing.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from hoso.core import system_clock
from hoso.web.configure import WebConfig, configure
from hoso.web.roles import titles

SHORTEST = 8
ADVISED = 15
LONGEST = 256
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


class AccountProblem(Exception):
    """`key` is a text of the command's catalogue: what is wrong with the account asked for."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values


@dataclass(frozen=True, slots=True)
class Listed:
    username: str
    role: str
    facility: str
    active: bool
    last_sign_in: datetime | None


def prepare(config: WebConfig) -> None:
    """Makes or brings up to date the accounts tables; part of `hoso init`, safe to repeat."""
    configure(config)
    from django.core.management import call_command
    from django.db import connection

    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("CREATE SCHEMA IF NOT EXISTS accounts")
    call_command("migrate", verbosity=0, interactive=False, skip_checks=True)
    connection.close()


def create(config: WebConfig, username: str, role: str, facility: str, password: str | None) -> str:
    """Makes the account and returns its password, a new random one when none was given."""
    name = username.strip()
    if not name or len(name) > 64 or not name.isprintable() or " " in name:
        raise AccountProblem("user.bad_name", username=username)
    if role not in titles():
        raise AccountProblem("user.bad_role", role=role, roles=", ".join(titles()))
    if not facility.strip() or len(facility) > 64:
        raise AccountProblem("user.bad_facility")
    secret = new_password() if password is None else password
    _check(secret, name)
    configure(config)
    from django.db import IntegrityError, connection

    from hoso.web.accounts.models import Account

    account = Account(username=name, role=role, facility=facility.strip(), created=system_clock())
    account.set_password(secret)
    try:
        account.save(force_insert=True)
    except IntegrityError as error:
        raise AccountProblem("user.taken", username=name) from error
    finally:
        connection.close()
    return secret


def new_password() -> str:
    """Four groups of five letters that cannot be mistaken for one another: 99 bits, fit to be read aloud."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))


def _check(password: str, username: str) -> None:
    from django.contrib.auth.password_validation import CommonPasswordValidator
    from django.core.exceptions import ValidationError

    if not SHORTEST <= len(password) <= LONGEST:
        raise AccountProblem("user.bad_length", shortest=SHORTEST, longest=LONGEST)
    if username.casefold() in password.casefold() and len(password) < ADVISED:
        raise AccountProblem("user.own_name")
    try:
        CommonPasswordValidator().validate(password)
    except ValidationError as error:
        raise AccountProblem("user.common") from error


def everyone(config: WebConfig) -> list[Listed]:
    configure(config)
    from django.db import connection

    from hoso.web.accounts.models import Account

    rows = Account.objects.order_by("username")
    found = [Listed(a.username, a.role, a.facility, a.is_active, a.last_login) for a in rows]
    connection.close()
    return found


def disable(config: WebConfig, username: str) -> bool:
    """Closes the account; who is signed in with it is out at the next click, and the apps it let in are out for good.

    False when there is none.
    """
    configure(config)
    from django.db import connection

    from hoso.web.accounts.models import Account
    from hoso.web.oauth.connections import end_account

    account = Account.objects.filter(username=username).first()
    if account is not None:
        account.is_active = False
        account.save(update_fields=["is_active"])
        end_account(account)
    connection.close()
    return account is not None
