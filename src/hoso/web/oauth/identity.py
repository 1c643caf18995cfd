"""Who a signed-in person is to an app: the record of a practitioner for staff, of the person for a citizen."""

from __future__ import annotations

from typing import Any

from django.conf import settings


def person(account: Any) -> str:
    """The citizen's own Patient; empty for staff."""
    return str(getattr(account, "person", "") or "")


def practitioner(account: Any) -> str:
    return str(getattr(account, "practitioner", "") or "")


def fhir_user(account: Any, base: str) -> str:
    """The address of the record; empty while staff have none. `base`: this server's, for people."""
    base = settings.FHIR_URL or base
    if own := person(account):
        return f"{base}/fhir/Patient/{own}"
    return f"{base}/fhir/Practitioner/{found}" if (found := practitioner(account)) else ""


def claims(account: Any, base: str) -> dict[str, str]:
    found = {"name": str(account.name or account.username)}
    if user := fhir_user(account, base):
        found |= {"fhirUser": user, "profile": user}
    return found
