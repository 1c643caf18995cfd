"""What became of a card at the bedside: taken, or passed over and why. The audit log keeps it.

The log's line of the answer names the cards of one beginning and their rules; this line names the card again.
"""

from __future__ import annotations

from dataclasses import dataclass

from hoso.api.cds.asked import get, is_a, uuid
from hoso.core.errors import Refused
from hoso.fhir.json import strict

MOST = 50
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Told:
    what: str
    reason: str


def read(service: str, body: bytes) -> list[Told]:
    """Raises Refused(400) naming the place."""
    listed = get(list, is_a(dict, strict(body), "request"), "feedback", "feedback")
    if len(listed) > MOST:
        raise Refused.because(413, "too-costly", "cds.too-many", "feedback", name="feedback", limit=str(MOST))
    return [_one(service, is_a(dict, one, f"feedback[{n}]"), f"feedback[{n}]") for n, one in enumerate(listed)]


def _one(service: str, entry: dict[str, object], place: str) -> Told:
    card = uuid(get(str, entry, "card", f"{place}.card"), f"{place}.card")
    outcome = get(str, entry, "outcome", f"{place}.outcome")
    if outcome not in ("accepted", "overridden"):
        raise Refused.because(400, "value", "cds.outcome", f"{place}.outcome", value=outcome[:40])
    get(str, entry, "outcomeTimestamp", f"{place}.outcomeTimestamp")
    words = [f"cds-services/{service}/feedback", card, outcome, str(entry["outcomeTimestamp"])[:40]]
    return Told(" ".join(words), _reason(entry, f"{place}.overrideReason"))


def _reason(entry: dict[str, object], place: str) -> str:
    """ "code: comment" of an override, as far as it was said."""
    if entry.get("overrideReason") is None:
        return ""
    said = is_a(dict, entry["overrideReason"], place)
    coded = is_a(dict, said.get("reason") or {}, f"{place}.reason")
    code = is_a(str, coded.get("code", ""), f"{place}.reason.code")
    comment = is_a(str, said.get("userComment") or "", f"{place}.userComment")
    return f"{code}: {comment}".strip(": ")[:_LONGEST]
