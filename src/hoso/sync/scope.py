"""Whose records a node has: the scope. The hub works it out; the node is told who joined, and keeps that list.

Whoever joins a scope stays in it: what a node has is never taken away by this. The list of a node is its lane: numbered
densely and chained like a feed, so that a hub that was put back is noticed, and both sides go on from what both know.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Literal, NamedTuple, get_args

Extent = Literal["own", "all"]
"""Of a node: the people of its facility, or everybody."""
EXTENTS: tuple[Extent, ...] = get_args(Extent)
EVERYWHERE = frozenset({
    "ActivityDefinition", "CapabilityStatement", "ChargeItemDefinition", "CodeSystem", "CompartmentDefinition",
    "ConceptMap", "Endpoint", "GraphDefinition", "HealthcareService", "ImplementationGuide", "InsurancePlan", "Library",
    "Location", "Measure", "Medication", "MedicationKnowledge", "MessageDefinition", "NamingSystem",
    "OperationDefinition", "Organization", "OrganizationAffiliation", "PlanDefinition", "Practitioner",
    "PractitionerRole", "Questionnaire", "Schedule", "Slot", "SpecimenDefinition", "StructureDefinition",
    "StructureMap", "Substance", "ValueSet",
})  # fmt: skip
"""Types that speak of no patient; every node has them. Of another, what has no patient is a scope of its own."""
MOST_KEY = 64
SHORT = 32
"""The newest places of a lane that are told; of older ones ever fewer."""


class Wants(NamedTuple):
    """Whose records a node is to have: of whom one of the `nodes` wrote, or for whom one of the `facilities` cares."""

    nodes: frozenset[str]
    facilities: frozenset[str]


class Joined(NamedTuple):
    """A place of a lane: who joined, and the chain over all until there.

    What the hub's feed has of them up to `line` is given with the join, what is behind comes by the feed; the hub alone
    knows, at the node it is 0.
    """

    number: int
    chain: bytes
    patient: str
    line: int


def extent(said: str) -> Extent:
    """As it was said by another node, or is kept; what is not known is everybody."""
    return "own" if said == "own" else "all"


def key(type: str, id: str, patient: str) -> str:
    """Under whom a change is counted and asked for: a patient, nobody (""), or itself."""
    if patient or type in EVERYWHERE:
        return patient
    name = f"{type}/{id}"
    return name if len(name) <= MOST_KEY else f"{type}/{sha256(id.encode()).hexdigest()[:24]}"


class Place(NamedTuple):
    """A node as its hub knows it. `counts`: whether it was not revoked."""

    facility: str
    extent: Extent
    counts: bool = True


def wanted(node: str, below: Collection[str], places: Mapping[str, Place]) -> Wants | None:
    """What a node wants with all that is `below` it, itself among them; None: everything.

    What was written by a node of the same facility that is no more is wanted by the one in its place.
    """
    found = {one: places[one] for one in below if one in places}
    if node not in found or any(one.extent == "all" for name, one in found.items() if one.counts or name == node):
        return None
    facilities = frozenset(one.facility for one in found.values() if one.facility)
    before = (name for name, one in places.items() if one.facility in facilities)
    return Wants(frozenset((*found, *before)), facilities)


def families(patients: Iterable[str], same: Callable[[str], Collection[str]]) -> list[tuple[str, ...]]:
    """The patients with all that are the same person, each person once: in a scope they are together or not at all."""
    found: dict[str, tuple[str, ...]] = {}
    for patient in patients:
        if patient not in found:
            family = tuple(sorted({patient, *same(patient)}))
            found.update(dict.fromkeys(family, family))
    return list(dict.fromkeys(found.values()))


def concerned(
    families: Iterable[Sequence[str]], claims: Callable[[str], Collection[str]], wants: Wants
) -> Iterable[Sequence[str]]:
    """The families of whom somebody is claimed; `claims` names nodes and facilities as `node` and `facility` do."""
    wanted = {*map(node_claim, wants.nodes), *map(facility_claim, wants.facilities)}
    return [family for family in families if any(wanted.intersection(claims(one)) for one in family)]


def node_claim(node: str) -> str:
    return f"node/{node}"


def facility_claim(facility: str) -> str:
    return f"facility/{facility}"


def link(chain: bytes, patient: str) -> bytes:
    return sha256(chain + sha256(patient.encode()).digest()).digest()


def lengthened(end: tuple[int, bytes], patients: Iterable[str], line: int = 0) -> list[Joined]:
    """The next places of a lane."""
    number, chain = end
    found = []
    for patient in patients:
        number, chain = number + 1, link(chain, patient)
        found.append(Joined(number, chain, patient, line))
    return found


def told(end: int) -> list[int]:
    """The places of a lane that are worth telling, the last first: the nearest, and ever rarer ones before."""
    near = list(range(end, max(0, end - SHORT), -1))
    step, at = SHORT, end - SHORT
    while at > 0:
        near.append(at)
        at, step = at - step, step * 2
    return near


def former(node: str) -> str:
    """The name of a second lane of a node: who was cut off the end of its own, and whose records it still has."""
    return f"{node}/former"


def common(places: Iterable[tuple[int, bytes]], chain: Callable[[int], bytes | None]) -> int:
    """The last of somebody's places of a lane that is a place here too; 0 if none is."""
    return max((number for number, told in places if number > 0 and chain(number) == told), default=0)
