"""What one decision of the policy costs in memory: every role, with random ties, labels and denials of the person."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence

from hoso.access.policy import Ask, Facts, Tie, decide, role
from hoso.access.policy.ask import Ground
from hoso.access.policy.grounds import grounds
from hoso.access.policy.matrix import roles
from hoso.fhir.labels import labels
from hoso.fhir.relations import KINDS
from hoso.store.consents import ConsentRow

TYPES = ("Patient", "Observation", "Encounter", "MedicationRequest", "Condition", "DocumentReference", "Organization")
DECISIONS = 20_000
NOW = 1_000


def median_us(seed: int = 1) -> float:
    """Microseconds of the median decision. Who asks is looked up once a request and is not counted."""
    chance = random.Random(seed)
    asks = [(ask, grounds(ask)) for ask in (_ask(chance, name) for name in roles() for _ in range(20))]
    calls = [(*chance.choice(asks), _facts(chance)) for _ in range(DECISIONS)]
    _seconds(calls)
    return sorted(_seconds(calls))[DECISIONS // 2] * 1e6


def _seconds(calls: Sequence[tuple[Ask, tuple[Ground, ...], Facts]]) -> list[float]:
    took, clock = [], time.perf_counter
    for ask, reasons, facts in calls:
        start = clock()
        decide(ask, facts, reasons)
        took.append(clock() - start)
    return took


def _ask(chance: random.Random, name: str) -> Ask:
    row = role(name)
    assert row is not None
    return Ask(
        row, min(row.purposes), "view", "multi", NOW,
        grantees=tuple(chance.sample(range(501, 520), 3)), own=frozenset(chance.sample(range(1, 40), 2)),
        given={"emergency": frozenset(chance.sample(range(1, 40), 1))}, authors=(501,), denials=True,
    )  # fmt: skip


def _facts(chance: random.Random) -> Facts:
    ties = tuple(
        Tie(chance.randrange(len(KINDS)) + 1, chance.randrange(501, 520), 0, chance.choice((900, 2_000)))
        for _ in range(chance.randrange(6))
    )
    marks = frozenset(one.name for one in chance.sample(labels(), chance.choice((0, 0, 0, 1, 2))))
    denials = tuple(
        ConsentRow(7, place, place, 0, 0, 2_000, chance.randrange(501, 520), 0, 0, 0, 0, 0)
        for place in range(1, chance.choice((1, 1, 1, 3)))
    )
    return Facts(chance.choice(TYPES), chance.randrange(1, 40), ties, marks, frozenset(), 9, denials)
