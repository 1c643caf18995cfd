"""The two texts of a SMART Health Link: the sealed file (JWE compact, RFC 7516) and the link that has its key.

Only what the specification names is written: `alg` dir, `enc` A256GCM, `zip` DEF, and a link without padding.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY = 32
SECRET = 32
LONGEST_LABEL = 80
LONGEST_ADDRESS = 128
TYPE = "application/fhir+json"
_NONCE = 12
_TAG = 16


@dataclass(frozen=True, slots=True)
class Payload:
    """`expires`: seconds since 1970. `flags`: P a passcode is needed, U the address is the file itself."""

    url: str
    key: bytes
    expires: int
    flags: str
    label: str

    @property
    def text(self) -> str:
        said: dict[str, object] = {"url": self.url, "exp": self.expires, "key": packed(self.key)}
        said |= {"flag": self.flags} if self.flags else {}
        said |= {"label": self.label} if self.label else {}
        return "shlink:/" + packed(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode())


def packed(content: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def sealed(content: bytes, key: bytes, nonce: bytes) -> str:
    """JWE compact serialization; a nonce is used once for a key, and a key for one link."""
    if len(key) != KEY or len(nonce) != _NONCE:
        raise ValueError(f"a key has {KEY} bytes and a nonce {_NONCE}")
    header = packed(json.dumps({"alg": "dir", "enc": "A256GCM", "cty": TYPE, "zip": "DEF"}).encode())
    deflate = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    small = deflate.compress(content) + deflate.flush()
    found = AESGCM(key).encrypt(nonce, small, header.encode("ascii"))
    return ".".join((header, "", packed(nonce), packed(found[:-_TAG]), packed(found[-_TAG:])))
