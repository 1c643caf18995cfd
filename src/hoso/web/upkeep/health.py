"""What the server knows of its own health, each in a sentence with what to do, for its administrators."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse

from hoso.access import Unavailable
from hoso.access.audit.verify import Fault
from hoso.access.organisation.facilities import Facility
from hoso.core.clock import to_ms
from hoso.web.agreeing.advice import FREE, of_own
from hoso.web.agreeing.nodes import GB, VERSION
from hoso.web.agreeing.words import ADVICE
from hoso.web.pages import agreement, audit, page, records, watch, web_folder
from hoso.web.staffing.gate import administrators
from hoso.web.upkeep.words import CHECK_TITLES, OTHER_CHECK

DOCTOR = "doctor.json"
"""In the node's folder: what `hoso doctor` found the last time."""
OLD = 31
"""Days after which it should look again."""
State = Literal["well", "ill", "unknown"]


@dataclass(frozen=True, slots=True)
class Line:
    """`title` and `sentence` are keys of the catalogue; `told` is what stands behind, in the words of who found it."""

    title: str
    state: State
    sentence: str
    told: tuple[str, ...] = ()
    role: str = ""


@administrators
def health(request: HttpRequest, place: Facility) -> HttpResponse:
    own = agreement().own()
    lines = [*_now(), _disk(own.free, own.disk), *_line_up(), *_vacant()]
    found = _doctor(web_folder() / DOCTOR)
    at = datetime.fromisoformat(found["at"]) if found else None
    old = at is not None and (records().clock() - at).days > OLD
    checks = [_check(one) for one in found["checks"]] if found else []
    return page(
        request, "upkeep/health.html", place=place, lines=lines, checks=checks, at=at, old=old, version=VERSION,
        free=own.free // GB, disk=own.disk // GB, ill=sum(one.state == "ill" for one in (*lines, *checks)),
    )  # fmt: skip


def _now() -> Iterator[Line]:
    try:
        records().alive()
        yield Line("Database", "well", "It answers.")
    except Unavailable:
        yield Line("Database", "ill", "It does not answer. Tell whoever runs this server at once.")
    try:
        audit().quick()
        yield Line("Audit log", "well", "Its end is sound and signed.")
    except Fault as fault:
        yield Line(
            "Audit log",
            "ill",
            "Its end is not sound. Keep the server as it is and tell whoever runs it.",
            (str(fault),),
        )


def _disk(free: int, whole: int) -> Line:
    if free < whole * FREE:
        return Line("Disk", "ill", "It is nearly full. Make room before nothing can be written any more.")
    return Line("Disk", "well", "There is room.")


def _line_up() -> Iterator[Line]:
    overview = agreement()
    if overview.agrees():
        word = of_own(overview.own(), to_ms(records().clock()))
        yield Line("Exchange with other nodes", "well" if word == "well" else "ill", ADVICE[word])


def _vacant() -> Iterator[Line]:
    vacant = watch().vacant()
    for role in vacant:
        yield Line("Somebody who answers", "ill", "Nobody can sign in in this role. Give it to somebody.", role=role)
    if not vacant:
        yield Line("Somebody who answers", "well", "Each role that somebody must hold is held.")


def _doctor(file: Path) -> dict[str, Any] | None:
    """None when it never looked, or its note cannot be read."""
    try:
        found = json.loads(file.read_text("utf-8"))
        datetime.fromisoformat(found["at"])
        return found if isinstance(found["checks"], list) else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _check(one: dict[str, Any]) -> Line:
    title = CHECK_TITLES.get(str(one.get("check", "")).partition(".")[0], OTHER_CHECK)
    told = tuple(map(str, (*one.get("faults", ()), *one.get("notes", ()))))[:10]
    if one.get("ok"):
        return Line(title, "well", "All is as it should be.", told)
    return Line(title, "ill", "There are faults. Whoever runs this server mends them as the command says.", told)
