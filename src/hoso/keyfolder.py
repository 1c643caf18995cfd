"""A node's folder of keys: raw 32-byte secrets, each in a file of its own that nobody but its owner may read."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

KEYS = ("database", "links", "web", "audit", "seal")
CENTRE_KEYS = ("codes", "signing")
ACCOUNTS = "accounts"
LATER = ("audit", "seal")
"""Keys that nodes of before them get when they are first opened."""
NEW = ".new"
"""The ending of a key that is about to take the place of another."""


class BadConfig(Exception):
    """config.toml or a key cannot be used. `file` names it; `reason` says why in a word or two."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(f"{file}: {reason}")
        self.file, self.reason = file, reason


class OpenKey(BadConfig):
    """Others on the machine may read or change the key."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The database's encryption, the seal of page links, the web sessions, the audit log's name, and what wraps the
    keys of special records.

    `codes` and `signing` only the centre of citizen codes has: the permutation of its counter, and its signature.
    """

    database: bytes = field(repr=False)
    links: bytes = field(repr=False)
    web: bytes = field(repr=False)
    audit: bytes = field(repr=False)
    seal: bytes = field(repr=False)
    codes: bytes | None = field(repr=False, default=None)
    signing: bytes | None = field(repr=False, default=None)
    accounts: bytes | None = field(repr=False, default=None)
    """Of the file of the accounts since it was changed first; until then that is made of `web`."""


def make(folder: Path, *, centre: bool) -> None:
    for name in KEYS + CENTRE_KEYS if centre else KEYS:
        write_secret(folder / name, fresh())


def fresh() -> str:
    """The content of a new key's file."""
    return secrets.token_hex(32) + "\n"


def complete(folder: Path) -> None:
    """A node of before a key gets it."""
    for name in LATER:
        if (folder / "database").is_file() and not (folder / name).exists():
            with suppress(FileExistsError):  # another process was quicker
                write_secret(folder / name, fresh())


def key_files(folder: Path) -> tuple[str, ...]:
    """Names of the keys a node's folder of keys must hold: the centre has two more."""
    centre = any((folder / name).is_file() for name in CENTRE_KEYS)
    return KEYS + CENTRE_KEYS if centre else KEYS


def read_keys(folder: Path) -> Keys:
    """Raises BadConfig for a key that is not one, or that others may read."""
    own = folder / ACCOUNTS
    accounts = read_key(own) if own.is_file() else None
    return Keys(**{name: read_key(folder / name) for name in key_files(folder)}, accounts=accounts)


def read_key(file: Path) -> bytes:
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
        if mode & 0o077:
            raise OpenKey(file, f"others may read or change it (mode {mode:03o}): chmod 600 {file}")
        key = bytes.fromhex(file.read_text("ascii"))
    except (OSError, ValueError) as error:
        raise BadConfig(file, type(error).__name__) from error
    if len(key) != 32:
        raise BadConfig(file, f"{len(key)} bytes")
    return key


def write_secret(file: Path, text: str) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


@dataclass(slots=True)
class SealingKeys:
    """The sealing key as its file has it now; before it the one that is about to take its place, and wraps already."""

    folder: Path
    _stamp: tuple[object, ...] = ()
    _keys: Sequence[bytes] = ()

    def __call__(self) -> Sequence[bytes]:
        files = [self.folder / f"seal{NEW}", self.folder / "seal"]
        stamp = tuple((each.st_mtime_ns, each.st_ino) for file in files if (each := _stat(file)) is not None)
        if stamp != self._stamp:
            self._keys, self._stamp = [read_key(file) for file in files if file.is_file()], stamp
        return self._keys


def _stat(file: Path) -> os.stat_result | None:
    try:
        return file.stat()
    except FileNotFoundError:
        return None
