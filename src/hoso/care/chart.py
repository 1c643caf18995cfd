"""One person's resources by type, with the names of facilities and people they refer to.

Void ones (entered in error, refuted, cancelled) are left out here, so that no reader of a chart can show them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hoso.care.card import Origin, Source
from hoso.care.elements import (
    Resource,
    codings,
    human_name,
    is_void,
    key_of,
    newest,
    reference_key,
    when,
)

_AUTHORS = ("recorder", "asserter", "requester", "performer", "participant", "informationSource", "author")
_FACILITIES = ("serviceProvider", "managingOrganization", "custodian", "owner", "performer", "location", "author")
_SPOKEN = frozenset(("encounter", "context", "medicationReference", *_AUTHORS, *_FACILITIES))
_PEOPLE = ("Practitioner", "PractitionerRole", "Patient", "RelatedPerson")
_PLACES = ("Organization", "Location")


@dataclass(frozen=True, slots=True)
class Chart:
    by_type: dict[str, list[Resource]]
    names: dict[str, str]
    encounters: dict[str, Resource]
    sorted: dict[tuple[str, ...], list[Resource]] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    measured: dict[str, list[tuple[int, Resource]]] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)
    """By the key of a Patient whose link to the person is young."""

    @classmethod
    def of(cls, resources: Iterable[Resource]) -> Chart:
        by_type: dict[str, list[Resource]] = {}
        names: dict[str, str] = {}
        for resource in resources:
            if is_void(resource):
                continue
            by_type.setdefault(resource["resourceType"], []).append(resource)
            if name := resource.get("name"):
                names[key_of(resource)] = name if isinstance(name, str) else human_name(name)
        encounters = {key_of(e): e for e in by_type.get("Encounter", ())}
        return cls(by_type, names, encounters)

    def all(self, *types: str) -> list[Resource]:
        """Resources of these types, newest first."""
        if types not in self.sorted:
            self.sorted[types] = newest([r for type in types for r in self.by_type.get(type, ())])
        return self.sorted[types]

    def observations(self, loinc: Sequence[str]) -> list[Resource]:
        """Those with one of these LOINC codes, newest first."""
        if not self.measured:
            for place, one in enumerate(self.all("Observation")):
                for system, code in codings(one.get("code")):
                    if system == "loinc":
                        self.measured.setdefault(code, []).append((place, one))
        found = {place: one for code in loinc for place, one in self.measured.get(code, ())}
        return [found[place] for place in sorted(found)]

    def name(self, reference: Resource | None) -> str:
        return (reference or {}).get("display") or self.names.get(reference_key(reference), "")

    def encounter(self, resource: Resource) -> Resource | None:
        reference = resource.get("encounter") or resource.get("context")
        return self.encounters.get(reference_key(reference))

    def facility(self, resource: Resource) -> str:
        """The facility that stands behind a resource: its own mark, else that of the encounter it belongs to."""
        key = key_of(resource)
        if key not in self.places:
            self.places[key] = self._facility(resource)
        return self.places[key]

    def _facility(self, resource: Resource) -> str:
        if named := self._named(resource, _FACILITIES, _PLACES):
            return named
        encounter = self.encounter(resource)
        return self.facility(encounter) if encounter is not None and encounter is not resource else ""

    def source(self, resource: Resource) -> Source:
        author, origin = self._named(resource, _AUTHORS, _PEOPLE), self._origin(resource) if self.origins else None
        return Source(self.facility(resource), author, when(resource), origin)

    def _origin(self, resource: Resource) -> Origin | None:
        return self.origins.get(reference_key(resource.get("subject") or resource.get("patient")))

    def _named(self, resource: Resource, elements: tuple[str, ...], types: tuple[str, ...]) -> str:
        for element in elements:
            value = resource.get(element)
            if value is None:
                continue
            for one in value if isinstance(value, list) else (value,):
                for reference in _references(one):
                    if _points_to(reference, types) and (name := self.name(reference)):
                        return name
        return ""


def spoken_references(resource: Resource) -> Iterable[Resource]:
    """The references whose names a reader sees: facility, author, medicine, and the visit a line belongs to."""
    for element, value in resource.items():
        if element in _SPOKEN:
            for one in value if isinstance(value, list) else (value,):
                yield from _references(one)


def _references(value: Resource | None) -> Iterable[Resource]:
    """A reference, or the references inside a backbone element such as participant or performer."""
    if not isinstance(value, dict):
        return ()
    if "reference" in value or "identifier" in value or "display" in value:
        return (value,)
    inside = (inner for inner in value.values() if isinstance(inner, dict))
    return tuple(one for one in inside if "reference" in one or isinstance(one.get("type"), str))


def _points_to(reference: Resource, types: tuple[str, ...]) -> bool:
    key = reference_key(reference)
    return (reference.get("type") or key.partition("/")[0] or types[0]) in types
