"""Changing the secrets that sign and hash: the new one counts from now on, the one of before until a stated day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hoso import compose, outbound, subscriptions
from hoso.access.audit.running import Turn
from hoso.core.clock import Clock, system_clock
from hoso.core.durable import settle
from hoso.core.keychain import Former, Keychain
from hoso.keyfolder import (
    ACCOUNTS,
    FORMER,
    NAMES,
    NEW,
    OPENID,
    fresh,
    read_former,
    read_key,
    read_keys,
    write_former,
    write_secret,
)
from hoso.rotation import locked, overwrite
from hoso.store.record_store import RecordStore
from hoso.web.accounts import rekeying
from hoso.web.oauth.settings import signing_key
from hoso.web.sqlite.secret import of_accounts, of_names

HELD = {"web": 30, "names": 90, "links": 2, "openid": 1}
"""Days for which what was made with the key of before holds: an open form, codes on paper, an export, a token."""


class Served(Exception):
    """The node serves: its processes would go on with the key of before."""


def secret(folder: Path, name: str, clock: Clock = system_clock) -> datetime:
    """A new key of those that sign or hash, of a node that nobody serves; until when the one of before holds.

    The key of before is written down before it is replaced, so a kill at any moment loses neither. Raises Served.
    """
    keys = folder / "keys"
    until = clock() + timedelta(days=HELD[name])
    with locked(keys), unserved(folder):
        if name == "web":
            _keep_apart(folder)
        old, file = _content(keys, name), keys / f"{name}{FORMER}"
        kept = [one for one in read_former(file) if one.key != old]
        write_former(file, [Former(old, until), *kept])
        settle(keys)
        if name == OPENID:
            (keys / name).unlink(missing_ok=True)
            signing_key.cache_clear()
            signing_key(keys / name)
        else:
            _put(keys / name, fresh())
        settle(keys)
    return until


def anew(config: compose.Config, store: RecordStore, clock: Clock = system_clock) -> int:
    """What is kept sealed, under the keys of now; answers of how many. Then what holds no more goes.

    At every change and every start, so that nothing hangs on a key that is about to go.
    """
    keys, now = config.folder / "keys", clock()
    former = config.keys.former
    number = 0
    if former.get("links"):
        chain = Keychain(config.keys.links, former["links"], lambda: datetime.min.replace(tzinfo=UTC))
        number += subscriptions.sealed_anew(store, chain) + outbound.sealed_anew(store, chain)
    if former.get("web") or former.get("names"):
        number += rekeying.anew(config)
    for name in HELD:
        living = [one for one in former.get(name, ()) if now < one.until]
        if len(living) < len(former.get(name, ())):
            write_former(keys / f"{name}{FORMER}", living)
    return number


def _keep_apart(folder: Path) -> None:
    """What was made of the key of the pages so far gets its own file, and stays as it is."""
    found = read_keys(folder / "keys")
    if found.accounts is None and (folder / "accounts.db").exists():
        _put(folder / "keys" / ACCOUNTS, f"{of_accounts(found).hex()}\n")
    if found.names is None:
        _put(folder / "keys" / NAMES, f"{of_names(found).key.hex()}\n")


def _content(keys: Path, name: str) -> bytes:
    if name == OPENID:
        return signing_key(keys / name).encode()
    if name == NAMES and not (keys / name).is_file():
        return of_names(read_keys(keys)).key
    return read_key(keys / name)


def _put(file: Path, text: str) -> None:
    """In place of what is there, which is overwritten, whole or not at all."""
    coming = file.with_name(f"{file.name}{NEW}")
    coming.unlink(missing_ok=True)
    write_secret(coming, text)
    if file.is_file():
        overwrite(file)
    coming.replace(file)


@contextmanager
def unserved(folder: Path) -> Iterator[None]:
    """No process that serves has the turn to seal the log, which each of them waits for."""
    turn = Turn(folder / "sealer.lock")
    try:
        if not turn.mine():
            raise Served
        yield
    finally:
        turn.close()
