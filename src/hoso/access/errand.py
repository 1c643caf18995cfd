"""Who asks, why, and by which door: the one argument that every call of `Records` is decided and recorded by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hoso.access.actor import Actor, Purpose

Channel = Literal["screen", "print", "export", "api", "sync", "command", "automatic"]
Activity = Literal["view", "print", "export", "send"]
"""Reading is not copying (Law 15/2023 Art. 69)."""


@dataclass(frozen=True, slots=True)
class Errand:
    """Made by the door, never from a client's claim. `request` joins the events of one request, `session` and

    `address` say where it came from; `reason` are the coded reason and words of a break-glass, else empty.
    """

    actor: Actor
    purpose: Purpose
    channel: Channel = "api"
    activity: Activity = "view"
    request: str = ""
    session: str = ""
    address: str = ""
    reason: str = ""
