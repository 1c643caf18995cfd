"""Where notifications may be sent: hosts that the operator listed, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import SplitResult

from hoso.access.outward import Host, NotAllowed, plain


@dataclass(frozen=True, slots=True)
class Listed:
    """A listed host; `secure` false only where it is this machine."""

    host: Host
    secure: bool = True

    @classmethod
    def parse(cls, text: str) -> Listed:
        """As `Host`, and "http://127.0.0.1:9000" or "http://hook.test:9000=127.0.0.1". Raises ValueError."""
        if not text.startswith("http://"):
            return cls(Host.parse(text.removeprefix("https://")))
        rest = text.removeprefix("http://")
        host = Host.parse(rest)
        address = host.address or host.name
        if not ip_address(address).is_loopback:
            raise ValueError(f"plain http only to this machine: {text}")
        port = host.port if ":" in rest.partition("=")[0] else 80
        return cls(Host(host.name, port, address), secure=False)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """`authorities`: certificates by which their hosts are trusted, in place of the system's."""

    listed: tuple[Listed, ...] = ()
    authorities: Path | None = None

    def allowed(self, url: str) -> tuple[Listed, SplitResult]:
        """The listed host that an address names exactly. Raises NotAllowed."""
        parts = plain(url, "https", "http")
        secure = parts.scheme == "https"
        port = parts.port or (443 if secure else 80)
        for one in self.listed:
            if (one.host.name, one.host.port, one.secure) == (parts.hostname, port, secure):
                return one, parts
        raise NotAllowed("the host is not listed in config.toml ([subscriptions] endpoints)")
