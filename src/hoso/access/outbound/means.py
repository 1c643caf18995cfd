"""What a destination asks for before it takes anything: a secret, a certificate of ours, a token of its own issuer.

They are kept together, sealed, and bound to the address that they were given for; none of them is shown again.
"""

from __future__ import annotations

import os
import secrets
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from tempfile import mkstemp
from urllib.parse import SplitResult, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from hoso.access.outbound.calling import listed
from hoso.access.subscribing.endpoints import Listed

_LARGEST = 100_000
"""Characters of a certificate with its chain, or of a key."""


@dataclass(frozen=True, slots=True)
class Means:
    """`certificate` (with its chain) and `key` are PEM: what this node shows at the receiver's TLS and its issuer's.

    With `token_url`, `client` and `secret` (or the certificate alone) are asked there for a token (RFC 6749 §4.4).
    """

    secret: str = field(default="", repr=False)
    certificate: str = ""
    key: str = field(default="", repr=False)
    token_url: str = ""
    client: str = ""
    scope: str = ""

    def sealed(self) -> dict[str, str]:
        names = {"account": self.secret, "certificate": self.certificate, "key": self.key, "token-url": self.token_url,
                 "client": self.client, "scope": self.scope}  # fmt: skip
        return {name: text for name, text in names.items() if text}

    @classmethod
    def opened(cls, held: Mapping[str, str]) -> Means:
        names = ("account", "certificate", "key", "token-url", "client", "scope")
        return cls(*(held.get(name, "") for name in names))

    def issuer(self, address: str, host: str) -> tuple[Listed, SplitResult]:
        """Where the token is asked for; at the receiver's own host, it stands where that stands.

        Raises NotAllowed and ValueError.
        """
        return listed(self.token_url, address if urlsplit(self.token_url).hostname == host else "")

    def shown(self, authorities: Path | None) -> ssl.SSLContext | None:
        """By what the other side is trusted to which the certificate is shown; None without one."""
        return showing(authorities, self.certificate, self.key) if self.certificate else None

    def fits(self) -> bool:
        """Whether the key is that of the certificate."""
        if not self.certificate and not self.key:
            return True
        if max(len(self.certificate), len(self.key)) > _LARGEST:
            return False
        try:
            [leaf, *_] = x509.load_pem_x509_certificates(self.certificate.encode())
            ours = load_pem_private_key(self.key.encode(), None).public_key()
        except (ValueError, TypeError):
            return False
        return _bytes(leaf.public_key()) == _bytes(ours)


def _bytes(key: object) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)  # type: ignore[attr-defined, no-any-return]


@lru_cache(maxsize=64)
def showing(authorities: Path | None, certificate: str, key: str) -> ssl.SSLContext:
    """Trusts these authorities, or the system's, and shows a certificate.

    The library takes keys out of files alone: this one is there for a moment, under a password that nobody else has.
    """
    context = ssl.create_default_context(cafile=str(authorities) if authorities else None)
    password = secrets.token_hex(32)
    encrypted = load_pem_private_key(key.encode(), None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password.encode())
    )
    handle, name = mkstemp()  # its owner's alone
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(certificate.encode() + b"\n" + encrypted)
        context.load_cert_chain(name, password=password)
    finally:
        Path(name).unlink()
    return context
