"""Which client is at the token endpoint: a public one by its id, any other by an assertion signed with its key."""

from __future__ import annotations

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from hoso.access.outward import Host, NotAllowed
from hoso.web.oauth import assertion
from hoso.web.oauth.assertion import BadAssertion
from hoso.web.oauth.keysets import KeySets
from hoso.web.oauth.models import Assertion, Client
from hoso.web.oauth.shown import Shown

_sets: dict[str, KeySets] = {}


def keysets() -> KeySets:
    """Of the node this process serves."""
    listed = settings.OAUTH_JWKS_HOSTS
    name = repr((listed, settings.OAUTH_JWKS_AUTHORITIES))
    if name not in _sets:
        _sets.clear()
        _sets[name] = KeySets(tuple(Host.parse(text) for text in listed), settings.OAUTH_JWKS_AUTHORITIES)
    return _sets[name]


def proved(text: str, audience: str, claimed: str | None = None, shown: Shown | None = None) -> Client:
    """The client whose assertion this is, the first time it comes. Raises BadAssertion.

    The time and the work are bounded before anything is believed: a long text is not parsed, and keys are fetched for
    approved clients only.
    """
    unverified = assertion.read(text)
    if claimed and claimed != unverified.issuer:
        raise BadAssertion("client_id and iss differ")
    known = Client.objects.filter(client_id=unverified.issuer)
    client: Client | None = known.first() if "\0" not in unverified.issuer else None
    if client is None or not client.approved or client.public:
        raise BadAssertion("the client is not known here")
    if not (shown or Shown()).fits(client):
        raise BadAssertion("the client's certificate was not shown")
    if unverified.address is not None and (not client.jwks_uri or unverified.address != client.jwks_uri):
        raise BadAssertion("jku is not the address that was registered")
    done = _verified(client, unverified, audience)
    _once(f"{client.client_id}\n{done.id}", done)
    return client


def _verified(client: Client, unverified: assertion.Unverified, audience: str) -> assertion.Proved:
    now = timezone.now()
    if client.jwks:
        return assertion.verify(unverified, client.jwks, audience, now)
    try:
        try:
            return assertion.verify(unverified, keysets().get(client.jwks_uri), audience, now)
        except assertion.UnknownKey:
            return assertion.verify(unverified, keysets().get(client.jwks_uri, newer=True), audience, now)
    except NotAllowed as error:
        raise BadAssertion(str(error)) from error


def _once(name: str, done: assertion.Proved) -> None:
    """Of two workers that get it at the same moment, the unique row lets one go on."""
    try:
        with transaction.atomic():
            Assertion.objects.create(code=name, expires=done.expires)
    except IntegrityError as error:
        raise BadAssertion("jti was used before") from error
