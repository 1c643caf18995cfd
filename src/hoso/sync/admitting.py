"""Whether a change from another node may be in the record here: what would be refused at a counter is held."""

from __future__ import annotations

import logging
import re

from hoso.access.intake import accept
from hoso.core.errors import Refused
from hoso.store.reading import NUMBER
from hoso.sync.gathering import STAYS
from hoso.sync.stream import Header

log = logging.getLogger(__name__)

_ID = re.compile(r"[A-Za-z0-9.\-]{1,64}\Z", re.ASCII)


def judge(header: Header, body: bytes) -> str | None:
    """Implements `Judge`. The reason names the rule that was broken, and where."""
    if header.type not in NUMBER or not _ID.match(header.id):
        return "not a record"
    if header.type in STAYS:
        return "a setting of one node"
    if len(header.actor) > 300 or len(header.reason) > 300 or len(header.patient) > 64:
        return "too long"
    if header.op == "delete":
        return "a deletion with a text" if body else None
    try:
        accept(body, header.type, header.id)
    except Refused as refused:
        first = refused.issues[0]
        return f"{first.key} {first.expression or ''}".strip()[:200]
    except Exception:  # one record that nobody foresaw must not stop the stream behind it
        log.exception("sync: %s/%s could not be looked at", header.type, header.id)
        return "could not be looked at"
    return None
