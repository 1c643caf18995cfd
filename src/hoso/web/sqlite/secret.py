"""The key that the file of the accounts is encrypted with."""

from __future__ import annotations

from hashlib import blake2b
from typing import Protocol


class WebKeys(Protocol):
    @property
    def web(self) -> bytes: ...
    @property
    def accounts(self) -> bytes | None: ...


def of_accounts(keys: WebKeys) -> bytes:
    """One of its own since it was changed first, until then one made of the key of the pages."""
    return keys.accounts if keys.accounts is not None else derived(keys.web, b"accounts.db")


def derived(key: bytes, use: bytes) -> bytes:
    return blake2b(use, key=key, digest_size=32).digest()
