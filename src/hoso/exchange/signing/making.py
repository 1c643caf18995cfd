"""Signs what a facility sends with the facility's own key: an XML signature over the whole file, in its CHUKYDONVI.

RSA with SHA-256 and plain canonical XML, which every receiver's library knows; the same file signed again is the same
bytes, so that a receiver knows it. Each facility's key lies in the node's folder of keys, with its certificates.
"""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.signer import XMLSigner

from hoso.core import Refused
from hoso.exchange.signing.who import MOST, SHORTEST_RSA

LARGEST = 200_000
"""Bytes of a facility's file."""
_FACILITY = re.compile(r"[0-9A-Za-z]{1,20}\Z", re.ASCII)


class Unfit(Exception):
    """A file that is no key with its certificate. `reason` is a key of the catalogue."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Seal:
    """A facility's key with its certificate, and those that stand behind it."""

    chain: tuple[x509.Certificate, ...]
    key: rsa.RSAPrivateKey = field(repr=False)

    @classmethod
    def of(cls, pem: bytes) -> Seal:
        """Raises Unfit."""
        try:
            chain = tuple(x509.load_pem_x509_certificates(pem))
            key = load_pem_private_key(pem, None)
        except (ValueError, TypeError) as error:
            raise Unfit("signing.own-no-pair") from error
        if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < SHORTEST_RSA:
            raise Unfit("signing.own-no-rsa")
        if len(chain) > MOST or chain[0].public_key() != key.public_key():
            raise Unfit("signing.own-no-pair")
        return cls(chain, key)

    @property
    def pem(self) -> bytes:
        """As it is kept: the key alone and unlocked, then the certificates."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + b"".join(one.public_bytes(Encoding.PEM) for one in self.chain)

    def is_in_force(self, moment: datetime) -> bool:
        return self.chain[0].not_valid_before_utc <= moment <= self.chain[0].not_valid_after_utc

    def signed(self, data: bytes) -> bytes:
        """A GIAMDINHHS file with an empty CHUKYDONVI, signed there."""
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True))
        box = root.find("CHUKYDONVI")
        assert box is not None  # of the files that are written here
        etree.SubElement(box, "{http://www.w3.org/2000/09/xmldsig#}Signature", Id="placeholder")
        signer = XMLSigner(
            signature_algorithm=SignatureMethod.RSA_SHA256,
            digest_algorithm=DigestAlgorithm.SHA256,
            c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0,
        )
        certificates = [one.public_bytes(Encoding.PEM).decode() for one in self.chain]
        made = signer.sign(root, key=self.key, cert=certificates, always_add_key_value=False)
        return bytes(etree.tostring(made, xml_declaration=True, encoding="UTF-8"))


@dataclass(frozen=True, slots=True)
class Seals:
    """The facilities' keys in a node's folder of keys, looked up anew each time."""

    folder: Path | None = None

    def file(self, facility: str) -> Path | None:
        return self.folder / f"sign-{facility}.pem" if self.folder and _FACILITY.match(facility) else None

    def signed(self, data: bytes, facility: str, moment: datetime) -> bytes:
        """As it is where the facility has no key here. Raises Refused(422) for a key that cannot sign now."""
        file = self.file(facility)
        if file is None or not file.exists():
            return data
        try:
            if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise Refused.because(422, "security", "signing.own-open", file=str(file))
            seal = Seal.of(file.read_bytes())
        except (OSError, Unfit) as error:
            reason = error.strerror or "" if isinstance(error, OSError) else error.reason
            raise Refused.because(422, "security", "signing.own-unusable", file=str(file), reason=reason) from error
        if not seal.is_in_force(moment):
            until = f"{seal.chain[0].not_valid_after_utc:%d/%m/%Y}"
            raise Refused.because(422, "security", "signing.own-not-in-force", facility=facility, until=until)
        return seal.signed(data)
