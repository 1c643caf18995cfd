"""Writes the labels that a record has into the text that is answered; the stored text stays as it came.

Labels that nobody wrote are marked as not selected by a person, so that what is read and sent back is no act.
"""

from __future__ import annotations

from typing import Any

import msgspec

from hoso.fhir.labels.content import given
from hoso.fhir.labels.names import labels, system
from hoso.fhir.splice import meta_member, with_meta_member

_decode = msgspec.json.Decoder(list[dict[str, Any]]).decode


def shown(body: bytes, mask: int) -> bytes:
    """`mask`: what counts now; labels in the text that were taken off since then are left out."""
    written = meta_member(body, "security")
    kept, there = [], 0
    for one in _decode(written) if written is not None else ():
        meant = given(one.get("system"), one.get("code"))
        if meant == 0 or (meant & mask and one.get("userSelected") is not False):
            kept.append(one)
            there |= meant if one.get("system") == system() else 0
    for label in labels():
        if label.bit & mask & ~there:
            kept.append({"system": system(), "code": label.name, "display": label.en, "userSelected": False})
    return with_meta_member(body, "security", msgspec.json.encode(kept) if kept else None)
