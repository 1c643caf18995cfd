"""The headers that a subscriber gave for its endpoint: secrets, so a record shows their names only and their values are
kept sealed beside it.
"""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from hashlib import blake2b
from typing import Any

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hoso.core.errors import Refused
from hoso.core.keychain import Keychain

SHOWN = "***"
NONCE = 12
Headers = dict[str, str]


class Unopened(Exception):
    """They were sealed with another key than this node's."""


class Safe:
    """Seals under a key derived from one of the node's."""

    def __init__(self, keys: bytes | Keychain) -> None:
        self._keys = Keychain(keys) if isinstance(keys, bytes) else keys

    def seal(self, id: str, headers: Headers) -> bytes | None:
        if not headers:
            return None
        nonce = os.urandom(NONCE)
        return nonce + _cipher(self._keys.key).encrypt(nonce, msgspec.json.encode(headers), id.encode())

    def open(self, id: str, sealed: bytes | None) -> Headers:
        """Raises Unopened."""
        if sealed is None:
            return {}
        for key in self._keys:
            with suppress(InvalidTag):
                text = _cipher(key).decrypt(sealed[:NONCE], sealed[NONCE:], id.encode())
                return msgspec.json.decode(text, type=Headers)
        raise Unopened

    def anew(self, id: str, sealed: bytes) -> bytes | None:
        """The same under the key of now; as it was when no key of ours opens it."""
        try:
            return self.seal(id, self.open(id, sealed))
        except Unopened:
            return sealed


@cache
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(blake2b(key, digest_size=32, person=b"hoso subscriber").digest())


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
