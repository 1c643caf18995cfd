"""A node's own key, made on the node and never leaving it, and certificates of the hub's own authority."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

CERTIFICATE_DAYS = 90
RENEW_DAYS = 30
"""A node asks for a new certificate when so many days are left."""
AUTHORITY_DAYS = 3650
_BEFORE = timedelta(days=1)
"""Clocks of stations are wrong."""


class BadKey(Exception):
    """The key's file is no key, or others may read it."""


def own_key(file: Path, *, make: bool = False) -> Ed25519PrivateKey:
    """The key in this file; with `make` a new one if there is none. Raises BadKey and FileNotFoundError."""
    if make and not file.exists():
        file.parent.mkdir(mode=0o700, exist_ok=True)
        key = Ed25519PrivateKey.generate()
        write(file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    if file.stat().st_mode & 0o077:
        raise BadKey(f"{file}: others may read it: chmod 600 {file}")
    try:
        found = load_pem_private_key(file.read_bytes(), None)
    except (ValueError, TypeError) as error:
        raise BadKey(f"{file}: {error}") from error
    if not isinstance(found, Ed25519PrivateKey):
        raise BadKey(f"{file}: not an Ed25519 key")
    return found


def public_bytes(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def write(file: Path, content: bytes) -> None:
    """For its owner only, whole or not at all."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)


def authority(key: Ed25519PrivateKey, file: Path, node: str, now: datetime) -> x509.Certificate:
    """The certificate of a hub's own authority, made when it is first needed.

    One of an earlier release does not say what its key is for, which OpenSSL refuses when it is strict. It is made
    anew of the same key, so what was issued stays good.
    """
    if file.exists():
        found = x509.load_pem_x509_certificate(file.read_bytes())
        if any(one.oid == ExtensionOID.KEY_USAGE for one in found.extensions):
            return found
    name = _named(f"HoSo {node}")
    made = (
        _builder(name, name, key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, None)
    )
    write(file, made.public_bytes(Encoding.PEM))
    return made


def issue(
    key: Ed25519PrivateKey, issuer: x509.Certificate, node: str, facility: str, public: bytes, now: datetime
) -> tuple[bytes, datetime]:
    """A node's certificate (PEM) and until when it counts. Raises ValueError for what is no key."""
    until = now + timedelta(days=CERTIFICATE_DAYS)
    made = (
        _builder(
            _named(node, facility), issuer.subject, Ed25519PublicKey.from_public_bytes(public), now, CERTIFICATE_DAYS
        )
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, None)
    )
    return made.public_bytes(Encoding.PEM), until


def ends(certificate: Path) -> datetime:
    return x509.load_pem_x509_certificate(certificate.read_bytes()).not_valid_after_utc


def proves(certificate: bytes, node: str, public: bytes, hub: bytes) -> bool:
    """Whether this (PEM or DER) is a certificate of the node's key, issued by the hub's."""
    try:
        read = x509.load_pem_x509_certificate if b"-----BEGIN" in certificate else x509.load_der_x509_certificate
        found = read(certificate)
        Ed25519PublicKey.from_public_bytes(hub).verify(found.signature, found.tbs_certificate_bytes)
    except (ValueError, InvalidSignature):
        return False
    named = found.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    own = found.public_key()
    return bool(named) and named[0].value == node and isinstance(own, Ed25519PublicKey) and public_bytes(own) == public


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs, key_cert_sign=signs, crl_sign=signs, content_commitment=False,
        key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _builder(
    subject: x509.Name, issuer: x509.Name, public: Ed25519PublicKey, now: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BEFORE)
        .not_valid_after(now + timedelta(days=days))
    )


def _named(name: str, facility: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name[:64])]
    if facility:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, facility[:64]))
    return x509.Name(parts)
