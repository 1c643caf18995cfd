"""Keys, certificates and signed files for tests, made here by a signer of another hand than the code that checks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import XMLSigner

NOW = datetime(2026, 7, 20, tzinfo=UTC)
Signer = tuple[x509.Certificate, rsa.RSAPrivateKey]


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(
    subject: str, issuer: Signer | None = None, *, authority: bool = False, bits: int = 2048, days: int = 400
) -> Signer:
    key = rsa.generate_private_key(65_537, bits)
    by, with_key = (issuer[0].subject, issuer[1]) if issuer else (name(subject), key)
    made = (
        x509.CertificateBuilder()
        .subject_name(name(subject))
        .issuer_name(by)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=30))
        .not_valid_after(NOW - timedelta(days=30) + timedelta(days=days))
        .add_extension(x509.BasicConstraints(authority, None), critical=True)
        .sign(with_key, hashes.SHA256())
    )
    return made, key


def signed(data: bytes, signer: Signer, *, uri: str | None = None, **more: Any) -> bytes:
    """The file with its signature in CHUKYDONVI, where an empty one stands."""
    root = etree.fromstring(data)
    box = root.find("CHUKYDONVI")
    assert box is not None
    etree.SubElement(box, "{http://www.w3.org/2000/09/xmldsig#}Signature", Id="placeholder")
    pem = signer[1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    made = XMLSigner(**more).sign(
        root, key=pem, cert=signer[0].public_bytes(Encoding.PEM).decode(), reference_uri=uri, always_add_key_value=False
    )
    return etree.tostring(made)
