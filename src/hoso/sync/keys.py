"""Who signed this? A signer has one node's private key; keys know the public one of every node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


class Signer(Protocol):
    @property
    def node(self) -> str: ...

    def sign(self, data: bytes) -> bytes: ...


class Keys(Protocol):
    def good(self, node: str, data: bytes, signature: bytes) -> bool:
        """Whether the node signed this; False for a node nobody knows."""
        ...


class Ed25519Signer:
    def __init__(self, node: str, key: Ed25519PrivateKey) -> None:
        self.node = node
        self._key = key

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data)


class Ed25519Keys:
    def __init__(self, keys: Mapping[str, Ed25519PublicKey]) -> None:
        self._keys = keys

    def good(self, node: str, data: bytes, signature: bytes) -> bool:
        key = self._keys.get(node)
        if key is None:
            return False
        try:
            key.verify(signature, data)
        except InvalidSignature:
            return False
        return True
