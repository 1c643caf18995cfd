"""From the form to the record: the chosen vaccines at once or none, once however often the button is pressed.

What a form says wrongly is told at its field and nothing of it is stored; lots are remembered for the session.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.http import HttpRequest
from django.utils.translation import gettext as _

from hoso.access import Conflict, Draft
from hoso.access.intake import accept
from hoso.care.elements import Resource
from hoso.care.immunization import vaccines
from hoso.care.immunization.card import Offer
from hoso.care.immunization.record import REACTIONS, SITES, Shot, immunization, with_reaction
from hoso.core.dates import VIETNAM
from hoso.fhir.json import encode, exact
from hoso.fhir.systems import FACILITY_CODE
from hoso.web.door import Door
from hoso.web.oauth.identity import practitioner
from hoso.web.vaccines.words import REACTION_TITLES

_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\Z")
_ISO = re.compile(r"\d{4}-\d\d-\d\d\Z")
_LOTS = "vaccine-lots"
LONGEST_LOT, LONGEST_NOTE, LONGEST_PLACE = 40, 1_000, 200


@dataclass(slots=True)
class Form:
    """What was sent, to be shown again, and what is wrong with it by the name of the field."""

    sent: Mapping[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def text(self, name: str, most: int) -> str:
        value = " ".join(self.sent.get(name, "").split())
        if len(value) > most:
            self.problems[name] = _("At most %(most)s letters.") % {"most": most}
        return value[:most]

    def day(self, name: str, needed: str = "") -> date | None:
        """As dd/MM/yyyy, or as a browser's own calendar sends it."""
        value = self.sent.get(name, "").strip()
        try:
            if _ISO.match(value):
                return date.fromisoformat(value)
            if match := _DATE.match(value):
                return date(int(match[3]), int(match[2]), int(match[1]))
        except ValueError:
            pass
        if value or needed:
            self.problems[name] = _("Not a date; write it as dd/mm/yyyy.") if value else needed
        return None


def lots(request: HttpRequest) -> dict[str, dict[str, str]]:
    """By vaccine: what was typed for it last in this session."""
    kept = request.session.get(_LOTS, {})
    return kept if isinstance(kept, dict) else {}


def give(request: HttpRequest, reach: Door, patient: Resource, offered: Sequence[Offer], form: Form) -> int:
    """Stores what was chosen of what is due; answers with how many. Raises Refused."""
    chosen = [one for one in offered if form.sent.get(f"give-{one.vaccine}")]
    if not chosen:
        sent = any(name.startswith("give-") for name in form.sent)
        stale = _("What was chosen is not due any more: look at the doses on record.")
        form.problems["give"] = stale if sent else _("Choose at least one vaccine.")
    now = reach.records.clock().astimezone(VIETNAM)
    shots, memory = [], lots(request)
    for one in chosen:
        lot = form.text(f"lot-{one.vaccine}", LONGEST_LOT)
        if not lot:
            form.problems[f"lot-{one.vaccine}"] = _("The lot number is on the vial.")
        expires = form.day(f"expiry-{one.vaccine}", _("The expiry date is on the vial."))
        if expires and expires < reach.today:
            form.problems[f"expiry-{one.vaccine}"] = _("This lot has expired: do not use it.")
        site = form.sent.get(f"site-{one.vaccine}", "")
        about = vaccines()[one.vaccine]
        at = now.isoformat(timespec="seconds")
        shots.append(Shot(about, at, lot, expires, site if site in SITES else about.site, one.doses))
        memory = memory | {one.vaccine: {"lot": lot, "expiry": f"{expires:%d/%m/%Y}" if expires else "", "site": site}}
    if form.problems:
        return 0
    _store(request, reach, patient, shots, form)
    request.session[_LOTS] = memory
    return len(shots)


def write_down(request: HttpRequest, reach: Door, patient: Resource, born: date | None, form: Form) -> None:
    """A dose given earlier or elsewhere, from a paper. Raises Refused."""
    about = vaccines().get(form.sent.get("vaccine", ""))
    if about is None:
        form.problems["vaccine"] = _("Choose a vaccine.")
    on = form.day("on", _("Say on which day it was given."))
    if on and on > reach.today:
        form.problems["on"] = _("This day has not come yet.")
    if on and born and on < born:
        form.problems["on"] = _("This day is before the birth.")
    lot, place = form.text("lot", LONGEST_LOT), form.text("place", LONGEST_PLACE)
    if form.problems or about is None or on is None:
        return
    _store(request, reach, patient, [Shot(about, on.isoformat(), lot, elsewhere=place)], form)


def _store(request: HttpRequest, reach: Door, patient: Resource, shots: Sequence[Shot], form: Form) -> None:
    """Under ids that the form brings, so that the same form sent twice stores once."""
    user: Any = request.user
    writer: Resource = {"type": "Practitioner", "display": user.name or user.username}
    if own := practitioner(user):
        writer |= {"reference": f"Practitioner/{own}"}
    code = reach.errand.actor.facility
    place: Resource = {"type": "Organization", "identifier": {"system": FACILITY_CODE, "value": code}} if code else {}
    if place and (name := reach.facility(code)):
        place["display"] = name
    once = form.sent.get("once", "")[:64]
    drafts = []
    for shot in shots:
        id = str(uuid5(NAMESPACE_URL, f"{once}/{patient['id']}/{shot.vaccine.key}/{shot.when[:10]}"))
        made = immunization(shot, id, patient, _(shot.vaccine.title), writer, place)
        drafts.append(accept(encode(made), "Immunization", id).draft("POST", id, None))
    _save(reach, drafts)


def _save(reach: Door, drafts: Sequence[Draft]) -> None:
    """Those that are not there yet: a form may come again, even at the same moment, and with more chosen."""
    for last in (False, True):
        there = reach.records.heads(reach.errand, [("Immunization", one.id) for one in drafts])
        fresh = [one for one in drafts if ("Immunization", one.id) not in there]
        try:
            if fresh:
                reach.records.save(reach.errand, [("c", "Immunization")], fresh)
            return
        except Conflict:
            if last:
                raise


def tell_reaction(reach: Door, dose: tuple[str, str], form: Form) -> None:
    """`dose`: id and day of a dose on the page. Raises Refused and Conflict."""
    id, given = dose
    kind = form.sent.get("reaction", "")
    if kind not in REACTIONS:
        form.problems["reaction"] = _("Choose what was seen.")
    on = form.day("seen", _("Say on which day it began."))
    if on and not date.fromisoformat(given) <= on <= reach.today:
        form.problems["seen"] = _("This day is before the dose or has not come yet.")
    note = form.text("note", LONGEST_NOTE)
    if kind == "other" and not note:
        form.problems["note"] = _("Say in words what was seen.")
    if form.problems or on is None:
        return
    head = reach.records.heads(reach.errand, [("Immunization", id)])["Immunization", id]
    told = with_reaction(exact(head.body), kind, on.isoformat(), note, _(REACTION_TITLES[kind]))
    reach.records.update(reach.errand, "Immunization", id, encode(told), head.version)
