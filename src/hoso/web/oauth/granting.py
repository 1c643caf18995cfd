"""What may be granted to whom: a request for scopes in parsed form, against what the client was registered for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from hoso.access.grain import Context, Grain, covered
from hoso.access.scope import LONGEST, Scopes, read
from hoso.core.errors import Refused
from hoso.web.oauth.settings import CODE_SECONDS, IDLE_SECONDS

if TYPE_CHECKING:
    from hoso.web.oauth.models import Client, Connection

CODE = timedelta(seconds=CODE_SECONDS)
IDLE = timedelta(seconds=IDLE_SECONDS)

WORDS = frozenset(
    ("openid", "fhirUser", "profile", "launch", "launch/patient", "offline_access", "online_access"),
)
"""Scopes that give no right on records."""
PERSON: tuple[Context, ...] = ("patient", "user")
"""Contexts of an app that somebody signs in to."""
BACKEND: tuple[Context, ...] = ("system",)


@dataclass(frozen=True, slots=True)
class Asked:
    """A text of scopes, read."""

    words: frozenset[str]
    grains: frozenset[Grain]

    @property
    def of_one_patient(self) -> bool:
        return any(grain.context == "patient" for grain in self.grains)

    def covers(self, other: Asked) -> bool:
        return other.words <= self.words and covered(other.grains, self.grains)


def asked(text: str, contexts: tuple[Context, ...]) -> Asked:
    """Raises Refused when any part is not a scope that exists here."""
    if len(text) > LONGEST:
        raise Refused.because(400, "value", "scope.length", limit=str(LONGEST))
    parts = [part for part in text.split(" ") if part]
    words = frozenset(part for part in parts if part in WORDS) if contexts != BACKEND else frozenset()
    rest = " ".join(part for part in parts if part not in words)
    return Asked(words, read(rest, contexts) if rest else frozenset())


def contexts(backend: bool) -> tuple[Context, ...]:
    return BACKEND if backend else PERSON


def grantable(client: Client, scopes: Iterable[str]) -> bool:
    """Whether the client was registered for all of it. Nothing is dropped silently: what is too much is refused."""
    which = contexts(client.backend)
    try:
        wanted = asked(" ".join(scopes), which)
        return bool(wanted.grains or wanted.words) and asked(client.scopes, which).covers(wanted)
    except Refused:
        return False


def within(scopes: Iterable[str], given: str) -> bool:
    """Whether a refresh asks for no more than was given."""
    try:
        return asked(given, PERSON).covers(asked(" ".join(scopes), PERSON))
    except Refused:
        return False


def refreshes(scopes: str) -> bool:
    return not {"offline_access", "online_access"}.isdisjoint(scopes.split(" "))


def context(connection: Connection) -> dict[str, Any]:
    """What the app is told beside its token, and is told again at each refresh."""
    told: dict[str, Any] = {"need_patient_banner": True}
    if connection.patient:
        told["patient"] = connection.patient
    if connection.encounter:
        told["encounter"] = connection.encounter
    return told


def scopes_of(text: str, backend: bool) -> Scopes:
    """The rights in a token's text, which was read before it was granted."""
    return Scopes.of(asked(text, contexts(backend)).grains)
