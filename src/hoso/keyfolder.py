"""A node's folder of keys: raw 32-byte secrets, each in a file of its own that nobody but its owner may read."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from hoso.core.clock import instant, to_ms
from hoso.core.keychain import Former, Keychain

KEYS = ("database", "links", "web", "audit", "seal")
CENTRE_KEYS = ("codes", "signing")
ACCOUNTS = "accounts"
NAMES = "names"
OPENID = "openid"
LATER = ("audit", "seal")
"""Keys that nodes of before them get when they are first opened."""
NEW = ".new"
"""The ending of a key that is about to take the place of another."""
FORMER = ".former"
"""The ending of a file with the keys of before: on each line one, and until when what was made with it holds."""


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
    names: bytes | None = field(repr=False, default=None)
    """Of the hashes by which numbers and codes are found again; until `web` is changed first that is made of it."""
    former: Mapping[str, tuple[Former, ...]] = field(repr=False, default_factory=dict)
    """By the name of a key, those of before it."""

    @property
    def pages(self) -> Keychain:
        return Keychain(self.links, self.former.get("links", ()))


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


def carried(folder: Path) -> list[str]:
    """Files that a node may have besides, and that a copy of the keys has too: what was made with them still holds, and
    facilities sign with theirs."""
    names = [NAMES, *(f"{name}{FORMER}" for name in ("web", NAMES, "links"))]
    names += sorted(file.name for file in folder.glob("sign-*.pem"))
    return [name for name in names if (folder / name).is_file()]


def read_keys(folder: Path) -> Keys:
    """Raises BadConfig for a key that is not one, or that others may read."""
    if (folder / OPENID).is_file():  # the pages read it themselves
        _only_ours(folder / OPENID)
    own = {name: read_key(folder / name) for name in (ACCOUNTS, NAMES) if (folder / name).is_file()}
    former = {name: read_former(folder / f"{name}{FORMER}") for name in ("web", NAMES, "links", OPENID)}
    return Keys(**{name: read_key(folder / name) for name in key_files(folder)}, **own, former=former)


def read_former(file: Path) -> tuple[Former, ...]:
    """The newest first. Raises BadConfig."""
    if not file.is_file():
        return ()
    _only_ours(file)
    try:
        lines = [line.split(" ") for line in file.read_text("ascii").splitlines()]
        return tuple(Former(bytes.fromhex(key), datetime.fromisoformat(until)) for key, until in lines)
    except (OSError, ValueError) as error:
        raise BadConfig(file, type(error).__name__) from error


def write_former(file: Path, keys: Sequence[Former]) -> None:
    """In place of what is there, whole or not at all."""
    fresh_file = file.with_name(f"{file.name}{NEW}")
    fresh_file.unlink(missing_ok=True)
    write_secret(fresh_file, "".join(f"{one.key.hex()} {instant(to_ms(one.until))}\n" for one in keys))
    fresh_file.replace(file)


def _only_ours(file: Path) -> None:
    mode = stat.S_IMODE(file.stat().st_mode)
    if mode & 0o077:
        raise OpenKey(file, f"others may read or change it (mode {mode:03o}): chmod 600 {file}")


def read_key(file: Path) -> bytes:
    try:
        _only_ours(file)
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


def check_hub(folder: Path) -> None:
    """Raises BadConfig for what enrolling left in the folder and somebody changed since: better now than mid-way."""
    if not folder.is_dir():
        return
    from hoso import syncing
    from hoso.sync.keyfile import BadKey, ends, own_key

    file = folder / "hub.toml"
    try:
        if syncing.upward(folder) is not None:
            file = folder / "node.pem"
            ends(file)
        file = folder / "node.key"
        if file.is_file():
            own_key(file)
    except BadKey as error:
        raise BadConfig(file, str(error)) from error
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise BadConfig(file, str(error) or type(error).__name__) from error
