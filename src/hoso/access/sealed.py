"""What is kept sealed under a key made of one of the node's, for one use; keys of before that still hold open it."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from hashlib import blake2b

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hoso.core.keychain import Keychain

NONCE = 12


class Sealed:
    """`use`: at most 16 bytes, another for each kind of thing that is sealed under the same key."""

    def __init__(self, keys: Keychain, use: bytes) -> None:
        self._keys, self._use = keys, use

    def seal(self, text: bytes, about: str) -> bytes:
        """Opens only for what it is `about`."""
        nonce = os.urandom(NONCE)
        return nonce + _cipher(self._keys.key, self._use).encrypt(nonce, text, about.encode())

    def open(self, sealed: bytes, about: str) -> bytes:
        """Raises InvalidTag, and ValueError for what is too short to have been sealed."""
        for key in self._keys:
            with suppress(InvalidTag):
                return _cipher(key, self._use).decrypt(sealed[:NONCE], sealed[NONCE:], about.encode())
        raise InvalidTag


@cache
def _cipher(key: bytes, use: bytes) -> AESGCM:
    return AESGCM(blake2b(key, digest_size=32, person=use).digest())
