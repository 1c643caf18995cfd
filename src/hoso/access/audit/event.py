"""One thing somebody did or was refused, and the bytes that stand for it for ever.

The bytes are a JSON array that begins with the number of its form; a form, once released, is never changed. Every event
has a random salt, so that its hash can be shown to anybody without telling what it says.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from hoso.store.audit import AuditRow

FORM = 1
SALT = 16

Action = Literal["C", "R", "U", "D", "E"]
"""FHIR's AuditEvent.action: create, read, update, delete, execute."""
Outcome = Literal["ok", "denied", "failed"]


class Event(msgspec.Struct, frozen=True, kw_only=True, array_like=True):
    """One per request and patient concerned. Texts that do not apply are empty.

    The order of its fields is form 1.
    """

    time: int
    """Milliseconds since 1970."""
    actor: str
    """Such as "user/NAME"; see `Actor.id`."""
    action: Action
    kind: str
    """What was asked for: read, search, create, sign-in, denied, break-glass, export, …"""
    request: str = ""
    """Joins the events of one request."""
    role: str = ""
    facility: str = ""
    purpose: str = ""
    channel: str = ""
    activity: str = ""
    outcome: Outcome = "ok"
    types: tuple[str, ...] = ()
    """Types of data that were answered or written."""
    what: str = ""
    """"Type/id/version", or the canonical text of a search."""
    patient: int = 0
    """Number of the source record's patient at that time; 0 when it concerns nobody."""
    reason: str = ""
    grant: str = ""
    """Of a break-glass access: the id of what allowed it."""
    session: str = ""
    address: str = ""
    digest: bytes = b""
    """SHA-256 of the body that was answered, or of the list of its ids."""


_HEAD = f"[{FORM},".encode()
_FIELDS = len(Event.__struct_fields__)
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[object]).decode


class Unreadable(Exception):
    """Bytes that no form of an event explains."""


def canonical(event: Event) -> bytes:
    """The same bytes for the same event, always; texts that are no Unicode have their lone halves replaced."""
    try:
        return _HEAD + _encode(event)[1:]
    except UnicodeEncodeError:
        return _HEAD + _encode([_sound(value) for value in msgspec.structs.astuple(event)])[1:]


def _sound(value: object) -> object:
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def read(text: bytes) -> Event:
    """The event that canonical bytes stand for. Raises Unreadable."""
    try:
        form, *values = _decode(text)
        if form != FORM or len(values) != _FIELDS:
            raise Unreadable(f"form {form} with {len(values)} places")
        return msgspec.convert(values, Event)
    except (ValueError, msgspec.MsgspecError) as error:
        raise Unreadable(str(error)) from error


def legible(text: bytes | None) -> Event | None:
    """The same; None for what was emptied, and for bytes that are no event."""
    if not text:
        return None
    try:
        return read(text)
    except Unreadable:
        return None


def row(event: Event, salt: bytes) -> AuditRow:
    """What is stored of an event."""
    if len(salt) != SALT:
        raise ValueError(f"a salt has {SALT} bytes")
    return AuditRow(salt, canonical(event))
