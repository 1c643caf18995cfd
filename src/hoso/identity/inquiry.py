"""Who might this be? The question of a counter or another system, answered as an arrival would be and storing nothing.

A grade says what an arrival would do with the likeliest person; a score says how near each one is, and is never that
of a sure match when something forbids the link.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hoso.access import Errand, PeopleRows, Records, Version
from hoso.identity.match.decide import Decision, Standing
from hoso.identity.matching import Matching, Sought
from hoso.identity.seek import seek

Grade = Literal["certain", "probable", "possible", "certainly-not"]

AGAINST = frozenset({"apart", "verified-numbers"})
"""A human has said no, or two verified numbers have."""

NEAR_CERTAIN = 10.0
"""Bits below a certain link at which chances are even; asking for these as well leaves one wrong link in a thousand."""

SURE, UNSURE = 0.99, 0.98


@dataclass(frozen=True, slots=True)
class Match:
    """A person it may be. `version` is its golden Patient."""

    version: Version
    standing: Standing
    grade: Grade
    score: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The likeliest first. `telling` is False when nothing in the question is worth looking for."""

    matches: Sequence[Match]
    decision: Decision
    telling: bool


def inquire(
    records: Records,
    matching: Matching,
    errand: Errand,
    patient: Mapping[str, Any],
    count: int,
    *,
    certain_only: bool = False,
) -> Answer:
    """Whom `patient` may be, at most `count`. If it is a stored record, what humans said about that one counts too."""
    people = records.people(errand)
    described = matching.describe(patient)
    stored = people.rids([patient["id"]]).get(patient["id"], 0) if patient.get("id") else 0
    sought = _met(records, errand, people, seek(people, described))
    persons = {member.person for member in sought.members}
    if stored:
        sought = sought.without({person for _, person in people.apart([stored], persons)})
    decision = matching.weigh(described, sought, people, count)
    graded = [
        (standing, grade)
        for place, standing in enumerate(decision.standings)
        if (grade := graded_as(standing, decision, matching.possible(decision), first=place == 0))
        and (grade == "certain" or not certain_only)
    ]
    ids = people.ids([int(standing.person) for standing, _ in graded])
    heads = records.heads(errand, [("Patient", id) for id in ids.values()])
    matches = [
        Match(head, standing, grade, score(standing.bits, decision.needed, grade))
        for standing, grade in graded
        if (head := heads.get(("Patient", ids.get(int(standing.person), "")))) is not None and not head.deleted
    ]
    matches.sort(key=lambda match: -match.score)
    return Answer(matches, decision, bool(described.probes or described.codes))


def _met(records: Records, errand: Errand, people: PeopleRows, sought: Sought) -> Sought:
    """Whom the caller may not meet is not compared, or the grades and the order of the others would tell of them."""
    ids = people.ids({member.person for member in sought.members})
    met = records.among(errand, "Patient", ids.values())
    return sought if met is None else sought.among({person for person, id in ids.items() if id in met})


def graded_as(standing: Standing, decision: Decision, possible: float, *, first: bool) -> Grade | None:
    """None for somebody too unlike to be named at all."""
    enough = standing.by_number or standing.bits >= decision.needed
    if not enough and standing.bits < possible:
        return None
    if AGAINST & set(standing.vetoes):
        return "certainly-not"
    if first and decision.outcome == "certain":
        return "certain"
    return "probable" if enough else "possible"


def score(bits: float, needed: float, grade: Grade) -> float:
    """From 0 to 1, rising with the bits: 0.5 at 10 bits below what a link needs. From `SURE` on only for a certain
    match: whoever links by score alone must not link what is forbidden."""
    if grade == "certainly-not":
        return 0.0
    away = max(-200.0, min(200.0, needed - NEAR_CERTAIN - bits))
    plain = round(1 / (1 + 2**away), 6)
    return max(SURE, plain) if grade == "certain" else min(UNSURE, plain)
