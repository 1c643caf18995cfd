"""From a role to what it may read: the table roles.toml as scopes of an actor."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from hoso.access.actor import Actor
from hoso.access.scope import Scopes

_READ = frozenset({"r", "s"})


@cache
def titles() -> dict[str, str]:
    """Role → its title, a catalogue key."""
    return {role: entry["title"] for role, entry in _table().items()}


@cache
def scopes(role: str) -> Scopes:
    """Nothing for a role that is no longer in the table."""
    readable = _table().get(role, {}).get("read", [])
    types = ["*"] if readable == "*" else readable
    return Scopes({type: _READ for type in types})


def actor(username: str, role: str) -> Actor:
    return Actor(f"user/{username}", scopes(role))


@cache
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads((files("hoso.web") / "roles.toml").read_text("utf-8"))
