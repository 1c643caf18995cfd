"""The tree of facilities: adding, moving and closing them, their departments and their places.

Each change is a record written through `Records`: decided by the policy, told to the audit log, kept with its history.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import orjson

from hoso.access.errand import Errand
from hoso.access.organisation.guard import numbered
from hoso.access.organisation.kinds import check_code, check_gln, kinds, system_of
from hoso.access.organisation.posts import DEEPEST, Resource, live
from hoso.access.records import Records
from hoso.core.dates import VIETNAM
from hoso.core.errors import Refused
from hoso.core.ids import new_id
from hoso.fhir.json import parse as parse_json
from hoso.fhir.organisation import code_of, kind_of, parent_of
from hoso.fhir.search import Query, parse
from hoso.fhir.systems import FACILITY_LEVEL, GLN
from hoso.store.contract import Draft, Page, Reading, Store, Transaction
from hoso.store.visible import Visible

LONGEST_NAME = 200
TREE = "organisation tree"
"""What changes of the tree lock, so that two moves at once cannot make a ring."""
_TYPE = "http://terminology.hl7.org/CodeSystem/organization-type"
_PAGE = 200
_ALL = Visible(frozenset({"Organization"}))


@dataclass(frozen=True, slots=True)
class Facility:
    """`kind` is empty of what other software wrote without one; a department has no `code`."""

    id: str
    code: str
    gln: str
    kind: str
    name: str
    under: str
    """Id of the Organization it stands under."""
    active: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A facility as somebody asks for it; `under` is a code."""

    code: str
    kind: str
    name: str
    under: str = ""
    gln: str = ""
    address: str = ""


class Facilities:
    def __init__(self, store: Store, records: Records) -> None:
        self._store, self._records = store, records

    # Reading

    def by_code(self, code: str) -> Facility | None:
        """The facility of a code or GLN. Where several systems wrote one, the open one with a kind."""
        return _by_code(self._store, code)

    def by_id(self, id: str) -> Facility | None:
        found = live(self._store, "Organization", id)
        return None if found is None else _facility(found)

    def line(self, id: str) -> list[Facility]:
        """From the top of the tree down to this one."""
        found: list[Facility] = []
        while id and len(found) < DEEPEST and (one := self.by_id(id)) is not None:
            found.insert(0, one)
            id = one.under
        return found

    def below(self, errand: Errand, id: str) -> list[Facility]:
        """What stands directly below, departments included, by name."""
        return self._found(errand, [("partof", f"Organization/{id}")])

    def all(self, errand: Errand) -> Iterator[Facility]:
        """Every facility and department on this node, in no order."""
        for version in self._records.scan(errand, parse("Organization", [])):
            if not version.deleted:
                yield _facility(parse_json(version.body))

    def governed(self) -> bool:
        """Whether any organisation on this node governs others."""
        codes = ",".join(f"{FACILITY_LEVEL}|{kind.code}" for kind in kinds().values() if kind.governs)
        page = self._store.search(parse("Organization", [("type", codes), ("active", "true"), ("_count", "1")]), _ALL)
        return bool(page.matches)

    def _found(self, errand: Errand, asked: list[tuple[str, str]]) -> list[Facility]:
        found = [_facility(one) for one in every(self._records, errand, _query(asked))]
        return sorted(found, key=lambda one: (not one.active, one.code == "", one.name))

    # Writing

    def add(self, errand: Errand, wanted: Wanted) -> Facility:
        """Raises Refused: 422 for what no facility may be, 409 for a number that is taken."""
        self.check(wanted)
        made = _organization(wanted, new_id())

        def work(transaction: Transaction) -> Sequence[Draft]:
            for number in filter(None, (wanted.code, wanted.gln)):
                if numbered(transaction, number):
                    raise Refused.because(409, "duplicate", "organisation.taken", number=number)
            place = _place(transaction, wanted)
            if place:
                made["partOf"] = {"reference": f"Organization/{place}"}
            return [draft("POST", made), draft("POST", _location(made, wanted.address))]

        self._write(errand, "c", work)
        return _facility(made)

    def check(self, wanted: Wanted) -> None:
        """What can be said without looking at others. Raises Refused."""
        kind = kinds().get(wanted.kind)
        if kind is None:
            raise Refused.because(422, "value", "organisation.kind", kind=wanted.kind[:64], kinds=", ".join(kinds()))
        if kind.ended is not None and kind.ended <= self._today():
            raise Refused.because(422, "value", "organisation.ended", kind=kind.code, date=str(kind.ended))
        if not wanted.code and not wanted.gln:
            raise Refused.because(422, "required", "organisation.no-code")
        if wanted.code:
            check_code(kind, wanted.code)
        if wanted.gln:
            check_gln(wanted.gln)
        check_name(wanted.name)

    def rename(self, errand: Errand, code: str, name: str) -> Facility:
        check_name(name)
        return self._change(errand, code, lambda _, found: {**found, "name": name})

    def move(self, errand: Errand, code: str, under: str) -> Facility:
        """Below the facility of another code, or to the top with "". Never below itself."""

        def moved(reading: Reading, found: Resource) -> Resource:
            wanted = Wanted(code, kind_of(found), str(found.get("name", "")), under)
            place = _place(reading, wanted)
            if any(one == found["id"] for one in _upwards(reading, place)):
                raise Refused.because(422, "business-rule", "organisation.ring", number=code, under=under)
            rest = {name: value for name, value in found.items() if name != "partOf"}
            return {**rest, "partOf": {"reference": f"Organization/{place}"}} if place else rest

        return self._change(errand, code, moved)

    def close(self, errand: Errand, code: str) -> Facility:
        """Nobody acts there from now on; its records and its place in the tree stay."""

        def closed(reading: Reading, found: Resource) -> Resource:
            below = reading.search(_query([("partof", f"Organization/{found['id']}")]), _ALL).matches
            standing = [_facility(parse_json(one.body)) for one in below if not one.deleted]
            if any(one.active and one.code for one in standing):
                raise Refused.because(422, "business-rule", "organisation.has-others", number=code)
            return {**found, "active": False}

        return self._change(errand, code, closed)

    def reopen(self, errand: Errand, code: str) -> Facility:
        return self._change(errand, code, lambda _, found: {**found, "active": True})

    def add_department(self, errand: Errand, home: str, name: str) -> Facility:
        """Raises Refused also when the facility has an open department of that name."""
        check_name(name)
        made = {
            "resourceType": "Organization", "id": new_id(), "active": True, "name": name.strip(),
            "type": [{"coding": [{"system": _TYPE, "code": "dept"}]}],
            "partOf": {"reference": f"Organization/{home}"},
        }  # fmt: skip

        def work(transaction: Transaction) -> Sequence[Draft]:
            below = transaction.search(_query([("partof", f"Organization/{home}")]), _ALL).matches
            names = {_facility(parse_json(one.body)).name for one in below if not one.deleted}
            if made["name"] in names:
                raise Refused.because(409, "duplicate", "organisation.department", name=name.strip())
            return [draft("POST", made)]

        self._write(errand, "c", work)
        return _facility(made)

    def close_department(self, errand: Errand, id: str) -> Facility:
        """Raises Refused (404) for what is no department that the caller looks after."""

        def work(transaction: Transaction) -> Sequence[Draft]:
            found = live(transaction, "Organization", id)
            if found is None or code_of(found):
                raise Refused.because(404, "not-found", "rest.not-found", type="Organization", id=id[:64])
            changed.update({**found, "active": False})
            return [draft("PUT", changed)]

        changed: Resource = {}
        self._write(errand, "u", work)
        return _facility(changed)

    def _change(self, errand: Errand, code: str, change: Callable[[Reading, Resource], Resource]) -> Facility:
        changed: Resource = {}

        def work(transaction: Transaction) -> Sequence[Draft]:
            known = _by_code(transaction, code)
            found = live(transaction, "Organization", known.id) if known else None
            if found is None:
                raise Refused.because(404, "not-found", "organisation.unknown", number=code[:64])
            changed.clear()
            changed.update(change(transaction, found))
            return [draft("PUT", changed)]

        self._write(errand, "u", work)
        return _facility(changed)

    def _write(self, errand: Errand, right: Any, work: Callable[[Transaction], Sequence[Draft]]) -> None:
        rights = [(right, "Organization"), *([("c", "Location")] if right == "c" else [])]
        self._records.write(errand, rights, [TREE], work)

    def _today(self) -> date:
        return self._records.clock().astimezone(VIETNAM).date()


def check_name(name: str) -> None:
    if not name.strip() or len(name) > LONGEST_NAME or not name.isprintable():
        raise Refused.because(422, "value", "organisation.name", most=str(LONGEST_NAME))


def _place(reading: Reading, wanted: Wanted) -> str:
    """Id of what it is to stand under; empty for the top. Raises Refused where its kind does not belong."""
    above = _by_code(reading, wanted.under) if wanted.under else None
    place_of(wanted, None, above)
    return above.id if above else ""


def place_of(wanted: Wanted, coming: str | None, above: Facility | None) -> None:
    """Whether it may stand there: under a facility on record, or under one that comes with it of the kind `coming`.

    Raises Refused. Under what other software wrote without a kind anything may stand.
    """
    if wanted.under and coming is None and (above is None or not above.active):
        raise Refused.because(422, "not-found", "organisation.unknown", number=wanted.under[:64])
    over = coming if coming is not None else above.kind if above else ""
    kind = kinds().get(wanted.kind)
    if kind is not None and over not in kind.under and (over or not wanted.under):
        raise Refused.because(422, "business-rule", "organisation.under", kind=wanted.kind, under=over or "-")


def _upwards(reading: Reading, id: str) -> Iterator[str]:
    for _ in range(DEEPEST):
        found = live(reading, "Organization", id) if id else None
        if found is None:
            return
        yield id
        id = parent_of(found)
    raise Refused.because(422, "business-rule", "organisation.deep", most=str(DEEPEST))


def _by_code(reading: Reading, code: str) -> Facility | None:
    met = [_facility(one) for one in numbered(reading, code).values()]
    return min(met, key=lambda one: (not one.active, not one.kind, one.id), default=None)


def _facility(resource: Resource) -> Facility:
    gln = next((i.get("value", "") for i in resource.get("identifier", ()) if i.get("system") == GLN), "")
    return Facility(
        str(resource["id"]), code_of(resource), gln, kind_of(resource), str(resource.get("name", "")),
        parent_of(resource), resource.get("active") is not False,
    )  # fmt: skip


def _organization(wanted: Wanted, id: str) -> Resource:
    kind = kinds()[wanted.kind]
    numbers = [(kind.system, wanted.code)] if wanted.code else []
    numbers += [(GLN, wanted.gln)] if wanted.gln else []
    coding = {"system": FACILITY_LEVEL, "code": kind.code}
    return bare(numbers, wanted.name.strip(), id) | {
        "type": [{"coding": [coding]}],
        **({"address": [{"use": "work", "text": wanted.address.strip()}]} if wanted.address.strip() else {}),
    }


def bare(numbers: Sequence[tuple[str, str]], name: str, id: str) -> Resource:
    """A facility of which nothing is known but its numbers and a name."""
    return {
        "resourceType": "Organization",
        "id": id,
        "active": True,
        "identifier": [{"use": "official", "system": system, "value": value} for system, value in numbers],
        "name": name,
    }


def unknown(code: str, id: str) -> Resource:
    """A facility that somebody works at before anybody added it: its code stands for its name."""
    return bare([(system_of(code), code)], code, id)


def _location(organization: Resource, address: str) -> Resource:
    return {
        "resourceType": "Location",
        "id": new_id(),
        "status": "active",
        "name": organization["name"],
        "managingOrganization": {"reference": f"Organization/{organization['id']}"},
        **({"address": {"use": "work", "text": address.strip()}} if address.strip() else {}),
    }


def every(records: Records, errand: Errand, query: Query) -> list[Resource]:
    """All that a search finds."""
    return turned(lambda cursor: records.search(errand, query, cursor))


def turned(search: Callable[[str | None], Page]) -> list[Resource]:
    """What stands on all its pages."""
    found: list[Resource] = []
    cursor: str | None = None
    while True:
        page = search(cursor)
        found += [parse_json(version.body) for version in page.matches if not version.deleted]
        cursor = page.cursor
        if cursor is None:
            return found


def draft(method: Any, resource: Resource) -> Draft:
    return Draft(method, resource["resourceType"], resource["id"], orjson.dumps(resource), resource)


def _query(asked: list[tuple[str, str]]) -> Query:
    return replace(parse("Organization", asked), count=_PAGE)
