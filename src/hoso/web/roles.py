"""From a role to what it may read and write: the table roles.toml as scopes of an actor."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from hoso.access.actor import Actor, Purpose
from hoso.access.policy import scopes as policy
from hoso.access.scope import Scopes

CITIZEN = "citizen"


@cache
def titles() -> dict[str, str]:
    """Role → its title, a catalogue key."""
    return {role: entry["title"] for role, entry in _table().items()}


def staff() -> list[str]:
    """Roles an operator may give; citizens come by a code from a facility."""
    return [role for role in _table() if role != CITIZEN]


@cache
def scopes(role: str) -> Scopes:
    """Nothing for a role that is no longer in the table."""
    entry = _table().get(role, {})
    types = ["*"] if entry.get("read") == "*" else entry.get("read", [])
    return Scopes.over(types, entry.get("write", ()))


def administers(role: str) -> bool:
    """Whether this is somebody who decides about apps and systems."""
    return bool(_table().get(role, {}).get("administers"))


def actor(username: str, role: str, person: str = "") -> Actor:
    """A citizen acts in the role of the policy's table, which opens the own record only."""
    if role == CITIZEN:
        return Actor(f"user/{username}", policy.scopes(role), role=role, person=person)
    return Actor(f"user/{username}", scopes(role))


def purpose(actor: Actor) -> Purpose:
    """What somebody who acts in person reads for."""
    return "PATRQT" if actor.role == CITIZEN else "TREAT"


@cache
def _table() -> dict[str, dict[str, Any]]:
    return tomllib.loads((files("hoso.web") / "roles.toml").read_text("utf-8"))
