"""Ids for what arrives without one of ours: the same input always gets the same id, so a second load finds the first.

The rule is explained in docs/how-to/load.md; two different records must never come to share an id by accident.
"""

from __future__ import annotations

import hashlib
import re
from uuid import NAMESPACE_URL, UUID, uuid5

_NAMESPACE = UUID("6f7f6d1c-1b8b-4a55-9a3c-0d5c4a0e6b11")
_NUMBERED = UUID("0b7c6a52-54f1-4c0e-9d39-8f2f4e0d7a31")
_URN = re.compile(
    r"urn:uuid:([0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})\Z", re.IGNORECASE
)
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")


def from_full_url(full_url: str | None, document: str) -> str | None:
    """The id that a `fullUrl` stands for, within the document of that digest; None without one.

    A true UUID is unique in the world and is taken as it is, and an address names one record in the world. Anything
    else ("urn:uuid:1") means something only inside its own document.
    """
    if not full_url:
        return None
    if match := _URN.match(full_url):
        return match[1].lower()
    if full_url.startswith(("http://", "https://")):
        return str(uuid5(NAMESPACE_URL, full_url))
    return str(uuid5(_NAMESPACE, f"{document} {full_url}"))


def from_content(type: str, body: bytes, occurrence: int) -> str:
    """For a resource without any name: its content; `occurrence` tells equal ones in a document apart."""
    return str(uuid5(_NAMESPACE, f"{type} {hashlib.sha256(body).hexdigest()} {occurrence}"))


def from_numbers(*parts: str) -> str:
    """For what a facility knows by its own numbers: its code, the kind of thing, the numbers."""
    return str(uuid5(_NUMBERED, "\n".join(parts)))


def is_id(text: object) -> bool:
    return isinstance(text, str) and _ID.match(text) is not None
