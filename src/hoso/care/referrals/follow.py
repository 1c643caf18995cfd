"""How far a referral has come, and what of it is late: worked out of what is on record, never a state kept by hand.

That the person arrived is a visit at the receiving facility; nobody has to press a button for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from hoso.care.elements import Resource, day, moment, reference_key, status
from hoso.care.referrals.paper import answer_id, is_reply, last_day
from hoso.care.rules import table

State = Literal["sent", "accepted", "arrived", "answered", "read", "declined", "withdrawn"]
Late = Literal["", "not-come", "no-letter", "unread"]
OPEN: tuple[State, ...] = ("sent", "accepted", "arrived", "answered")


@dataclass(frozen=True, slots=True)
class Followed:
    """`until`: the last day of the paper, or of the letter that is waited for. `why`: of who declined.
    `visit`: the id of the visit by which the person arrived; `letter`: the return letter."""

    request: Resource
    state: State
    late: Late
    signed: date
    until: date
    since: date
    """Of the state."""
    why: str = ""
    by: str = ""
    visit: str = ""
    letter: Resource | None = None

    @property
    def id(self) -> str:
        return str(self.request["id"])


def followed(
    request: Resource, answers: Iterable[Resource], letters: Iterable[Resource], visits: Sequence[Resource], today: date
) -> Followed:
    """`visits`: of this person at the receiving facility, any time; `answers`, `letters`: at least this request's."""
    signed = day(str(request.get("authoredOn", ""))) or today
    said = {str(one["id"]): one for one in answers if status(one) != "entered-in-error"}
    yes, no, read = (said.get(answer_id(str(request["id"]), kind)) for kind in ("accepted", "declined", "read"))
    letter = next((one for one in letters if _is_of(one, request)), None)
    came = _arrival(visits, str(request.get("authoredOn", "")))
    good = last_day(signed)
    if status(request) in ("revoked", "entered-in-error"):
        return Followed(
            request, "declined" if no else "withdrawn", "", signed, good, _on(no, "sent") or signed, _why(no), _by(no)
        )
    if letter is not None:
        on, visit = _on(letter, "date") or signed, came[1] if came else ""
        state: State = "read" if read else "answered"
        late: Late = "" if read else "unread"
        return Followed(request, state, late, signed, good, on, by=_by(letter), visit=visit, letter=letter)
    if came:
        due = came[0] + timedelta(days=int(table("referrals")["reply_days"]))
        return Followed(request, "arrived", "no-letter" if today > due else "", signed, due, came[0], visit=came[1])
    late = "not-come" if today > good else ""
    if yes:
        return Followed(request, "accepted", late, signed, good, _on(yes, "sent") or signed, by=_by(yes))
    return Followed(request, "sent", late, signed, good, signed)


def ordered(found: Iterable[Followed]) -> list[Followed]:
    """What is late first, then what is open, the newest before the older."""
    return sorted(found, key=lambda one: (not one.late, one.state not in OPEN, -one.signed.toordinal(), one.id))


def _arrival(visits: Sequence[Resource], signed: str) -> tuple[date, str] | None:
    """The first visit that began after the signature; of one whose hour nobody wrote, the day decides."""
    began = ((str(one.get("period", {}).get("start", "")), str(one["id"])) for one in visits)
    after = ((day(start), id) for start, id in began if _is_after(start, signed))
    return min(((on, id) for on, id in after if on is not None), default=None)


def _is_after(start: str, signed: str) -> bool:
    if len(start) <= _A_DAY or len(signed) <= _A_DAY:
        return (day(start) or date.min) >= (day(signed) or date.max)
    return (moment(start) or 0) >= (moment(signed) or 0)


_A_DAY = len("2026-11-28")


def _is_of(letter: Resource, request: Resource) -> bool:
    related = letter.get("context", {}).get("related", ())
    named = any(reference_key(one) == f"ServiceRequest/{request['id']}" for one in related)
    return named and is_reply(letter) and status(letter) != "entered-in-error"


def _on(resource: Resource | None, element: str) -> date | None:
    return day(str((resource or {}).get(element, "")))


def _why(answer: Resource | None) -> str:
    return next((str(one.get("contentString", "")) for one in (answer or {}).get("payload", ())), "")


def _by(resource: Resource | None) -> str:
    told = resource or {}
    author: Resource = told.get("sender") or next(iter(told.get("author", ())), {})
    return str(author.get("display", ""))
