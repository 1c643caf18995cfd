"""Destinations: houses to which a facility sends whole visits, each with its purpose and legal basis (Law 91/2025).

A destination is the actor of what it is sent, in the role `sender` at its facility: nobody who queues a visit can lend
it more. Its secret is sealed under a key of the node and never shown again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Literal, cast, get_args
from urllib.parse import SplitResult

from hoso.access.actor import Actor, Purpose
from hoso.access.errand import Errand
from hoso.access.notes import Notes
from hoso.access.outbound.calling import listed
from hoso.access.outbound.means import Means
from hoso.access.outward import NotAllowed
from hoso.access.policy.matrix import role
from hoso.access.scope import Scopes
from hoso.access.subscribing.endpoints import Listed
from hoso.access.subscribing.headers import Safe
from hoso.access.telling import Teller
from hoso.core.clock import Clock, to_ms
from hoso.core.errors import Refused
from hoso.core.ids import new_id
from hoso.store.contract import Version
from hoso.store.outbound import DestinationRow, OutboundTable

Form = Literal["insurance-xml", "fhir", "fhir-collection"]
FORMS: tuple[Form, ...] = get_args(Form)
ROLE = "sender"
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}\Z", re.ASCII)
_LONGEST_SECRET = 4_000


class Kept(Notes):
    """Notes that keep the versions as well, for who sends some of them."""

    def __init__(self) -> None:
        super().__init__()
        self.versions: dict[tuple[str, str], Version] = {}

    def add(self, versions: Sequence[Version]) -> None:
        super().add(versions)
        self.versions |= {(one.type, one.id): one for one in versions}


@dataclass(frozen=True, slots=True)
class Destination:
    """`dialect` is that of insurance XML; `basis` says in words by what right it is sent to."""

    name: str
    form: Form
    url: str
    address: str
    facility: str
    purpose: Purpose
    basis: str
    username: str
    dialect: str
    created: int
    ended: int | None
    sealed: bytes | None = None

    @property
    def where(self) -> tuple[Listed, SplitResult]:
        return listed(self.url, self.address)

    def errand(self, kept: Kept | None = None) -> Errand:
        """Of one attempt. What is shown on it is `kept`, so that its caller tells all of it before the first byte."""
        actor = Actor(f"destination/{self.name}", Scopes.parse("system/*.rs"), ROLE, self.facility)
        return Errand(actor, self.purpose, "automatic", "send", request=new_id(), notes=kept)


class Destinations:
    def __init__(self, table: OutboundTable, safe: Safe, teller: Teller, clock: Clock) -> None:
        self._table, self._safe, self._teller, self._clock = table, safe, teller, clock

    def add(self, errand: Errand, wanted: Destination, means: Means) -> None:
        """A new one, or another way to one that is there. Raises Refused for what cannot be one."""
        _check(wanted, means)
        sealed = self._safe.seal(_place(wanted), means.sealed())
        self._teller.act(errand, "destination-add", f"{wanted.name} {wanted.form} {wanted.url} of {wanted.facility}")
        self._table.put(
            DestinationRow(
                wanted.name, wanted.form, wanted.url, wanted.address, wanted.facility, wanted.purpose, wanted.basis,
                wanted.username, sealed, wanted.dialect, to_ms(self._clock()),
            )
        )  # fmt: skip

    def remove(self, errand: Errand, name: str) -> bool:
        """Nothing more is sent there; whether there was one."""
        self._teller.act(errand, "destination-remove", name[:80])
        return self._table.end(name, to_ms(self._clock()))

    def all(self) -> list[Destination]:
        return [_destination(row) for row in self._table.destinations()]

    def living(self, name: str) -> Destination | None:
        """As it is now; None when nothing may be sent there any more."""
        row = self._table.destination(name)
        return _destination(row) if row is not None and row.ended is None else None

    def means(self, one: Destination) -> Means:
        """Raises Unopened when they were sealed under another key."""
        return Means.opened(self._safe.open(_place(one), one.sealed))


def sealed_under(table: OutboundTable, safe: Safe) -> int:
    """What the destinations ask for, sealed under the key of now; answers of how many."""
    found = [row for row in table.destinations() if row.secret is not None]
    for row in found:
        table.put(row._replace(secret=safe.anew(_place(_destination(row)), bytes(row.secret or b""))))
    return len(found)


def _place(one: Destination) -> str:
    """What its secret is bound to: it is not sent to another address than the one that it was given for."""
    return f"destination/{one.name} {one.url} {one.address} {one.username}"


def _check(one: Destination, means: Means) -> None:
    if not _NAME.match(one.name):
        raise Refused.because(400, "value", "outbound.bad-name", name=one.name[:80])
    try:
        _ = one.address and ip_address(one.address)
        _ = one.where
    except (NotAllowed, ValueError) as error:
        raise Refused.because(400, "value", "outbound.bad-address", url=one.url[:200], reason=str(error)) from error
    sender = role(ROLE)
    assert sender is not None
    if one.purpose not in sender.purposes:
        known = ", ".join(sorted(sender.purposes))
        raise Refused.because(400, "value", "outbound.bad-purpose", purpose=one.purpose[:20], known=known)
    if not one.basis.strip():
        raise Refused.because(400, "required", "outbound.no-basis")
    if one.form == "insurance-xml" and not (one.username and means.secret):
        raise Refused.because(400, "required", "outbound.no-account")
    for text in (means.secret, means.client, means.scope):
        if len(text) > _LONGEST_SECRET or not text.isascii() or any(ch < " " for ch in text):
            raise Refused.because(400, "value", "outbound.bad-secret")
    _check_means(one, means)


def _check_means(one: Destination, means: Means) -> None:
    if not means.fits():
        raise Refused.because(400, "value", "outbound.bad-pair")
    if means.certificate and not one.where[0].secure:
        raise Refused.because(400, "value", "outbound.certificate-without-tls")
    if not means.token_url:
        if means.client or means.scope:
            raise Refused.because(400, "required", "outbound.no-token-url")
        return
    if one.form == "insurance-xml":
        raise Refused.because(400, "not-supported", "outbound.gateway-has-tokens")
    if not means.client or not (means.secret or means.certificate):
        raise Refused.because(400, "required", "outbound.no-client")
    try:
        _ = means.issuer(one.address, one.where[0].host.name)
    except (NotAllowed, ValueError) as error:
        url, reason = means.token_url[:200], str(error)
        raise Refused.because(400, "value", "outbound.bad-address", url=url, reason=reason) from error


def _destination(row: DestinationRow) -> Destination:
    return Destination(
        row.name, cast(Form, row.form), row.url, row.address, row.facility, cast(Purpose, row.purpose), row.basis,
        row.username, row.dialect, row.created, row.ended, row.secret,
    )  # fmt: skip
