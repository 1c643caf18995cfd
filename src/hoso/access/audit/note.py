"""Signed statements about a log in the formats of C2SP: signed-note with Ed25519, tlog-checkpoint, tlog-cosignature.

A note is text, an empty line, and signatures; one of an unknown signer is ignored, one that is wrong spoils the note.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519, COSIGNATURE = 1, 4
"""Algorithms of a signed note: of a log itself, and of a witness with the time at which it looked."""
_NAME = re.compile(r"[^\s+]{1,200}\Z")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}\Z")
LONGEST = 16_384


class BadNote(Exception):
    """A text that is no note, or a signature that is not right. Says which."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """The public half: "name+id+key" as text."""

    name: str
    algorithm: int
    key: bytes

    @property
    def id(self) -> bytes:
        return sha256(f"{self.name}\n".encode() + bytes([self.algorithm]) + self.key).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{encoded(bytes([self.algorithm]) + self.key)}"

    @classmethod
    def parse(cls, text: str) -> Verifier:
        name, _, rest = text.strip().partition("+")
        id, _, packed = rest.partition("+")
        key = decoded(packed)
        if not _NAME.match(name) or len(key) != 33 or key[0] not in (ED25519, COSIGNATURE):
            raise BadNote("no key of a note")
        found = cls(name, key[0], key[1:])
        if found.id.hex() != id:
            raise BadNote("the key does not belong to its id")
        return found

    def check(self, signature: bytes, text: bytes) -> bool:
        """Whether it is this signer's over the text of a note."""
        if self.algorithm == COSIGNATURE:
            if len(signature) != 72:
                return False
            text, signature = cosigned(int.from_bytes(signature[:8], "big"), text), signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A name with its private key; `cosigns` when it is a witness's."""

    name: str
    secret: Ed25519PrivateKey
    algorithm: int = ED25519

    @classmethod
    def of(cls, name: str, seed: bytes, algorithm: int = ED25519) -> Signer:
        return cls(name, Ed25519PrivateKey.from_private_bytes(seed), algorithm)

    @property
    def verifier(self) -> Verifier:
        return Verifier(self.name, self.algorithm, self.secret.public_key().public_bytes_raw())

    def sign(self, text: str, seconds: int = 0) -> str:
        """The line of a signature; `seconds` since 1970 is when a witness looked."""
        data = text.encode()
        if self.algorithm == COSIGNATURE:
            signature = seconds.to_bytes(8, "big") + self.secret.sign(cosigned(seconds, data))
        else:
            signature = self.secret.sign(data)
        return f"\u2014 {self.name} {encoded(self.verifier.id + signature)}"


def cosigned(seconds: int, text: bytes) -> bytes:
    """What a witness signs."""
    return f"cosignature/v1\ntime {seconds}\n".encode() + text


@dataclass(frozen=True, slots=True)
class Note:
    text: str
    signatures: tuple[str, ...]

    @classmethod
    def parse(cls, note: str) -> Note:
        text, mark, rest = note.rpartition("\n\n")
        lines = rest.split("\n")
        if not mark or len(note) > LONGEST or lines[-1] != "" or len(lines) < 2:
            raise BadNote("no signed note")
        if any(ord(char) < 32 and char != "\n" for char in note):
            raise BadNote("control characters in a note")
        return cls(text + "\n", tuple(lines[:-1]))

    def __str__(self) -> str:
        return self.text + "\n" + "".join(f"{line}\n" for line in self.signatures)

    def signed_by(self, verifier: Verifier) -> bytes | None:
        """This signer's signature, None without one. Raises BadNote for a wrong one."""
        for line in self.signatures:
            dash, _, rest = line.partition(" ")
            name, _, packed = rest.partition(" ")
            data = decoded(packed)
            if dash != "\u2014" or not _NAME.match(name) or len(data) < 5:
                raise BadNote("a line that is no signature")
            if (name, data[:4]) == (verifier.name, verifier.id):
                if not verifier.check(data[4:], self.text.encode()):
                    raise BadNote(f"a wrong signature of {name}")
                return data[4:]
        return None


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """That the log `origin` has `size` leaves with this root."""

    origin: str
    size: int
    root: bytes

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{encoded(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        lines = text.split("\n")
        if len(lines) < 4 or lines[-1] or not lines[0] or not _NUMBER.match(lines[1]):
            raise BadNote("no checkpoint")
        root = decoded(lines[2])
        if len(root) != 32:
            raise BadNote("a root of another length")
        return cls(lines[0], int(lines[1]), root)


def opened(note: str, verifier: Verifier) -> tuple[Note, Checkpoint]:
    """A checkpoint signed by its log. Raises BadNote."""
    found = Note.parse(note)
    if found.signed_by(verifier) is None:
        raise BadNote(f"not signed by {verifier.name}")
    checkpoint = Checkpoint.parse(found.text)
    if checkpoint.origin != verifier.name:
        raise BadNote("a checkpoint of another log")
    return found, checkpoint


def encoded(data: bytes) -> str:
    return b64encode(data).decode("ascii")


def decoded(text: str) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except (Base64Error, ValueError) as error:
        raise BadNote("no base64") from error
    if encoded(data) != text:
        raise BadNote("base64 with spare bits")
    return data
