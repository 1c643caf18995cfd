"""What happens in a simulated week: who writes, who calls whom, and what goes wrong, all drawn from one seed."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["write", "contact", "kill", "image", "restore", "clone", "full", "clock", "storm", "forge", "replay"]
FAULTS: tuple[Kind, ...] = (
    "kill", "image", "restore", "clone", "full", "clock", "storm", "forge", "replay"
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Action:
    """At `time` (milliseconds) something happens to node number `node`; `seed` decides what chance decides of it."""

    time: int
    kind: Kind
    node: int
    seed: int

    def __str__(self) -> str:
        return f"{self.time / 1000:10.3f} s  {self.kind} at node {self.node} (chance {self.seed})"


@dataclass(frozen=True, slots=True)
class Size:
    """How big a schedule is. Node 0 is the centre, then the provinces, then the stations."""

    provinces: int
    stations: int
    patients: int
    writes: int
    contacts: int
    faults: int
    duration: int
    """Milliseconds."""

    @property
    def nodes(self) -> int:
        return 1 + self.provinces + self.stations


SMALL = Size(provinces=1, stations=3, patients=3, writes=18, contacts=24, faults=16, duration=600_000)
HOUR = 3_600_000


def week(stations: int, visits: int, days: int = 7) -> Size:
    """The stations of some provinces for some days: a visit is one group of changes, and a station calls each hour."""
    return Size(
        provinces=min(stations, max(2, stations // 20)),
        stations=stations,
        patients=stations * 10,
        writes=stations * visits,
        contacts=stations * days * 24,
        faults=stations * days * 2,
        duration=days * 24 * HOUR,
    )


@dataclass(frozen=True, slots=True)
class Schedule:
    seed: int
    size: Size
    actions: tuple[Action, ...]

    def without(self, gone: range) -> Schedule:
        return replace(self, actions=self.actions[: gone.start] + self.actions[gone.stop :])


def draw(seed: int, size: Size) -> Schedule:
    """The schedule of a seed. Each has its own mixture of faults, so that rare ones also meet each other."""
    chance = random.Random(seed)
    mixture = chance.sample(FAULTS, chance.randint(1, len(FAULTS)))
    actions = [_action(chance, size, "write") for _ in range(size.writes)]
    actions += [_action(chance, size, "contact") for _ in range(size.contacts)]
    actions += [_action(chance, size, chance.choice(mixture)) for _ in range(size.faults)]
    return Schedule(seed, size, tuple(sorted(actions, key=lambda action: action.time)))


def _action(chance: random.Random, size: Size, kind: Kind) -> Action:
    if kind == "restore" and chance.random() < 0.4:
        node = chance.randrange(1 + size.provinces)
    else:
        node = chance.randrange(1 if kind == "contact" or chance.random() < 0.9 else 0, size.nodes)
    return Action(chance.randrange(size.duration), kind, node, chance.getrandbits(32))
