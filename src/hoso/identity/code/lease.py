"""A lease: a signed list of codes that one node may give out while the centre cannot be reached.

The file is two lines: the lease as JSON, and the centre's signature over exactly those bytes. Each code comes with
the centre's signature for its card, so that a node prints signed cards and holds no secret.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from hoso.core import citizen_code
from hoso.identity.code import card
from hoso.identity.code.signing import Signer, is_signed, key_id

Fault = Literal["form", "key", "signature", "codes"]

FORM = "hoso code lease 1"
USE = b"hoso code lease 1\n"
LARGEST = 100_000
LARGEST_FILE = 16_000_000


class BadLease(Exception):
    """A file that gives no right to any code. `key` names the key that signed it when that is what is unknown."""

    def __init__(self, fault: Fault, key: str = "") -> None:
        super().__init__(fault, key)
        self.fault, self.key = fault, key


@dataclass(frozen=True, slots=True)
class Lease:
    """Times are milliseconds. A signature belongs to the card of its code without initials and birth year."""

    id: str
    facility: str
    node: str
    made: int
    expires: int
    key: str
    codes: Sequence[tuple[str, bytes]]


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    form: str
    id: str
    facility: str
    node: str
    made: int
    expires: int
    key: str
    codes: list[tuple[str, str]]


_read = msgspec.json.Decoder(_Line).decode
_write = msgspec.json.Encoder().encode


def make(
    id: str, facility: str, node: str, made: int, expires: int, codes: Iterable[str], signer: Signer
) -> tuple[Lease, bytes]:
    """The lease and its file."""
    key = key_id(signer.public)
    cards = [(code, signer.sign(card.USE, card.message(card.Card(code, key)))) for code in codes]
    packed = [(code, b64encode(signature).decode()) for code, signature in cards]
    line = _write(_Line(FORM, id, facility, node, made, expires, key, packed))
    lease = Lease(id, facility, node, made, expires, key, cards)
    return lease, line + b"\n" + b64encode(signer.sign(USE, line)) + b"\n"


def read(file: bytes, public_keys: Iterable[bytes]) -> Lease:
    """The lease in a file that one of the keys has signed. Raises BadLease; a lease is believed whole or not at all."""
    first, _, second = file.strip().partition(b"\n")
    try:
        line = _read(first)
        signature = b64decode(second, validate=True)
    except (msgspec.MsgspecError, Error, ValueError) as error:
        raise BadLease("form") from error
    if line.form != FORM:
        raise BadLease("form")
    named = [public for public in public_keys if key_id(public) == line.key]
    if not named:
        raise BadLease("key", line.key)
    public = next((key for key in named if is_signed(key, signature, USE, first)), None)
    if public is None:
        raise BadLease("signature")
    return Lease(
        line.id, line.facility, line.node, line.made, line.expires, line.key, _codes(line.codes, line.key, public)
    )


def _codes(packed: list[tuple[str, str]], key: str, public: bytes) -> list[tuple[str, bytes]]:
    found = {}
    for code, signature in packed:
        if not citizen_code.is_valid(code) or code in found:
            raise BadLease("codes")
        found[code] = b64decode(signature)
        if not is_signed(public, found[code], card.USE, card.message(card.Card(code, key))):
            raise BadLease("codes")
    return list(found.items())
