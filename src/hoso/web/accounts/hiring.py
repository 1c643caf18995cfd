"""Staff who sign in: an account beside a Practitioner whose PractitionerRoles say what it may do, and where.

The account holds no role and no facility of its own; what it had in an earlier release is made into records once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from hoso.access import Errand
from hoso.access.organisation.register import Organisation
from hoso.web.accounts import registry
from hoso.web.accounts.registry import AccountProblem
from hoso.web.configure import WebConfig, configure
from hoso.web.roles import staff


@dataclass(frozen=True, slots=True)
class Hired:
    """`password` is told this once. `added`: the facility was not on record, and is now, with its code for a name."""

    password: str
    practitioner: str
    added: bool = False


def hire(
    config: WebConfig,
    organisation: Organisation,
    errand: Errand,
    username: str,
    role: str,
    facility: str,
    password: str | None,
    *,
    name: str = "",
    until: date | None = None,
    must_change: bool = False,
) -> Hired:
    """By the operator: an account with its first role. Raises AccountProblem or Refused.

    `must_change`: whoever signs in first chooses another password before anything opens.
    """
    if role not in staff():
        raise AccountProblem("user.bad_role", role=role, roles=", ".join(staff()))
    if not facility.strip() or len(facility.strip()) > 64 or not facility.strip().isprintable():
        raise AccountProblem("user.bad_facility")
    opened = registry.check(config, username, password)
    place, added = organisation.staff.facility(errand, facility.strip())
    who = organisation.staff.hire(errand, name.strip() or opened.username, role, place, None, until)
    registry.add(config, opened, who, name.strip(), must_change=must_change)
    return Hired(opened.password, who, added)


def settle(config: WebConfig, organisation: Organisation, errand: Errand) -> int:
    """Makes records of staff of what accounts of an earlier release say; answers of how many. Safe to repeat."""
    configure(config)
    from django.db import connection

    from hoso.web.accounts.models import Account

    try:
        waiting = list(Account.objects.exclude(former_role="").filter(practitioner="", person=""))
        for account in waiting:
            account.practitioner = organisation.staff.settle(
                errand, account.username, account.name, account.former_role, account.former_facility or "-"
            )
            account.former_role = account.former_facility = ""
            account.save(update_fields=["practitioner", "former_role", "former_facility"])
    finally:
        connection.close()
    return len(waiting)


def waiting(config: WebConfig) -> bool:
    """Whether there are accounts of an earlier release to carry over."""
    configure(config)
    from django.db import connection

    from hoso.web.accounts.models import Account

    try:
        return bool(Account.objects.exclude(former_role="").exists())
    finally:
        connection.close()


def faults(config: WebConfig, organisation: Organisation) -> tuple[int, list[str]]:
    """For `hoso doctor`: accounts of staff looked at, and those whose Practitioner is not there."""
    configure(config)
    from django.db import connection

    from hoso.web.accounts.models import Account

    try:
        accounts = list(Account.objects.filter(person="").values_list("username", "practitioner", "former_role"))
    finally:
        connection.close()
    broken = [
        f"{username}: {'Practitioner/' + who if who else former or '-'}"
        for username, who, former in accounts
        if former or not organisation.posts.known(who)
    ]
    return len(accounts), broken
