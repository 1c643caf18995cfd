"""What a node's config.toml says about how it is reached: `[tls]`, and of `[http]` the proxies in front."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hoso.transit import origins
from hoso.transit.edge import LOOPBACK, Network, network
from hoso.transit.pair import Pair

VERSIONS = ("1.3", "1.2")


@dataclass(frozen=True, slots=True)
class Systems:
    """The door for systems that show a certificate of their own."""

    port: int
    authorities: Path
    """Certificates of those whose word about a system counts."""
    revoked: Path | None = None
    """Their lists of certificates that count no longer."""


@dataclass(frozen=True, slots=True)
class Nodes:
    """The door for nodes below."""

    port: int
    only: bool = False
    """What nodes say at another door is refused."""


@dataclass(frozen=True, slots=True)
class Transit:
    pair: Pair | None = None
    """None: plain HTTP, for this machine alone or behind a proxy."""
    proxies: tuple[Network, ...] = ()
    systems: Systems | None = None
    nodes: Nodes | None = None
    hosts: frozenset[str] = field(default_factory=lambda: frozenset(LOOPBACK))
    """Names it goes by: of its address, and the machine's own."""
    name: str = ""
    """That of its address."""
    fhir_url: str = ""
    """A second address, for systems alone."""

    @property
    def fhir_name(self) -> str:
        return urlsplit(self.fhir_url).hostname or ""

    def stamp(self) -> tuple[tuple[int, int, int], ...]:
        """Changes when one of the files is written anew or replaced; empty while one is missing."""
        named = (
            *((self.pair.certificate, self.pair.key) if self.pair else ()),
            *((self.systems.authorities, self.systems.revoked) if self.systems else ()),
        )
        try:
            found = [file.stat() for file in named if file is not None]
        except OSError:
            return ()
        return tuple((each.st_mtime_ns, each.st_size, each.st_ino) for each in found)


def parse(folder: Path, read: Mapping[str, Any], base_url: str) -> Transit:
    """Raises ValueError for what contradicts itself."""
    tls = dict(read.get("tls", {}))
    pair = _pair(folder, tls)
    proxies = tuple(network(str(text)) for text in read.get("http", {}).get("proxies", ()))
    address = urlsplit(base_url)
    if pair and address.scheme != "https":
        raise ValueError('[tls] has a certificate: base_url must be the https address it is for, "https://NAME"')
    if proxies and not address.hostname:
        raise ValueError("[http] proxies: base_url must be the address under which the proxy is reached")
    fhir_url = origins.parse(str(read.get("http", {}).get("fhir_url", "")), base_url)
    hosts = frozenset((*LOOPBACK, *(name for name in (address.hostname, urlsplit(fhir_url).hostname) if name)))
    return Transit(
        pair, proxies, _systems(folder, tls, pair), _nodes(tls, pair), hosts, address.hostname or "", fhir_url
    )


def _pair(folder: Path, tls: Mapping[str, Any]) -> Pair | None:
    certificate, key, oldest = str(tls.get("certificate", "")), str(tls.get("key", "")), tls.get("oldest", "1.3")
    if oldest not in VERSIONS:
        raise ValueError(f'[tls] oldest is "1.3" or "1.2", not {oldest!r}')
    if bool(certificate) != bool(key):
        raise ValueError("[tls] certificate and key belong together")
    return Pair(folder / certificate, folder / key, oldest) if certificate else None


def _systems(folder: Path, tls: Mapping[str, Any], pair: Pair | None) -> Systems | None:
    port, authorities, revoked = (
        tls.get("systems_port", 0),
        str(tls.get("authorities", "")),
        str(tls.get("revoked", "")),
    )
    if not _is_port("systems_port", port):
        return None
    if pair is None or not authorities:
        raise ValueError("[tls] systems_port needs certificate, key and authorities")
    return Systems(port, folder / authorities, folder / revoked if revoked else None)


def _nodes(tls: Mapping[str, Any], pair: Pair | None) -> Nodes | None:
    port, only = tls.get("nodes_port", 0), tls.get("nodes_only", False)
    if not isinstance(only, bool) or (only and not port):
        raise ValueError("[tls] nodes_only is true or false, and needs nodes_port")
    if not _is_port("nodes_port", port):
        return None
    if pair is None:
        raise ValueError("[tls] nodes_port needs certificate and key")
    return Nodes(port, only)


def _is_port(name: str, port: object) -> bool:
    if not port:
        return False
    if isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65_536:
        raise ValueError(f"[tls] {name} is a number from 1 to 65535, or 0 for none")
    return True
