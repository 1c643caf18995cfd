"""Which resources of a visit are which rows of which tables: by the ids that reading gives them, else by their kind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hoso.exchange.insurance.finish import COMES_AGAIN, NAMELESS
from hoso.exchange.insurance.mapping import Line, Resource, home, kept_in, makes
from hoso.exchange.stable_ids import from_numbers
from hoso.fhir import systems

Parts = dict[str, list[Resource]]
"""The resources of one row by their names in resources.toml."""
_WHOLE = ("XML0", "XML1")
_ROWS = tuple(f"XML{n}" for n in range(2, 16))
_SIGNS = ("M", "T", "HA", "NT", "SP")
_ROLES = {"AD": "Condition:admission", "DD": "Condition:main", "CM": "Condition:other"}
_FILLED_IN = {("Claim", "created"), ("DocumentReference", "date"), ("Observation", "effectiveDateTime")}
ERROR = "entered-in-error"
_LATEST = 400
"""Running numbers that are looked for, at least."""


@dataclass
class Found:
    """`number` is what the facility calls the visit (MA_LK). `rows`: of each table."""

    facility: str
    encounter: Resource
    number: str
    rows: dict[str, list[Parts]] = field(default_factory=dict)
    numbers: dict[int, str] = field(default_factory=dict)
    is_read: bool = False
    """Whether it came as insurance XML: then some of what it says was filled in by the reading."""

    def filled_in(self, line: Line) -> tuple[str, ...]:
        """What reading puts at that place when the field is not there, because FHIR wants something."""
        period = self.encounter.get("period", {})
        if line.path[-1:] in (("text",), ("description",)):
            return (NAMELESS, COMES_AGAIN)
        if not self.is_read or (line.resource, *line.path) not in _FILLED_IN:
            return ()
        start = str(period.get("start", ""))
        return (start if line.resource == "Observation" else str(period.get("end") or start),)

    def number_of(self, table: str, parts: Mapping[str, list[Resource]]) -> str:
        """The row's own running number, or its place."""
        place = next(at for at, one in enumerate(self.rows[table], 1) if one is parts)
        return self.numbers.get(id(parts), str(place))


def is_withdrawn(resource: Mapping[str, Any]) -> bool:
    codings = resource.get("verificationStatus", {}).get("coding", ())
    return resource.get("status") == ERROR or any(one.get("code") == ERROR for one in codings)


def found(resources: list[Resource], facility: str) -> Found:
    """What was withdrawn is no row of anything. Raises ValueError when there is not one Encounter."""
    resources = [one for one in resources if one["resourceType"] == "Encounter" or not is_withdrawn(one)]
    encounters = [one for one in resources if one["resourceType"] == "Encounter"]
    if len(encounters) != 1:
        raise ValueError(f"{len(encounters)} Encounters")
    finder = _Finder(resources, facility, encounters[0])
    finder.whole_visit()
    finder.rows_by_id()
    finder.items()
    finder.rows_by_kind()
    finder.reports()
    return finder.found


class _Finder:
    def __init__(self, resources: list[Resource], facility: str, encounter: Resource) -> None:
        self._named = {(one["resourceType"], one["id"]): one for one in resources}
        self._facility = facility
        numbers = {one.get("system"): str(one.get("value", "")) for one in encounter.get("identifier", ())}
        number = numbers.get(systems.facility_visit_number(facility), "")
        self._key = numbers.get(systems.facility_visit_key(facility)) or number or str(encounter["id"])
        self._used: set[tuple[str, str]] = set()
        is_read = systems.facility_visit_key(facility) in numbers
        self.found = Found(facility, encounter, number or str(encounter["id"]), is_read=is_read)
        self._table = "XML0" if encounter.get("status") == "in-progress" else "XML1"

    def _take(self, type: str, *parts: str) -> Resource | None:
        """The resource that reading would have given this name, if it is here."""
        return self._one(type, from_numbers(self._facility, "visit", self._key, *parts))

    def _one(self, type: str, id: str) -> Resource | None:
        one = self._named.get((type, id))
        if one is not None:
            self._used.add((type, id))
        return one

    def _left(self, *types: str) -> list[Resource]:
        return [one for name, one in self._named.items() if name[0] in types and name not in self._used]

    def whole_visit(self) -> None:
        """The summary: what is of the whole visit, by name; of another door, by the role it has in the Encounter."""
        parts: Parts = {"Encounter": [self.found.encounter]}
        subject = str(self.found.encounter.get("subject", {}).get("reference", "")).rpartition("/")[2]
        if patient := self._one("Patient", subject):
            parts["Patient"] = [patient]
        for name in sorted(makes(self._table) - {"Patient", "Encounter", "Claim"}):
            type = name.partition(":")[0]
            alone = [one] if (one := self._take(type, name)) else []
            parts[name] = alone + [one for at in range(1, 40) if (one := self._take(type, f"{name}#{at}"))]
        parts["Claim"] = self._left("Claim")[:1]
        self._used |= {("Claim", one["id"]) for one in parts["Claim"]}
        self._others(parts)
        self.found.rows[self._table] = [{name: some for name, some in parts.items() if some}]

    def _others(self, parts: Parts) -> None:
        for entry in self.found.encounter.get("diagnosis", ()):
            roles = [one.get("code") for one in entry.get("use", {}).get("coding", ())]
            name = next((_ROLES[role] for role in roles if role in _ROLES), "Condition:other")
            type, _, id = str(entry.get("condition", {}).get("reference", "")).rpartition("/")
            if (type, id) not in self._used and (one := self._one("Condition", id)):
                parts.setdefault(name, []).append(one)
        for one in self._left("Condition"):
            name = "Condition:other" if parts.get("Condition:main") else "Condition:main"
            parts.setdefault(name, []).append(one)
            self._used.add(("Condition", one["id"]))
        for name, code in (("Observation:weight", "29463-7"), ("Observation:blood", "882-1")):
            for one in self._left("Observation"):
                if not parts.get(name) and _has(one, systems.LOINC, code):
                    parts[name] = [one]
                    self._used.add(("Observation", one["id"]))

    def rows_by_id(self) -> None:
        numbers = range(1, max(_LATEST, 2 * len(self._named)))
        for table in _ROWS:
            here = {one["resourceType"] for one in self._left(*makes(table))}  # an id is dear to work out
            names = sorted(here, key=lambda name: (name != home(table), name))
            for stated in (*map(str, numbers), *(f"#{n}" for n in range(1, 1 + len(self._named)))):
                parts = {name: [one] for name in names if (one := self._take(name, table, stated, name))}
                if parts:
                    self._add(table, parts, stated)

    def _add(self, table: str, parts: Parts, number: str = "") -> None:
        self.found.rows.setdefault(table, []).append(parts)
        if number and not number.startswith("#"):
            self.found.numbers[id(parts)] = number

    def items(self) -> None:
        """The lines of the claim say which rows they are."""
        claims = self.found.rows[self._table][0].get("Claim", [])
        by_number = {
            (table, self.found.numbers.get(id(parts), f"#{at}")): parts
            for table, rows in self.found.rows.items()
            for at, parts in enumerate(rows, 1)
        }
        for item in (item for claim in claims for item in claim.get("item", ())):
            table, number = _row_of(item)
            if (parts := by_number.get((table, number))) is not None:
                parts["Item"] = [item]
            elif table:
                self._add(table, {"Item": [item]}, number)
        for table in ("XML2", "XML3"):
            self.found.rows.get(table, []).sort(key=lambda parts: int(self.found.numbers.get(id(parts), "0")))

    def rows_by_kind(self) -> None:
        """What came by another door."""
        for one in self._left("MedicationRequest"):
            self._add("XML2", {"MedicationRequest": [one]})
        for one in self._left("ServiceRequest", "Procedure"):
            if not _is_of_paper(one):
                self._add("XML3", {one["resourceType"]: [one]})
        derived = set(self._vitals())
        for one in self._left("Observation"):
            if one["id"] not in derived and not _is_vital(one):
                self._add("XML4", {"Observation": [one]})
        for one in self._left("DocumentReference"):
            codings = one.get("type", {}).get("coding", ())
            table = next((code["code"] for code in codings if code.get("system") == systems.XML_TABLE), "")
            if table in _ROWS:
                self._add(table, {"DocumentReference": [one]})

    def _vitals(self) -> Iterator[str]:
        """Those that a progress note's own token says."""
        for parts in self.found.rows.get("XML5", ()):
            for document in parts.get("DocumentReference", ()):
                for sign in _SIGNS:
                    yield from_numbers(self._facility, "visit", self._key, "vital", document["id"], sign)

    def reports(self) -> None:
        """A result's report has its conclusion and its service."""
        of: dict[str, Resource] = {}
        for report in self._left("DiagnosticReport"):
            for one in report.get("result", ()):
                of[str(one.get("reference", "")).rpartition("/")[2]] = report
        for parts in self.found.rows.get("XML4", ()):
            for result in parts.get("Observation", ()):
                if result["id"] in of:
                    parts["DiagnosticReport"] = [of[result["id"]]]


def _row_of(item: Resource) -> tuple[str, str]:
    return next(((table, number) for table, name, number in kept_in(item) if name == "STT"), ("", ""))


def _has(one: Resource, system: str, code: str) -> bool:
    return any(c.get("system") == system and c.get("code") == code for c in one.get("code", {}).get("coding", ()))


def _is_of_paper(one: Resource) -> bool:
    """Whether it asks for what a paper of the visit says, as a referral does: no service that was given."""
    return any(
        c.get("system") == systems.XML_TABLE for category in one.get("category", ()) for c in category.get("coding", ())
    )


def _is_vital(one: Resource) -> bool:
    return any(
        c.get("code") == "vital-signs" for category in one.get("category", ()) for c in category.get("coding", ())
    )
