"""The hub above this node, as enrolling left it in the node's folder: where it is and whom to believe."""

from __future__ import annotations

import hmac
import json
import tomllib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

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
    """`addresses`: the first that answers is used."""

    folder: Path
    addresses: tuple[str, ...]
    hub: str
    hub_public: bytes
    centre: str
    centre_public: bytes
    name: str
    facility: str

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
        ]  # fmt: skip
        keyfile.write(self.folder / "hub.toml", "\n".join([*lines, ""]).encode())

    @property
    def certificate(self) -> Path:
        return self.folder / "node.pem"

    @property
    def authority(self) -> Path | None:
        file = self.folder / "trusted.pem"
        return file if file.is_file() else None

    def line(self, address: str) -> Line:
        return Line(address, self.authority, (self.certificate, self.folder / "node.key"))

    def is_due(self, now: datetime) -> bool:
        return keyfile.ends(self.certificate) - now < timedelta(days=keyfile.RENEW_DAYS)

    def renewed(self, node: str, said: Renewed) -> bool:
        """Keeps what a hub answered; whether it was a certificate of this node's key."""
        public = keyfile.public_bytes(keyfile.own_key(self.folder / "node.key").public_key())
        if not keyfile.proves(said.certificate, node, public, self.hub_public):
            return False
        keyfile.write(self.certificate, said.certificate)
        if (said.centre, said.public) != (self.centre, self.centre_public):
            replace(self, centre=said.centre, centre_public=said.public).write()
        return True


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
        proof = bytes.fromhex(found["proof"])
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
        enrolled.facility,
    )  # fmt: skip
    above.write()
    return above
