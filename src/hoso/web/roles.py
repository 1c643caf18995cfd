"""From a role to what it may read and write: the table roles.toml as scopes of an actor."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from hoso.access.actor import Actor
from hoso.access.scope import Scopes


@cache
def titles() -> dict[str, str]:
    """Role → its title, a catalogue key."""
    return {role: entry["title"] for role, entry in _table().items()}


@cache
def scopes(role: str) -> Scopes:
    """Nothing for a role that is no longer in the table."""
    entry = _table().get(role, {})
    types = ["*"] if entry.get("read") == "*" else entry.get("read", [])
    return Scopes.over(types, entry.get("write", ()))


def administers(role: str) -> bool:
    """Whether this is somebody who decides about apps and systems."""
    return bool(_table().get(role, {}).get("administers"))


def actor(username: str, role: str) -> Actor:
    return Actor(f"user/{username}", scopes(role))


@cache
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads((files("hoso.web") / "roles.toml").read_text("utf-8"))
