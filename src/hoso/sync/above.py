"""The hub above this node, as enrolling left it in the node's folder: where it is and whom to believe."""

from __future__ import annotations

import hmac
import json
import tomllib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from hoso.sync import keyfile
from hoso.sync.line import Line, Unreachable, told
from hoso.sync.messages import Renewed
from hoso.sync.nodes import Enrolled


class Refused(Exception):
    """The hub did not enrol this node: "code", "busy", "key", "other-key"; "proof": it does not know the code."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Above:
    """`addresses`: the first that answers is used. `port`: where the hub is shown the certificate, 0: nowhere."""

    folder: Path
    addresses: tuple[str, ...]
    hub: str
    hub_public: bytes
    centre: str
    centre_public: bytes
    name: str
    facility: str
    port: int = 0

    @classmethod
    def read(cls, folder: Path) -> Above | None:
        """None for a node that was not enrolled. Raises ValueError and KeyError for what was changed by hand."""
        file = folder / "hub.toml"
        if not file.is_file():
            return None
        found = tomllib.loads(file.read_text("utf-8"))
        return cls(
            folder, tuple(map(str, found["addresses"])), str(found["hub"]), bytes.fromhex(found["hub_public"]),
            str(found["centre"]), bytes.fromhex(found["centre_public"]), str(found["name"]), str(found["facility"]),
            _port(found.get("port", 0)),
        )  # fmt: skip

    def write(self) -> None:
        lines = [
            "# Made by `hoso node enrol`; addresses may be changed, the first that answers is used.",
            f"addresses = {json.dumps(self.addresses)}",
            *(
                f"{name} = {json.dumps(value, ensure_ascii=False)}"
                for name, value in (
                    ("hub", self.hub), ("hub_public", self.hub_public.hex()), ("centre", self.centre),
                    ("centre_public", self.centre_public.hex()), ("name", self.name), ("facility", self.facility),
                )
            ),
            f"port = {self.port}",
        ]  # fmt: skip
        keyfile.write(self.folder / "hub.toml", "\n".join([*lines, ""]).encode())

    @property
    def certificate(self) -> Path:
        return self.folder / "node.pem"

    @property
    def authority(self) -> Path | None:
        file = self.folder / "trusted.pem"
        return file if file.is_file() else None

    def lines(self) -> list[Line]:
        """In the order in which they are tried: those where the hub is shown who calls come first.

        The others carry the same signed frames; a hub that takes frames only where it is shown refuses them itself.
        """
        own = (self.certificate, self.folder / "node.key")
        shown = [at for one in self.addresses if self.port and (at := _at(one, self.port))]
        return [Line(address, self.authority, own) for address in (*shown, *self.addresses)]

    def is_due(self, now: datetime) -> bool:
        return keyfile.ends(self.certificate) - now < timedelta(days=keyfile.RENEW_DAYS)

    def renewed(self, node: str, said: Renewed) -> bool:
        """Keeps what a hub answered; whether it was a certificate of this node's key."""
        public = keyfile.public_bytes(keyfile.own_key(self.folder / "node.key").public_key())
        if not keyfile.proves(said.certificate, node, public, self.hub_public):
            return False
        keyfile.write(self.certificate, said.certificate)
        if (said.centre, said.public, said.port) != (self.centre, self.centre_public, self.port):
            replace(self, centre=said.centre, centre_public=said.public, port=_port(said.port)).write()
        return True


def _port(told: object) -> int:
    """Raises ValueError."""
    if not isinstance(told, int) or isinstance(told, bool) or not 0 <= told < 65_536:
        raise ValueError(f"port = {told!r}")
    return told


def _at(address: str, port: int) -> str:
    """The same host at another port; none for a hub on the same machine without TLS."""
    parts = urlsplit(address)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return urlunsplit(parts._replace(netloc=f"{host}:{port}")) if parts.scheme == "https" else ""


def enrol(folder: Path, node: str, address: str, code: str, trusted: Path | None) -> Above:
    """Makes the node's key, asks the hub, and keeps what it says. Raises Refused, Unreachable and OSError."""
    key = keyfile.own_key(folder / "node.key", make=True)
    public = keyfile.public_bytes(key.public_key())
    asked = json.dumps({"code": code, "node": node, "public": public.hex()}).encode()
    line = Line(address, trusted)
    try:
        found = told(line.post("/sync/enrol", asked, "application/json"))
    finally:
        line.close()
    if "why" in found:
        raise Refused(found["why"])
    try:
        enrolled = Enrolled(
            found["certificate"].encode(), found["name"], found["facility"], found["hub"],
            bytes.fromhex(found["hub_public"]), found["centre"], bytes.fromhex(found["centre_public"]),
        )  # fmt: skip
        proof, port = bytes.fromhex(found["proof"]), _port(int(found.get("port", "0")))
    except (KeyError, ValueError) as error:
        raise Unreachable("not an answer of a hub") from error
    proved = hmac.compare_digest(proof, enrolled.proof(code))
    if not proved or not keyfile.proves(enrolled.certificate, node, public, enrolled.hub_public):
        raise Refused("proof")
    if trusted is not None:
        keyfile.write(folder / "trusted.pem", trusted.read_bytes())
    keyfile.write(folder / "node.pem", enrolled.certificate)
    above = Above(
        folder, (address,), enrolled.hub, enrolled.hub_public, enrolled.centre, enrolled.centre_public, enrolled.name,
        enrolled.facility, port,
    )  # fmt: skip
    above.write()
    return above
