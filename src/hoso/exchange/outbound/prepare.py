"""The body of a sending out of the records of its visit: what the destination may have of it now, and no more.

How many records are left out is counted by the node, which tells the log that it looked, and tells nobody which.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from hoso.access import Actor, Errand, Records, Scopes, Version
from hoso.access.outbound.destinations import Destination, Kept
from hoso.access.telling import Teller
from hoso.core.clock import Clock
from hoso.core.errors import Issue, Refused
from hoso.core.ids import new_id
from hoso.exchange.insurance.definitions import fields
from hoso.exchange.insurance.found import found, is_withdrawn
from hoso.exchange.insurance.mapping import Resource
from hoso.exchange.insurance.writing import Dialect, Missing, written
from hoso.exchange.outbound.bundle import bundle
from hoso.exchange.outbound.shapes import MOST_ISSUES
from hoso.exchange.outgoing import facility_of, gathered
from hoso.exchange.signing import Seals
from hoso.fhir.json import exact
from hoso.fhir.search import parse
from hoso.store.outbound import SendingRow

DIALECTS: dict[str, Dialect] = {"4750": "4750", "3176": "3176"}
_GOING_ON = frozenset({"arrived", "triaged", "in-progress", "onleave", "finished"})
_OF_PATIENT = frozenset({"Appointment", "Coverage"})
Name = tuple[str, str]


class NotTheirs(Exception):
    """There is no such visit for this destination: `key` says why as far as that may be said."""

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


@dataclass(frozen=True, slots=True)
class Prepared:
    """`versions`: what the body was made of."""

    body: bytes
    versions: Sequence[Version]
    withheld: int

    @property
    def held(self) -> str:
        return json.dumps([[one.type, one.id, one.version] for one in self.versions], separators=(",", ":"))


class Preparing:
    def __init__(
        self, records: Records, teller: Teller, node: str, base: str, clock: Clock, seals: Seals | None = None
    ) -> None:
        """`base`: the node's FHIR address, if it has one. `seals`: the keys of facilities that sign what they send."""
        self._records, self._teller, self._base = records, teller, base
        self._clock, self._seals = clock, seals or Seals()
        self._node = Actor(f"node/{node}", Scopes.parse("system/*.rs"))

    def prepared(self, to: Destination, row: SendingRow) -> Prepared:
        """Raises NotTheirs, and Refused(422) with the fields that insurance XML needs and the record does not say."""
        kept = Kept()
        mine = self._resources(to, row.visit, to.errand(kept))
        held = {(str(one["resourceType"]), str(one["id"])): one for one in mine}
        withheld = len(self._whole(to, row.visit) - held.keys())
        versions = [kept.versions[name] for name in held]
        return Prepared(self._body(to, row, mine), versions, withheld)

    def again(self, to: Destination, row: SendingRow) -> list[Version] | None:
        """What its body was made of, when all of it is as it was and may still be sent; else None."""
        wanted = [tuple(one) for one in json.loads(row.held)]
        heads = self._records.heads(to.errand(Kept()), [(type, id) for type, id, _ in wanted])
        found = [head for type, id, version in wanted if (head := heads.get((type, id))) and head.version == version]
        return found if len(found) == len(wanted) else None

    def visits(self, to: Destination, asked: Sequence[tuple[str, str]]) -> Iterator[str]:
        """The ids of the facility's visits that a search finds, for this destination."""
        kept = Kept()
        errand = to.errand(kept)
        for version in self._records.scan(errand, parse("Encounter", list(asked))):
            visit = exact(version.body)
            if visit.get("status") in _GOING_ON and facility_of(self._records, errand, visit) == to.facility:
                yield version.id
        self._looked(errand, f"visits for {to.name}")

    def check(self, to: Destination, visit: str) -> None:
        """Raises NotTheirs."""
        kept = Kept()
        errand = to.errand(kept)
        self._encounter(to, visit, errand)
        self._looked(errand, f"Encounter/{visit} for {to.name}")

    def _looked(self, errand: Errand, what: str) -> None:
        """By a machine, and nothing has left."""
        self._teller.noted(replace(errand, activity="view"), "send-check", what)

    def _whole(self, to: Destination, visit: str) -> set[Name]:
        """All that belongs to the visit, whoever may have it."""
        errand = Errand(self._node, "SYSADMIN", "automatic", request=new_id(), notes=Kept())
        names = {(str(one["resourceType"]), str(one["id"])) for one in self._resources(to, visit, errand)}
        self._looked(errand, f"Encounter/{visit} for {to.name}")
        return names

    def _encounter(self, to: Destination, visit: str, errand: Errand) -> Version:
        head = self._records.read(errand, "Encounter", visit)
        if head is None or head.deleted:
            raise NotTheirs("outbound.not-there")
        resource = exact(head.body)
        if facility_of(self._records, errand, resource) != to.facility:
            raise NotTheirs("outbound.other-facility")
        if resource.get("status") not in _GOING_ON:
            raise NotTheirs("outbound.no-visit")
        return head

    def _resources(self, to: Destination, visit: str, errand: Errand) -> list[Resource]:
        """The visit's own: of the patient's cards and appointments those that it made.

        Insurance XML has no word for what was withdrawn; FHIR has.
        """
        resources = gathered(self._records, errand, self._encounter(to, visit, errand)).resources
        rows = found(resources, to.facility).rows.values()
        used = {
            (one["resourceType"], one["id"])
            for table in rows
            for parts in table
            for some in parts.values()
            for one in some
            if "resourceType" in one
        }
        return [
            one
            for one in resources
            if (one["resourceType"] not in _OF_PATIENT or (one["resourceType"], one["id"]) in used)
            and (to.form != "insurance-xml" or not is_withdrawn(one))
        ]

    def _body(self, to: Destination, row: SendingRow, resources: Sequence[Resource]) -> bytes:
        if to.form != "insurance-xml":
            return bundle(resources, "transaction" if to.form == "fhir" else "collection", self._base)
        dialect = DIALECTS[row.dialect]
        file = written(resources, dialect=dialect, facility=to.facility)
        if file.missing and not row.partial:
            raise Refused(422, *(issue(one, dialect) for one in file.missing[:MOST_ISSUES]))
        return self._seals.signed(file.body, to.facility, self._clock())


def issue(one: Missing, dialect: Dialect) -> Issue:
    place = f"{one.table}[{one.row}].{one.field}"
    limit = str(fields(dialect)[one.table, one.field].length or "")
    return Issue("required", f"insurance.write-{one.reason}", {"place": place, "limit": limit}, place)
