"""Who asks, why, and by which door: the one argument that every call of `Records` is decided and recorded by."""

from __future__ import annotations

from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Literal, cast

from hoso.access.actor import Actor, Purpose
from hoso.access.notes import Notes
from hoso.access.policy import matrix

Channel = Literal["screen", "print", "export", "api", "sync", "command", "automatic"]
Activity = Literal["view", "print", "export", "send"]
"""Reading is not copying (Law 15/2023 Art. 69)."""


@dataclass(frozen=True, slots=True)
class Errand:
    """Made by the door, never from a client's claim. `request` joins the events of one request, `session` and

    `address` say where it came from; `reason` are the coded reason and words of a break-glass and `grant` its id.
    """

    actor: Actor
    purpose: Purpose
    channel: Channel = "api"
    activity: Activity = "view"
    request: str = ""
    session: str = ""
    address: str = ""
    reason: str = ""
    grant: str = ""
    base: str = ""
    """The address of this node as the caller of `/fhir` wrote it: what is sent to them later leads there."""
    notes: Notes | None = field(default=None, compare=False, repr=False)
    """Of a page: what it shows is told together by its door before its first byte. None: each call tells at once."""


def usual_purpose(actor: Actor) -> Purpose:
    """For a door that asks nobody what for: treatment, unless that is not the role's to give."""
    return cast(Purpose, matrix.usual_purpose(actor.role))


def trace(secret: str) -> str:
    """What stands in the log for a token or a session: always the same, and no way back, for nobody can guess it."""
    return blake2b(secret.encode(), digest_size=12, person=b"hoso session").hexdigest() if secret else ""
