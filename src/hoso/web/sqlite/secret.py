"""The key that the file of the accounts is encrypted with."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Protocol

from hoso.core.keychain import Former, Keychain


class WebKeys(Protocol):
    @property
    def web(self) -> bytes: ...
    @property
    def accounts(self) -> bytes | None: ...
    @property
    def names(self) -> bytes | None: ...
    @property
    def former(self) -> Mapping[str, tuple[Former, ...]]: ...


def of_accounts(keys: WebKeys) -> bytes:
    """One of its own since it was changed first, until then one made of the key of the pages."""
    return keys.accounts if keys.accounts is not None else derived(keys.web, b"accounts.db")


def of_pages(keys: WebKeys) -> Keychain:
    """Django's own secret: what it signs, and second factors are sealed with."""
    former = [Former(derived(one.key, b"django"), one.until) for one in keys.former.get("web", ())]
    return Keychain(derived(keys.web, b"django"), former)


def of_names(keys: WebKeys) -> Keychain:
    """Of the hashes by which numbers and codes are found again: one of its own since that of the pages was changed."""
    own = keys.names if keys.names is not None else derived(keys.web, b"django")
    return Keychain(own, keys.former.get("names", ()))


def derived(key: bytes, use: bytes) -> bytes:
    return blake2b(use, key=key, digest_size=32).digest()
