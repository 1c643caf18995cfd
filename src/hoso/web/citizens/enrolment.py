"""A citizen's way to an account: a code from a facility that has the person before it, and the number on the card.

With both the person chooses a password. The code is good once, for two weeks, and only the newest of a person is good.
Who has an account already gets a new password this way: the old one, its factors and its sessions end.

What is kept of codes and numbers are keyed hashes: nobody reads from these tables who is where.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from hoso.core.codes import new_code
from hoso.web.accounts.throttle import hashed, hashes
from hoso.web.citizens.find import Citizen

if TYPE_CHECKING:
    from hoso.web.accounts.models import Account, Enrolment

LIFE = timedelta(days=14)


def issue(citizen: Citizen, now: datetime) -> str:
    """A new code, to be told to the person and to nobody else."""
    from hoso.web.accounts.models import Enrolment

    code = new_code()
    with transaction.atomic():
        Enrolment.objects.filter(person=citizen.person).delete()
        Enrolment.objects.filter(until__lt=now).delete()
        Enrolment.objects.create(
            key=_of(code),
            person=citizen.person,
            name=citizen.name[:128],
            numbers=" ".join(_name(one) for one in citizen.numbers),
            until=now + LIFE,
        )
    return code


def find(number: str, code: str, now: datetime) -> Enrolment | None:
    """What a code and the number of the same person open; None for any of: no such code, too old, another's."""
    from hoso.web.accounts.models import Enrolment

    found = Enrolment.objects.filter(key__in=hashes("enrolment", _letters(code)), until__gt=now).first()
    names = hashes("number", number)
    return found if found is not None and not set(names).isdisjoint(found.numbers.split()) else None


def redeem(found: Enrolment, password: str, now: datetime) -> Account | None:
    """The person's account with its new password; None when somebody used the code a moment ago."""
    from django.contrib.auth.hashers import make_password

    kept = make_password(password)  # takes its time, so before anything is locked
    with transaction.atomic():
        return _redeemed(found, kept, now)


def _redeemed(found: Enrolment, password: str, now: datetime) -> Account | None:
    from hoso.web.accounts.models import Account, Enrolment, SignInName

    if Enrolment.objects.filter(key=found.key).delete()[0] != 1:
        return None
    account = Account.objects.filter(person=found.person).first()
    if account is None:
        account = Account(username=_username(), person=found.person, created=now)
    else:
        _forget_factors(account)
    account.name, account.opened = found.name, now
    account.epoch += 1
    account.password = password
    account.save()
    names = [SignInName(key=key, account=account) for key in found.numbers.split()]
    SignInName.objects.bulk_create(names, ignore_conflicts=True)
    return account


def username(typed: str, number: str) -> str:
    """The account that a citizen's number means; what was typed, when it means none. One look either way."""
    from hoso.web.accounts.models import SignInName

    names = hashes("number", number or typed)
    row = SignInName.objects.filter(key__in=names).select_related("account").first()
    if row is not None and row.key != names[0]:  # known by a key of before: from now on also by that of now
        SignInName.objects.bulk_create([SignInName(key=names[0], account=row.account)], ignore_conflicts=True)
    return row.account.username if row is not None else typed


def _forget_factors(account: Account) -> None:
    from allauth.mfa.models import Authenticator

    Authenticator.objects.filter(user=account).delete()


def _username() -> str:
    """Nobody types it and it says nothing: it stands in the audit log."""
    return f"citizen-{secrets.token_hex(6)}"


def _of(code: str) -> str:
    return hashed("enrolment", _letters(code))


def _letters(code: str) -> str:
    return "".join(ch for ch in code.casefold() if ch.isalnum())[:64]


def _name(number: str) -> str:
    return hashed("number", number)
