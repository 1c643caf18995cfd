"""The certificate that a client's connection showed, and whether it is the one it was registered with (RFC 8705 §2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hoso.transit.edge import CERTIFICATE, SUBJECT
from hoso.web.oauth.models import Client


@dataclass(frozen=True, slots=True)
class Shown:
    certificate: str = ""
    """Its x5t#S256; empty when none was shown."""
    subject: str = ""
    """As RFC 4514 writes it; an authority that this node trusts vouches for it."""

    def fits(self, client: Client) -> bool:
        """Of a client that was registered without a certificate nothing is asked."""
        if client.certificate:
            return self.certificate == client.certificate
        return not client.subject or (bool(self.certificate) and self.subject == client.subject)


def shown(environ: Mapping[str, Any]) -> Shown:
    return Shown(str(environ.get(CERTIFICATE) or ""), str(environ.get(SUBJECT) or ""))


def is_bound(client: Client) -> bool:
    """Whether its tokens count only with the certificate with which they were asked for."""
    return bool(client.certificate or client.subject)
