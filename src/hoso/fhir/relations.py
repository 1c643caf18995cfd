"""Who is tied to a patient by what a record says: an open visit, a referral, a care team, a roster, a guardian.

Pure and without a clock: the same record always says the same, so the rows made of it can be made again and compared.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from importlib.resources import files
from typing import Any, Literal, NamedTuple, get_args

from hoso.core.citizen_code import SYSTEM as CITIZEN_CODE
from hoso.core.dates import OPEN_HIGH, OPEN_LOW, parse_span
from hoso.fhir.systems import FACILITY_CODE, GROUP_KIND

Kind = Literal["visit", "referral", "team", "roster", "guardian"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""In `relation` a kind is its place here, from 1; the list only grows at its end."""

DAY = 86_400_000
ROSTER = "roster"
"""Code of a Group that is the population of a commune station."""
GUARDIANS = frozenset({"MTH", "FTH", "PRN", "NMTH", "NFTH", "STPMTH", "STPFTH", "ADOPTP", "GUARD"})
"""HL7 v3 RoleCode: who acts for a child."""
_OPEN = frozenset({"planned", "arrived", "triaged", "in-progress", "onleave"})


class Related(NamedTuple):
    """`patient`: id of the Patient, None for the one whose record it is. `name` stands for a grantee without a record.

    Half open, in milliseconds.
    """

    patient: str | None
    kind: Kind
    grantee: tuple[str, str] | None
    name: str
    since: int
    until: int


def citizen(code: str) -> str:
    """Under which name a citizen is a grantee."""
    return f"citizen/{code}"


def facility(code: str) -> str:
    """Under which name a facility is a grantee that was named by its code alone."""
    return f"facility/{code}"


def related(resource: dict[str, Any]) -> list[Related]:
    """What one valid record says; an end before its beginning says nothing."""
    read = _READERS.get(resource["resourceType"])
    return [one for one in read(resource) if one.since < one.until] if read else []


def _visit(encounter: dict[str, Any]) -> Iterator[Related]:
    status, period = encounter.get("status"), encounter.get("period") or {}
    if status not in _OPEN and status != "finished":
        return
    kind = (encounter.get("class") or {}).get("code", "")
    since = _low(period.get("start"), OPEN_LOW)
    if "end" in period:
        until = _high(period["end"], OPEN_HIGH) + _days("grace_days", kind)
    elif since == OPEN_LOW:
        until = OPEN_HIGH if status in _OPEN else OPEN_LOW
    else:
        until = since + _days("longest_days", kind)
    yield from _to([encounter.get("serviceProvider")], ("Organization",), "visit", since, until)


def _referral(request: dict[str, Any]) -> Iterator[Related]:
    if request.get("status") not in ("active", "on-hold", "completed") or "authoredOn" not in request:
        return
    since = _low(request["authoredOn"], OPEN_LOW)
    until = since + _table()["referral"]["days"] * DAY
    yield from _to(request.get("performer", ()), ("Organization", "Practitioner"), "referral", since, until)


def _team(team: dict[str, Any]) -> Iterator[Related]:
    if team.get("status") != "active":
        return
    since, until = _period(team.get("period"))
    yield from _to(team.get("managingOrganization", ()), ("Organization",), "team", since, until)
    for one in team.get("participant", ()):
        begin, end = _period(one.get("period"))
        within = max(since, begin), min(until, end)
        yield from _to([one.get("member")], ("Organization", "Practitioner"), "team", *within)


def _roster(group: dict[str, Any]) -> Iterator[Related]:
    codings = (group.get("code") or {}).get("coding", ())
    kind = any(c.get("system") == GROUP_KIND and c.get("code") == ROSTER for c in codings)
    if not kind or group.get("active") is False or group.get("actual") is not True:
        return
    for member in group.get("member", ()):
        if member.get("inactive") is not True and (named := _named(member.get("entity"))) and named[0] == "Patient":
            since, until = _period(member.get("period"))
            for one in _to([group.get("managingEntity")], ("Organization",), "roster", since, until):
                yield one._replace(patient=named[1])


def _guardian(person: dict[str, Any]) -> Iterator[Related]:
    if person.get("active") is False:
        return
    codes = {c.get("code") for concept in person.get("relationship", ()) for c in concept.get("coding", ())}
    if codes & GUARDIANS:
        since, until = _period(person.get("period"))
        for identifier in person.get("identifier", ()):
            if identifier.get("system") == CITIZEN_CODE and identifier.get("value"):
                yield Related(None, "guardian", None, citizen(identifier["value"]), since, until)


_READERS: dict[str, Callable[[dict[str, Any]], Iterator[Related]]] = {
    "Encounter": _visit,
    "ServiceRequest": _referral,
    "CareTeam": _team,
    "Group": _roster,
    "RelatedPerson": _guardian,
}
TYPES = frozenset(_READERS)


def _to(references: Iterable[Any], types: tuple[str, ...], kind: Kind, since: int, until: int) -> Iterator[Related]:
    for reference in references:
        named = _named(reference)
        if named and named[0] in types:
            yield Related(None, kind, named, "", since, until)
        elif isinstance(reference, dict) and named is None and (code := _code(reference)):
            yield Related(None, kind, None, facility(code), since, until)


def _named(reference: Any) -> tuple[str, str] | None:
    """(type, id) of a relative reference to a record here."""
    text = reference.get("reference") if isinstance(reference, dict) else None
    parts = text.split("/") if isinstance(text, str) else []
    if len(parts) == 4 and parts[2] == "_history":
        parts = parts[:2]
    return (parts[0], parts[1]) if len(parts) == 2 and all(parts) else None


def _code(reference: dict[str, Any]) -> str | None:
    identifier = reference.get("identifier") or {}
    return identifier.get("value") if identifier.get("system") == FACILITY_CODE else None


def _period(period: dict[str, Any] | None) -> tuple[int, int]:
    period = period or {}
    return _low(period.get("start"), OPEN_LOW), _high(period.get("end"), OPEN_HIGH)


def _low(text: str | None, missing: int) -> int:
    return _span(text, missing, missing)[0]


def _high(text: str | None, missing: int) -> int:
    return _span(text, missing, missing)[1]


def _span(text: str | None, low: int, high: int) -> tuple[int, int]:
    if not text:
        return low, high
    try:
        span = parse_span(text)
    except ValueError:  # a date that does not exist is left out, as in the search index
        return low, high
    return span[0], span[1]


def _days(table: str, kind: str) -> int:
    days = _table()[table]
    return int(days.get(kind, days["other"])) * DAY


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads((files("hoso.fhir") / "relations.toml").read_text("utf-8"))
