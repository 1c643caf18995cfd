"""An authority of a facility's own: certificates for its server on the LAN and for systems that sign in by certificate.

Public authorities give no certificate for a name that exists on one network only. Machines of the facility trust the
authority once; its key signs and is needed for nothing else, so it can be kept away from the server.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hoso.transit.pair import BadPair, leaf

AUTHORITY_DAYS = 3650
SERVER_DAYS = 397
"""Browsers refuse server certificates that are good for longer."""
LIST_DAYS = 400
_BEFORE = timedelta(minutes=5)
"""Clocks of a LAN differ."""


@dataclass(frozen=True, slots=True)
class Authority:
    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "authority.pem"

    @property
    def key(self) -> Path:
        return self.folder / "authority.key"

    @property
    def revoked(self) -> Path:
        return self.folder / "revoked.pem"

    def begin(self, name: str, now: datetime) -> bool:
        """Makes the authority and its empty list of revoked certificates; False when there is one."""
        if self.certificate.exists():
            return False
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        key = ec.generate_private_key(ec.SECP256R1())
        subject = _subject(name)
        made = (
            _builder(subject, subject, key.public_key(), now, AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        _write(self.key, _pem(key), 0o600)
        _write(self.certificate, made.public_bytes(Encoding.PEM), 0o644)
        self._write_list([], now)
        return True

    def server(
        self, names: Sequence[str], now: datetime, certificate: Path, key: Path, days: int = SERVER_DAYS
    ) -> None:
        """A certificate for these names and addresses, in place of one that may be there."""
        alternatives = x509.SubjectAlternativeName([_general(name) for name in names])
        self._issue(names[0], ExtendedKeyUsageOID.SERVER_AUTH, now, days, certificate, key, alternatives)

    def client(self, name: str, now: datetime, certificate: Path, key: Path, days: int = SERVER_DAYS) -> None:
        """A certificate with which a system shows who it is."""
        self._issue(name, ExtendedKeyUsageOID.CLIENT_AUTH, now, days, certificate, key, None)

    def revoke(self, file: Path, now: datetime) -> int:
        """Puts a certificate on the list, and says how many are on it. Raises BadPair for one of another authority."""
        found, own = leaf(file), leaf(self.certificate)
        try:
            found.verify_directly_issued_by(own)
        except Exception as error:
            raise BadPair("tls.not_ours", file=file) from error
        there = list(x509.load_pem_x509_crl(self.revoked.read_bytes()))
        if all(each.serial_number != found.serial_number for each in there):
            entry = x509.RevokedCertificateBuilder().serial_number(found.serial_number).revocation_date(now)
            there.append(entry.build())
        self._write_list(there, now)
        return len(there)

    def _issue(
        self,
        name: str,
        use: x509.ObjectIdentifier,
        now: datetime,
        days: int,
        certificate: Path,
        key: Path,
        alternatives: x509.SubjectAlternativeName | None,
    ) -> None:
        own, signing = leaf(self.certificate), self._signing()
        private = ec.generate_private_key(ec.SECP256R1())
        made = (
            _builder(_subject(name), own.subject, private.public_key(), now, days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([use]), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
        )
        if alternatives is not None:
            made = made.add_extension(alternatives, critical=False)
        signed = made.sign(signing, hashes.SHA256())
        _write(key, _pem(private), 0o600)
        _write(certificate, signed.public_bytes(Encoding.PEM) + own.public_bytes(Encoding.PEM), 0o644)

    def _write_list(self, revoked: Sequence[x509.RevokedCertificate], now: datetime) -> None:
        signing = self._signing()
        made = x509.CertificateRevocationListBuilder().issuer_name(leaf(self.certificate).subject)
        made = made.last_update(now - _BEFORE).next_update(now + timedelta(days=LIST_DAYS))
        made = made.add_extension(x509.CRLNumber(int(now.timestamp() * 1000)), critical=False)
        made = made.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False
        )
        for each in revoked:
            made = made.add_revoked_certificate(each)
        _write(self.revoked, made.sign(signing, hashes.SHA256()).public_bytes(Encoding.PEM), 0o644)

    def _signing(self) -> ec.EllipticCurvePrivateKey:
        try:
            found = load_pem_private_key(self.key.read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise BadPair("tls.not_a_key", file=self.key) from error
        if not isinstance(found, ec.EllipticCurvePrivateKey):
            raise BadPair("tls.not_a_key", file=self.key)
        return found


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime, days: int
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


def _subject(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates, content_commitment=False, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=signs_certificates, crl_sign=signs_certificates,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(file: Path, content: bytes, mode: int) -> None:
    """Whole or not at all: a server may be reading it."""
    fresh = file.with_name(f"{file.name}.new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
