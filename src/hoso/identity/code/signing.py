"""Ed25519 (RFC 8032) as leases and cards use it: a key is 32 raw bytes, and five digits name it.

The name only says which key to try; whoever checks must hold the key itself.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from hashlib import blake2b

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNATURE_BYTES = 64


class Signer:
    """The centre's secret key, for as long as it has something to sign."""

    def __init__(self, secret: bytes) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(secret)
        self.public: bytes = self._key.public_key().public_bytes_raw()

    def sign(self, use: bytes, message: bytes) -> bytes:
        """`use` keeps a signature for one thing from being shown for another."""
        return self._key.sign(use + message)


def is_signed(public: bytes, signature: bytes, use: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, use + message)
    except (InvalidSignature, ValueError):
        return False
    return True


def key_id(public: bytes) -> str:
    return f"{int.from_bytes(blake2b(public, digest_size=8).digest(), 'big') % 10**5:05d}"


def key_text(public: bytes) -> str:
    """A public key as people pass it on; its name in front finds typing errors."""
    return f"{key_id(public)}.{urlsafe_b64encode(public).decode().rstrip('=')}"


def read_key(text: str) -> bytes:
    """The inverse of `key_text`. ValueError when the text is no key or has been mistyped."""
    name, _, body = text.strip().partition(".")
    try:
        public = urlsafe_b64decode(body + "=" * (-len(body) % 4))
        Ed25519PublicKey.from_public_bytes(public)
    except (Error, ValueError) as error:
        raise ValueError(text) from error
    if key_id(public) != name or key_text(public) != text.strip():
        raise ValueError(text)
    return public
