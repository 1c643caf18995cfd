"""A hub and a station as `hoso` makes them, in this process; the hub's door for nodes on a real socket with TLS."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.store.samples import WHO, patient, put
from tests.transit.certificates import authority, server

from hoso import compose, syncing
from hoso.access.audit.event import read
from hoso.api.patience import Patience
from hoso.sync import keyfile
from hoso.sync.above import Above
from hoso.transit import nodes
from hoso.transit.pair import Pair
from hoso.transit.settings import Nodes
from hoso.transit.systems import SystemsDoor


@dataclass
class Hub:
    node: compose.Node
    port: int
    trusted: Path

    @property
    def parts(self) -> syncing.Parts:
        return self.node.agreeing

    def told(self) -> list[str]:
        """What its log says was refused at the door for nodes."""
        self.node.audit.sealer.settle()
        rows = self.node.store.engine.reader().rows("SELECT bytes FROM audit_event ORDER BY id")
        events = [read(bytes(row[0])) for row in rows]
        return [one.what for one in events if one.kind == "sync" and one.outcome == "denied"]

    def enrol(self, station: compose.Node) -> Above:
        """By its code, without the line."""
        below, folder = syncing.hub(self.parts), station.agreeing.keys
        key = keyfile.own_key(folder / "node.key", make=True)
        made = below.enrol(below.invite("a", "79001"), station.config.node, keyfile.public_bytes(key.public_key()))
        keyfile.write(folder / "node.pem", made.certificate)
        keyfile.write(folder / "trusted.pem", self.trusted.read_bytes())
        above = Above(
            folder, (f"https://localhost:{_closed()}",), made.hub, made.hub_public, made.centre, made.centre_public,
            made.name, made.facility, self.port,
        )  # fmt: skip
        above.write()
        return above


def _closed() -> int:
    """A port at which nobody answers."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


@contextmanager
def hub(folder: Path, *, only: bool = True) -> Iterator[Hub]:
    compose.create(folder / "hub")
    ours = authority(folder)
    pair = Pair(*server(ours, "localhost", "localhost"))
    with closing(compose.open(folder / "hub")) as node:
        port = _closed()
        made = nodes.context(pair, syncing.authority(node.config.folder, node.config.node))
        answers: Any = syncing.door(node.agreeing, Patience(), Nodes(port, only))
        door = SystemsDoor("127.0.0.1", port, made, nodes.only_sync(answers), syncing.denied(node.agreeing))
        threading.Thread(target=door._take, daemon=True).start()
        yield Hub(node, port, ours.certificate)
        door._over = True
        door._listener.shutdown(socket.SHUT_RDWR)
        door._listener.close()


@contextmanager
def station(folder: Path, hub: Hub, *patients: str) -> Iterator[compose.Node]:
    compose.create(folder, station=True)
    with closing(compose.open(folder)) as node:
        hub.enrol(node)
        for id in patients:
            node.store.save([put(patient(), id)], WHO)
        yield node


def shake(hub: Hub, shown: tuple[Path, Path] | None, oldest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> bytes:
    """What the door says to whoever shows this; b"" when it hangs up."""
    context = ssl.create_default_context(cafile=str(hub.trusted))
    context.minimum_version = context.maximum_version = oldest
    if shown is not None:
        context.load_cert_chain(*map(str, shown))
    try:
        with (
            socket.create_connection(("127.0.0.1", hub.port), 20) as plain,
            context.wrap_socket(plain, server_hostname="localhost") as proved,
        ):
            proved.sendall(b"POST /sync HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\nabc")
            return proved.recv(1000)
    except OSError:
        return b""
