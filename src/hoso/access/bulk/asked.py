"""What an export is asked for, and for whom, as kept until it is carried out; nothing secret is among it."""

from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from typing import Any, Literal

import msgspec

from hoso.access.actor import Actor
from hoso.access.errand import Errand
from hoso.access.grain import parse as grain
from hoso.access.scope import Right, Scopes

Level = Literal["system", "patient", "group"]


class Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    """`types` is what is exported, in this order. `patients` are ids of Patients, None for everybody.

    `filters` are searches, by type, of which one must be met; `elements` names what is kept of a type, "*" of any.
    """

    level: Level
    types: tuple[str, ...]
    patients: tuple[str, ...] | None = None
    since: str = ""
    filters: dict[str, tuple[str, ...]] = {}
    elements: dict[str, tuple[str, ...]] = {}


def asked_text(asked: Asked) -> str:
    return msgspec.json.encode(asked).decode()


def asked_of(text: str) -> Asked:
    return msgspec.json.decode(text, type=Asked)


def errand_text(errand: Errand) -> str:
    """Who asked and why, so that the work is decided and told as theirs."""
    actor = errand.actor
    plain = {name: getattr(errand, name) for name in (*_ERRAND, *(["base"] if errand.base else []))}
    who = {name: getattr(actor, name) for name in _ACTOR}
    rights = {type: "".join(sorted(letters)) for type, letters in sorted(actor.scopes.rights.items())}
    labels = None if actor.labels is None else sorted(actor.labels)
    grains = sorted(map(str, actor.scopes.grains))
    return msgspec.json.encode(
        {**plain, "actor": {**who, "rights": rights, "grains": grains, "labels": labels}}
    ).decode()


def errand_of(text: str) -> Errand:
    kept = msgspec.json.decode(text, type=dict[str, Any])
    who = kept.pop("actor")
    rights: dict[str, frozenset[Right]] = {type: frozenset(letters) for type, letters in who.pop("rights").items()}
    scopes = Scopes(rights, frozenset(grain(one) for one in who.pop("grains")))
    labels = who.pop("labels")
    return Errand(Actor(**who, scopes=scopes, labels=None if labels is None else frozenset(labels)), **kept)


def owner(actor: Actor) -> str:
    """The same for the same caller with the same rights, whichever of its tokens it shows, and for nobody else."""
    text = errand_text(Errand(replace(actor, assurance="", certificate=""), "TREAT"))
    return blake2b(text.encode(), digest_size=24, person=b"hoso exporter").hexdigest()


def caller(actor: Actor) -> str:
    """Who is counted, whatever the rights of the token in hand."""
    return f"{actor.id} {actor.client}"


_ERRAND = ("purpose", "channel", "activity", "request", "session", "address", "reason", "grant")
_ACTOR = ("id", "role", "facility", "practitioner", "person", "assurance", "client", "patient", "certificate")
