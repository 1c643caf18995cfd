"""Whose certificate signed, and whether one of the authorities that the node trusts stands behind it."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.verification import (
    Criticality,
    ExtensionPolicy,
    Policy,
    PolicyBuilder,
    Store,
    VerificationError,
)

from hoso.exchange.signing.verdict import Trust

SHORTEST_RSA = 2_048
LARGEST = 16_384
"""Bytes of a certificate, of which a signature has a handful."""
MOST = 8


@dataclass(frozen=True, slots=True)
class Anchors:
    """The authorities of the node; none at all where nobody set a folder."""

    certificates: tuple[x509.Certificate, ...] = ()


def anchors(folder: Path | None) -> Anchors:
    """Every certificate (PEM) in the folder. Raises OSError, or ValueError naming the file that holds none."""
    found: list[x509.Certificate] = []
    for file in sorted(folder.iterdir()) if folder else ():
        if file.suffix.lower() in (".pem", ".crt", ".cer"):
            try:
                found += x509.load_pem_x509_certificates(file.read_bytes())
            except ValueError as error:
                raise ValueError(f"{file.name}: {error}") from error
    return Anchors(tuple(found))


def certificates(texts: Sequence[str]) -> list[x509.Certificate]:
    """Those that came with a signature. Raises ValueError for what is none."""
    if len(texts) > MOST or any(len(text) > LARGEST for text in texts):
        raise ValueError
    return [x509.load_der_x509_certificate(b64decode("".join(text.split()), validate=True)) for text in texts]


def signer(found: Sequence[x509.Certificate]) -> x509.Certificate:
    """The one that issued none of the others; the order in a signature says nothing."""
    issuers = {one.issuer for one in found if one.issuer != one.subject}
    return next((one for one in found if one.subject not in issuers), found[0])


def too_weak(certificate: x509.Certificate) -> str:
    """What kind of key nobody should trust any more it has; "" for a good one."""
    key = certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}" if key.key_size < SHORTEST_RSA else ""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ECDSA {key.curve.name}" if key.key_size < 256 else ""
    return type(key).__name__


def trust(known: Anchors, leaf: x509.Certificate, others: Sequence[x509.Certificate], moment: datetime) -> Trust:
    """Whether a chain leads from the signer to an authority of the node, in force at that moment."""
    if not known.certificates:
        return "unasked"
    if not leaf.not_valid_before_utc <= moment <= leaf.not_valid_after_utc:
        return "over"
    authority = ExtensionPolicy.permit_all().require_present(x509.BasicConstraints, Criticality.AGNOSTIC, _is_authority)
    policies = {"ee_policy": ExtensionPolicy.permit_all(), "ca_policy": authority}
    builder = PolicyBuilder().store(Store(list(known.certificates))).time(moment).extension_policies(**policies)
    try:
        builder.build_client_verifier().verify(leaf, list(others))
    except VerificationError:
        return "unknown"
    return "trusted"


def _is_authority(policy: Policy, certificate: x509.Certificate, constraints: x509.BasicConstraints) -> None:
    if not constraints.ca:
        raise ValueError("not an authority")
