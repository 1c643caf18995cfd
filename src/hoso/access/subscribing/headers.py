"""The headers that a subscriber gave for its endpoint: secrets, so a record shows their names only and their values are
kept sealed beside it.
"""

from __future__ import annotations

from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag

from hoso.access.sealed import Sealed
from hoso.core.errors import Refused
from hoso.core.keychain import Keychain, chain

SHOWN = "***"
Headers = dict[str, str]


class Unopened(Exception):
    """They were sealed with another key than this node's."""


class Safe:
    """Seals under a key derived from one of the node's."""

    def __init__(self, keys: bytes | Keychain) -> None:
        self._sealed = Sealed(chain(keys), b"hoso subscriber")

    def seal(self, id: str, headers: Headers) -> bytes | None:
        if not headers:
            return None
        return self._sealed.seal(msgspec.json.encode(headers), id)

    def open(self, id: str, sealed: bytes | None) -> Headers:
        """Raises Unopened."""
        if sealed is None:
            return {}
        try:
            return msgspec.json.decode(self._sealed.open(sealed, id), type=Headers)
        except InvalidTag as error:
            raise Unopened from error

    def anew(self, id: str, sealed: bytes) -> bytes | None:
        """The same under the key of now; as it was when no key of ours opens it."""
        try:
            return self.seal(id, self.open(id, sealed))
        except Unopened:
            return sealed


def whole(given: Headers, before: Headers) -> Headers:
    """With the values that were kept before, where the names alone came back. Raises Refused(422)."""
    known = {name.lower(): value for name, value in before.items()}
    found = {}
    for place, (name, value) in enumerate(given.items()):
        kept = known.get(name.lower()) if value == SHOWN else value
        if kept is None:
            where = f"Subscription.channel.header[{place}]"
            raise Refused.because(422, "value", "subscription.header-unknown", where, name=name)
        found[name] = kept
    return found


def cover(channel: dict[str, Any], headers: Headers) -> None:
    """Leaves the names."""
    channel["header"] = [f"{name}: {SHOWN}" for name in headers]
