"""Whose account a vouched-for personal number opens: exactly one person's, on whose own record it stands unspoiled.

Names and e-mail addresses are never looked at. A number that two persons have, or that does not fit the birth date of
the one, is somebody's mistake in the register, and opening a record on it would show it to a stranger.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hoso.access import Errand, Records
from hoso.care.elements import human_name
from hoso.fhir.search import parse
from hoso.fhir.systems import PERSONAL_NUMBER
from hoso.identity.portrait import is_person
from hoso.web.accounts.models import Account
from hoso.web.accounts.throttle import hashed
from hoso.web.national.settings import Provider
from hoso.web.national.token import Unfit
from hoso.web.persons import Persons

_NUMBER = re.compile(r"[0-9]{12}\Z", re.ASCII)
_SPOILED = ("old", "temp")
_MOST = 50


def number_of(claims: Mapping[str, Any], provider: Provider) -> str:
    """Twelve digits as they are: nothing is cut out of another text. Raises Unfit."""
    found = claims.get(provider.number_claim)
    if not isinstance(found, str) or not _NUMBER.match(found):
        raise Unfit("number")
    return found


def person_of(records: Records, errand: Errand, claims: Mapping[str, Any], provider: Provider) -> dict[str, Any]:
    """The person. Raises Unfit."""
    number = number_of(claims, provider)
    query = parse("Patient", [("identifier", f"{PERSONAL_NUMBER}|{number}"), ("_count", str(_MOST))])
    met = records.search(errand, query).matches
    people = [one for one in Persons(records, errand).read([version.id for version in met]) if is_person(one)]
    if not people:
        raise Unfit("nobody")
    if len(people) > 1:
        raise Unfit("several")
    person = people[0]
    if number not in _own(person):
        raise Unfit("unverified")
    if provider.birthdate_claim and claims.get(provider.birthdate_claim) != person.get("birthDate"):
        raise Unfit("birth")
    return person


def _own(person: Mapping[str, Any]) -> list[str]:
    """Personal numbers of today on the person's own record; not those that were replaced or are yet to be confirmed."""
    listed = person.get("identifier", ())
    current = [one for one in listed if one.get("system") == PERSONAL_NUMBER and one.get("use") not in _SPOILED]
    return [str(one.get("value", "")) for one in current if "end" not in one.get("period", {})]


def account_of(person: Mapping[str, Any], now: datetime) -> Account:
    """The person's account, made when there is none; its password, if any, stays. Raises Unfit for a closed one."""
    username = f"citizen-{hashed('national', person['id'])[:12]}"
    account = Account.objects.filter(person=person["id"]).order_by("pk").first()
    if account is None:
        fresh = {"person": person["id"], "created": now, "name": human_name(person.get("name"))[:128], "password": "!"}
        account, _ = Account.objects.get_or_create(username=username, defaults=fresh)
    if account.person != person["id"] or not account.is_active:
        raise Unfit("closed")
    account.opened = now  # it was proved anew who this is: not having come for long closes nothing
    account.save(update_fields=["opened"])
    return account
