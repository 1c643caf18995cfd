"""Takes a merge back: which one it was, who came with it, and who is given back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from hoso.core import Refused
from hoso.identity.desk import Desk
from hoso.identity.whom import Known, absent, ledger, patient


class Undoing(NamedTuple):
    """A merge that still holds. `records` came with `restored` and are still with `survivor`, inner persons too."""

    merge: Known
    restored: int
    survivor: int
    records: Sequence[int]


def merge_of(desk: Desk, id: str) -> Undoing:
    """The last merge of somebody: by which this person became another's, or else by which another became this one's."""
    named = patient(desk, id)
    if not desk.people.persons([named]):
        named = desk.people.persons_of([named]).get(named, 0)
    known = desk.people.persons([named]).get(named)
    if known is None:
        raise absent(id)
    away = [named] if known.merged is not None else came_to(desk, named)
    found = [undoing for person in away if (undoing := undoing_of(desk, person))]
    if not found:
        raise Refused.because(409, "conflict", "identity.never-merged", person=id)
    return max(found, key=lambda undoing: undoing.merge.place)


def came_to(desk: Desk, survivor: int) -> list[int]:
    """The persons that were found to be this one."""
    members = [record for _, record in desk.people.members([survivor])]
    return sorted(desk.people.persons(members))


def undoing_of(desk: Desk, person: int) -> Undoing | None:
    """What would take back the merge by which a person became another's."""
    desk.know([person])
    id = desk.id(person)
    for known in ledger(desk, person):
        if known.event.kind == "merge" and known.event.other == id:
            survivor = desk.people.persons_of([person])[person]
            return Undoing(known, person, survivor, _still_there(desk, known.event.records, survivor, {person}))
        if known.event.kind == "unmerge" and known.event.person == id:
            return None
    return None


def _still_there(desk: Desk, ids: Collection[str], survivor: int, without: Collection[int]) -> list[int]:
    """Those of the records that nobody has taken away since."""
    rids = desk.people.rids(ids)
    now = desk.people.persons_of(rids.values())
    return sorted(rid for rid in rids.values() if now.get(rid) == survivor and rid not in without)
