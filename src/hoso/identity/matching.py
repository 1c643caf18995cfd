"""The matcher as the rest of identity uses it: a Patient is described once, and decided about among who was found.

What counts on this node (model, thresholds, how many people there are and what they are called) stands here; the rules
stand in `match`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any, Protocol

from hoso.access import Member, Probe
from hoso.core import citizen_code
from hoso.core.clock import Clock, to_ms
from hoso.identity.local_names import Walked, counted
from hoso.identity.match.decide import SETTLERS, Candidate, Decision, Policy, Standing, decide
from hoso.identity.match.keys import KINDS, keyed
from hoso.identity.match.levels import FIELDS
from hoso.identity.match.packed import CODE, VERIFIED, Packed, Shared, encode, packed, unpack
from hoso.identity.match.score import Crowd, score_person
from hoso.identity.match.weights import Model
from hoso.identity.normalise import normalise

COUNT_MS = 60_000
"""How long a count of the people is good for: a threshold moves by one bit when they double."""

ENOUGH = 20_000
"""So many people tell how common names are here, better than the shipped table does."""

AGAINST = frozenset({"apart", "verified-numbers", "number-contradicted", "twins", "siblings", "other-number", "sex"})
"""Vetoes that say two are not the same; the others only say that too little is known."""

_PROBES = {name: Probe(kind.limit, kind.weight, name) for name, kind in KINDS.items()}

_LOCKED = ("number", "birth-given", "name-year")
"""Whoever shares one of these keys waits: the same person cannot come in at two counters at once."""


@dataclass(frozen=True, slots=True)
class Described:
    """What is known of a Patient: the text it is compared by, its keys, where to look, and the citizen codes it bears.

    `shared` maps a key to the phone or number it stands for, which many may have.
    """

    packed: bytes
    view: Packed
    keys: Collection[int]
    probes: Mapping[int, Probe]
    locks: Collection[int]
    codes: Sequence[str]
    shared: Mapping[int, Shared]


@dataclass(frozen=True, slots=True)
class Decided:
    """`person` is set when certain; `persons` are whom it may be; `bridged` those it shows to be one."""

    outcome: str
    person: int
    persons: Sequence[int]
    bridged: Sequence[int]
    vetoes: Sequence[str]
    evidence: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sought:
    """Who a Patient may be: `members` are records of the persons in question and `counts` how many people have each of
    its keys; `apart` are persons it must not be, `bearers` those whose citizen code it bears."""

    members: Sequence[Member]
    counts: Mapping[int, int]
    apart: Collection[int]
    bearers: Collection[int]

    def without(self, apart: Collection[int]) -> Sought:
        """The same, kept apart from these persons too."""
        return replace(self, apart={*self.apart, *apart})

    def among(self, persons: Collection[int]) -> Sought:
        """As if there were nobody but these persons; so nothing is said of how many others share a key."""
        members = [member for member in self.members if member.person in persons]
        return replace(self, members=members, counts={}, bearers={one for one in self.bearers if one in persons})


class People(Walked, Protocol):
    def count(self) -> int: ...


@dataclass(slots=True)
class Matching:
    model: Model
    policy: Policy
    clock: Clock
    enough: int = ENOUGH
    _counted: tuple[int, int] = field(default=(0, 0))
    _named: int = 0

    def describe(self, patient: Mapping[str, Any]) -> Described:
        person = normalise(patient, today=self.clock().date())
        view, found = packed(person), keyed(person)
        wanted = {key.value: _PROBES[key.kind] for key in found.asked}
        locks = [key.value for key in found.stored if key.kind in _LOCKED]
        codes = [n.value for n in person.numbers if n.kind == "citizen-code" and citizen_code.is_valid(n.value)]
        return Described(encode(view), view, [k.value for k in found.stored], wanted, locks, codes, found.shared)

    def contradicts(self, before: bytes, now: Described) -> bool:
        """Whether two versions of one record cannot be of one person."""
        scored = score_person(now.view, [unpack(before)], self.model, {})
        return scored is None or scored.total < 0

    def vetoed(self, described: Described, members: Sequence[Member]) -> bool:
        """Whether something says that these are another person's records, however many bits there are."""
        records = [unpack(member.packed) for member in members]
        decision = decide(described.view, [Candidate("", records)], 1, self.model, self._today())
        return not decision.standings or bool(AGAINST & set(decision.vetoes))

    def decide(self, described: Described, sought: Sought, people: People) -> Decided:
        """Whose record it is, among who was found."""
        by_person = self._records(described, sought)
        decision = self._weigh(described, sought, by_person, people, self._today())
        return self._decided(decision, by_person, sought.apart)

    def weigh(self, described: Described, sought: Sought, people: People, shown: int) -> Decision:
        """The same decision before anything follows from it, with up to `shown` persons told of."""
        by_person = self._records(described, sought)
        return self._weigh(described, sought, by_person, people, replace(self._today(), shown=shown))

    def possible(self, decision: Decision) -> float:
        """The bits from which a person may be meant, in a population of the decision's size."""
        return self.policy.raised(decision.population)[1]

    def _today(self) -> Policy:
        return replace(self.policy, year=self.clock().year)

    def _records(self, described: Described, sought: Sought) -> dict[int, list[Packed]]:
        """The records of each person; to those whose citizen code it bears, the code belongs too."""
        by_person: dict[int, list[Packed]] = {}
        for member in sought.members:
            by_person.setdefault(member.person, []).append(unpack(member.packed))
        for person in sought.bearers:
            by_person[person] = [_bearing(one, described.codes) for one in by_person.get(person, ())]
        return by_person

    def _weigh(
        self,
        described: Described,
        sought: Sought,
        by_person: Mapping[int, Sequence[Packed]],
        people: People,
        policy: Policy,
    ) -> Decision:
        crowd: Crowd = {value: n for key, value in described.shared.items() if (n := sought.counts.get(key))}
        candidates = [Candidate(str(person), records) for person, records in by_person.items() if records]
        barred = frozenset(map(str, sought.apart))
        population = self._population(people)
        return decide(described.view, candidates, population, self.model, policy, apart=barred, crowd=crowd)

    def _decided(
        self, decision: Decision, by_person: Mapping[int, Sequence[Packed]], apart: Collection[int]
    ) -> Decided:
        likely = [int(s.person) for s in decision.standings if int(s.person) not in apart]
        enough = [int(s.person) for s in decision.standings if _is_certain(s, decision.needed)]
        bridged = enough if len(enough) > 1 and self._may_be_one(enough, by_person) else []
        return Decided(
            decision.outcome,
            int(decision.person or 0),
            likely if decision.outcome != "new" else [],
            bridged,
            decision.vetoes,
            told(decision),
        )

    def _may_be_one(self, persons: Sequence[int], by_person: Mapping[int, Sequence[Packed]]) -> bool:
        """Nothing says that these persons, each of whom the newcomer certainly is, are two: it came late and shows that
        they are one. So the same records make the same persons in whatever order they come."""
        return all(
            self._agree(view, str(other), by_person[other])
            for place, one in enumerate(persons)
            for other in persons[place + 1 :]
            for view in by_person[one]
        )

    def _agree(self, view: Packed, person: str, records: Sequence[Packed]) -> bool:
        compared = decide(view, [Candidate(person, records)], 1, self.model, self._today())
        return compared.bits > 0 and not AGAINST & set(compared.vetoes)

    def attend(self, people: People) -> None:
        """Counts the people, and their names, when it is time. Names take half a second, so whoever is about to write
        does it before it holds up others."""
        self._population(people, COUNT_MS)

    def _population(self, people: People, age: int = 2 * COUNT_MS) -> int:
        now = to_ms(self.clock())
        if now - self._counted[0] > age or self._counted[1] < 1_000:
            self._counted = (now, people.count())
            self._name(people)
        return self._counted[1]

    def _name(self, people: People) -> None:
        """How common names are is counted once there are enough people, and again whenever these have doubled."""
        if self._counted[1] >= max(self.enough, 2 * self._named):
            self._named = self._counted[1]
            self.model = self.model.with_rarity(counted(people))


def _is_certain(standing: Standing, needed: float) -> bool:
    return not set(standing.vetoes) - {"margin"} and (standing.by_number or standing.bits >= needed)


def told(decision: Decision) -> dict[str, Any]:
    """A decision as the ledger keeps it: enough to be explained years later, by another release."""
    return {
        "outcome": decision.outcome,
        "bits": _round(decision.bits),
        "margin": _round(decision.margin),
        "needed": _round(decision.needed),
        "by-number": decision.by_number,
        "population": decision.population,
        "model": decision.model,
        "vetoes": list(decision.vetoes),
        "settling": list(decision.settling),
        "candidates": [
            {
                "person": s.person,
                "bits": _round(s.bits),
                "fields": {name: round(bits, 1) for name, bits in s.fields.items() if bits},
                "levels": dict(s.levels),
                "vetoes": list(s.vetoes),
            }
            for s in decision.standings
        ],
    }


def retold(evidence: Mapping[str, Any]) -> Decision | None:
    """The decision that the ledger kept, to be explained; None when none was kept, as of what a human decided.

    Words of another release that this one does not know are left out.
    """
    if "outcome" not in evidence:
        return None
    standings = tuple(_standing(one) for one in evidence.get("candidates", ()))
    return Decision(
        evidence["outcome"],
        standings[0].person if standings else None,
        _unbounded(evidence.get("bits"), -inf),
        _unbounded(evidence.get("margin"), inf),
        _unbounded(evidence.get("needed"), 0.0),
        evidence.get("population", 0),
        evidence.get("model", ""),
        tuple(evidence.get("vetoes", ())),
        tuple(fact for fact in evidence.get("settling", ()) if fact in SETTLERS),
        bool(evidence.get("by-number")),
        standings,
    )


def _standing(told: Mapping[str, Any]) -> Standing:
    levels = {field: level for field, level in told["levels"].items() if level in FIELDS.get(field, ())}
    fields = {field: bits for field, bits in told["fields"].items() if field in levels}
    return Standing(told["person"], _unbounded(told["bits"], -inf), fields, levels, tuple(told["vetoes"]), False, 0.0)


def _unbounded(bits: float | None, endless: float) -> float:
    return endless if bits is None else bits


def _round(bits: float) -> float | None:
    """None for what is infinite: nobody to be compared with."""
    return round(bits, 1) if abs(bits) < 1e6 else None


def _bearing(view: Packed, codes: Sequence[str]) -> Packed:
    """A record of the person whose code the newcomer bears, as if the code stood on it: the card is the person's."""
    numbers = tuple((CODE, int(code), VERIFIED) for code in codes)
    return Packed(
        view.shape, view.names, view.birth, view.sex, tuple(dict.fromkeys((*view.numbers, *numbers))), view.phones,
        view.places, view.mother, view.twin, view.deceased,
    )  # fmt: skip
