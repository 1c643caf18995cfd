"""The certificate a server shows and the key that proves it, looked at before they are used: a fault is a sentence.

A server that started with a key others can read, or with a certificate of last year, would work until it was noticed.
"""

from __future__ import annotations

import ipaddress
import stat
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key

OTHERS = 0o037
"""What nobody but the owner may do with a key; a group may read it, since that is how systems hand keys to services."""


class BadPair(Exception):
    """The files cannot be used. `key` is the text that says why, of the command's messages."""

    def __init__(self, key: str, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = key, values


@dataclass(frozen=True, slots=True)
class Pair:
    certificate: Path
    """The server's own first, then those that lead to an authority."""
    key: Path
    oldest: str = "1.3"
    """The oldest version of TLS that is spoken: "1.3" or "1.2"."""

    def check(self, now: datetime, *hosts: str) -> x509.Certificate:
        """The server's certificate. Raises BadPair when it cannot stand for `hosts` now, or the key is not its own."""
        key = self._private()
        certificate = leaf(self.certificate)
        if certificate.public_key().public_bytes(*_PLAIN) != key.public_key().public_bytes(*_PLAIN):
            raise BadPair("tls.mismatch", certificate=self.certificate, file=self.key)
        if certificate.not_valid_after_utc <= now:
            raise BadPair(
                "tls.expired", file=self.certificate, time=f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M}"
            )
        if certificate.not_valid_before_utc > now:
            raise BadPair(
                "tls.too_early", file=self.certificate, time=f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M}"
            )
        for host in filter(None, hosts):
            if not stands_for(certificate, host):
                named = ", ".join(names(certificate)) or "–"
                raise BadPair("tls.other_name", file=self.certificate, host=host, names=named)
        return certificate

    def _private(self) -> PrivateKeyTypes:
        content = _content(self.key)
        mode = stat.S_IMODE(self.key.stat().st_mode)
        if mode & OTHERS:
            raise BadPair("tls.open_key", file=self.key, mode=f"{mode:03o}")
        try:
            return load_pem_private_key(content, None)
        except TypeError as error:
            raise BadPair("tls.locked_key", file=self.key) from error
        except ValueError as error:
            raise BadPair("tls.not_a_key", file=self.key) from error


_PLAIN = Encoding.DER, PublicFormat.SubjectPublicKeyInfo


def leaf(file: Path) -> x509.Certificate:
    """The first certificate of a PEM file. Raises BadPair."""
    try:
        return x509.load_pem_x509_certificates(_content(file))[0]
    except ValueError as error:
        raise BadPair("tls.not_a_certificate", file=file) from error


def names(certificate: x509.Certificate) -> list[str]:
    """The names and addresses it stands for; what only its subject says has not counted for browsers since 2017."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    return [*found.get_values_for_type(x509.DNSName), *map(str, found.get_values_for_type(x509.IPAddress))]


def stands_for(certificate: x509.Certificate, host: str) -> bool:
    return any(_same(name.casefold(), host.casefold()) for name in names(certificate))


def _same(name: str, host: str) -> bool:
    if name.startswith("*."):
        return host.partition(".")[2] == name[2:] and not _is_address(host)
    return name == host


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except FileNotFoundError as error:
        raise BadPair("tls.no_file", file=file) from error
    except OSError as error:
        raise BadPair("tls.unreadable", file=file, reason=error.strerror or "") from error
