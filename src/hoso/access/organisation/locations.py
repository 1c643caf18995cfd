"""The places of a facility: buildings, wards, rooms and beds, each a Location that names who looks after it.

Each change is a record written through `Records`, so an administrator changes those of the own facility only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

from hoso.access.errand import Errand
from hoso.access.organisation.facilities import check_name, draft, every, turned
from hoso.access.organisation.posts import DEEPEST, Resource, live
from hoso.access.records import Records
from hoso.core.errors import Refused
from hoso.core.ids import new_id
from hoso.fhir.search import Query, parse
from hoso.store.contract import Draft, Reading, Store, Transaction
from hoso.store.visible import Visible

Kind = Literal["bu", "wi", "lvl", "wa", "ro", "bd", "area"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""Building, wing, level, ward, room, bed, area: of HL7's location-physical-type those that a facility is made of."""
_TYPE = "http://terminology.hl7.org/CodeSystem/location-physical-type"
_PAGE = 200
_ALL = Visible(frozenset({"Location"}))


@dataclass(frozen=True, slots=True)
class Location:
    """`kind` is empty of the facility as a whole; `home` and `inside` are ids, of an Organization and of a Location."""

    id: str
    name: str
    kind: str
    home: str
    inside: str
    active: bool


class Locations:
    def __init__(self, store: Store, records: Records) -> None:
        self._store, self._records = store, records

    def by_id(self, id: str) -> Location | None:
        found = live(self._store, "Location", id)
        return None if found is None else _location(found)

    def of(self, errand: Errand, home: str) -> list[tuple[Location, int]]:
        """Of an Organization, each behind what it is inside of, with how deep it is; by name."""
        found = {one["id"]: _location(one) for one in every(self._records, errand, _query(home))}
        below: dict[str, list[Location]] = {}
        for one in sorted(found.values(), key=lambda one: (not one.active, one.name, one.id)):
            below.setdefault(one.inside if one.inside in found else "", []).append(one)
        listed: list[tuple[Location, int]] = []
        waiting = [(one, 0) for one in reversed(below.get("", []))]
        while waiting:
            one, depth = waiting.pop()
            listed.append((one, depth))
            waiting += [(inner, depth + 1) for inner in reversed(below.get(one.id, []))]
        there = {one.id for one, _ in listed}
        return listed + [(one, 0) for one in found.values() if one.id not in there]  # a ring that other software made

    def add(self, errand: Errand, home: str, name: str, kind: str, inside: str = "") -> Location:
        """Raises Refused: 422 for what no place may be, 409 for a name that is there already."""
        check_name(name)
        if kind not in KINDS:
            raise Refused.because(422, "value", "location.kind", kinds=", ".join(KINDS))
        made: Resource = {
            "resourceType": "Location", "id": new_id(), "status": "active", "name": name.strip(),
            "physicalType": {"coding": [{"system": _TYPE, "code": kind}]},
            "managingOrganization": {"reference": f"Organization/{home}"},
            **({"partOf": {"reference": f"Location/{inside}"}} if inside else {}),
        }  # fmt: skip

        def work(transaction: Transaction) -> Sequence[Draft]:
            if live(transaction, "Organization", home) is None:
                raise Refused.because(404, "not-found", "rest.not-found", type="Organization", id=home[:64])
            if inside:
                _check_inside(transaction, home, inside)
            _check_alone(transaction, _location(made))
            return [draft("POST", made)]

        self._records.write(errand, [("c", "Location")], [_lock(home)], work)
        return _location(made)

    def rename(self, errand: Errand, home: str, id: str, name: str) -> Location:
        check_name(name)

        def renamed(reading: Reading, found: Resource) -> Resource:
            changed = {**found, "name": name.strip()}
            _check_alone(reading, _location(changed))
            return changed

        return self._change(errand, home, id, renamed)

    def close(self, errand: Errand, home: str, id: str) -> Location:
        """Nobody is sent there from now on; what names it stays. Never while a place inside it is open."""

        def closed(reading: Reading, found: Resource) -> Resource:
            if any(one.active and one.inside == id for one in _there(reading, home)):
                raise Refused.because(422, "business-rule", "location.has-others", name=str(found.get("name", "")))
            return {**found, "status": "inactive"}

        return self._change(errand, home, id, closed)

    def reopen(self, errand: Errand, home: str, id: str) -> Location:
        def opened(reading: Reading, found: Resource) -> Resource:
            changed = {**found, "status": "active"}
            if inside := _location(changed).inside:
                _check_inside(reading, home, inside)
            _check_alone(reading, _location(changed))
            return changed

        return self._change(errand, home, id, opened)

    def _change(self, errand: Errand, home: str, id: str, change: Callable[[Reading, Resource], Resource]) -> Location:
        changed: Resource = {}

        def work(transaction: Transaction) -> Sequence[Draft]:
            found = live(transaction, "Location", id)
            if found is None or _location(found).home != home:
                raise Refused.because(404, "not-found", "rest.not-found", type="Location", id=id[:64])
            changed.clear()
            changed.update(change(transaction, found))
            return [draft("PUT", changed)]

        self._records.write(errand, [("u", "Location")], [_lock(home)], work)
        return _location(changed)


def _check_inside(reading: Reading, home: str, inside: str) -> None:
    """An open place of the same organisation, and not so deep that it must be a ring."""
    at = inside
    for _ in range(DEEPEST):
        found = live(reading, "Location", at)
        if found is None or _location(found).home != home or not _location(found).active:
            raise Refused.because(422, "not-found", "location.inside")
        at = _location(found).inside
        if not at:
            return
    raise Refused.because(422, "business-rule", "organisation.deep", most=str(DEEPEST))


def _check_alone(reading: Reading, wanted: Location) -> None:
    for one in _there(reading, wanted.home):
        if one.id != wanted.id and one.active and (one.name, one.inside) == (wanted.name, wanted.inside):
            raise Refused.because(409, "duplicate", "location.taken", name=wanted.name)


def _there(reading: Reading, home: str) -> list[Location]:
    query = _query(home)
    return [_location(one) for one in turned(lambda cursor: reading.search(query, _ALL, cursor))]


def _location(resource: Resource) -> Location:
    coding = resource.get("physicalType", {}).get("coding", ())
    kind = next((one.get("code", "") for one in coding if one.get("system") == _TYPE), "")
    return Location(
        str(resource["id"]), str(resource.get("name", "")), kind, _target(resource.get("managingOrganization")),
        _target(resource.get("partOf")), resource.get("status", "active") == "active",
    )  # fmt: skip


def _target(reference: Any) -> str:
    """Id of a reference such as "Location/ID"."""
    text = reference.get("reference", "") if isinstance(reference, dict) else ""
    return str(text).rpartition("/")[2]


def _query(home: str) -> Query:
    return replace(parse("Location", [("organization", f"Organization/{home}")]), count=_PAGE)


def _lock(home: str) -> str:
    return f"places of {home}"
