"""Plays a schedule: does what each action says to the world, then mends everything and lets the nodes talk it out."""

from __future__ import annotations

import random
from dataclasses import dataclass

from hoso.sync.asking import Broken
from hoso.sync.batches import seal
from hoso.sync.heads import heads
from hoso.sync.ledger import Full, Write
from hoso.sync.messages import Frame, Push, wrap
from hoso.sync.serving import answer
from hoso.sync.simulation.checker import check
from hoso.sync.simulation.schedule import Action, Schedule, Size
from hoso.sync.simulation.truth import Class
from hoso.sync.simulation.world import Killed, Network, Node, SimSigner, SimTree, WatchedLedger, World
from hoso.sync.stream import Header, Op, Place, Record, read, start, write
from hoso.sync.talking import contact

TYPES = ("Observation", "AllergyIntolerance", "Patient", "Condition")
ROUNDS = 12
"""After healing, each node calls once a round; by then all must agree."""


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a schedule. `rounds`: how many calls of every node it took to agree; None: they did not."""

    schedule: Schedule
    failures: tuple[tuple[Class, str], ...]
    writes: int
    rounds: int | None


def play(schedule: Schedule) -> Played:
    world = build(schedule.seed, schedule.size)
    for action in schedule.actions:
        world.deliver(action.time)
        _do(world, schedule.size, action)
    rounds = heal(world)
    if rounds is None:
        world.truth.fail("diverged", f"after {ROUNDS} rounds of calls there is still something to say")
    check(world)
    return Played(schedule, tuple(world.truth.failures), len(world.truth.written), rounds)


def build(seed: int, size: Size) -> World:
    chance = random.Random(seed ^ 0x5EED)
    provinces = [f"province-{n}" for n in range(size.provinces)]
    stations = [f"station-{n}" for n in range(size.stations)]
    patients = [f"Patient/p{n}" for n in range(size.patients)]
    above: dict[str, str | None] = {"centre": None, **dict.fromkeys(provinces, "centre")}
    scopes: dict[str, frozenset[str]] = {}
    for number, station in enumerate(stations):
        above[station] = provinces[number % len(provinces)]
        scopes[station] = frozenset(_roster(chance, patients))
    world = World(chance, SimTree(above, scopes))
    for name, hub in above.items():
        ledger = WatchedLedger(name, chance.randbytes(8).hex(), world.tree.claims)
        ledger.watch(world, name)
        world.nodes.append(Node(name, hub, ledger, world.life(name)))
    return world


def _roster(chance: random.Random, patients: list[str]) -> list[str]:
    if len(patients) <= 5:
        return chance.sample(patients, chance.randint(1, len(patients)))
    return chance.sample(patients, min(15, len(patients)))


def _do(world: World, size: Size, action: Action) -> None:
    chance = random.Random(action.seed)
    at_home = world.nodes[action.node]
    twins = [node for node in world.nodes if node.name == at_home.name]
    node = chance.choice(twins)
    match action.kind:
        case "write":
            visit(world, node, chance)
        case "contact":
            world.call(node)
        case "kill":
            node.talk = None
            node.ledger.power = chance.randint(1, 2)
        case "image":
            for other in world.nodes:  # a night in which every disk is copied
                other.image = other.ledger.copy()
        case "restore":
            _restore(world, node)
        case "clone":
            _clone(world, size, node)
        case "full":
            node.ledger.full_until = world.time + chance.randrange(size.duration // 8)
        case "clock":
            node.clock = chance.randint(-10 * 365, 10 * 365) * 86_400_000
        case "storm":
            loss, double, garble = (chance.random() * 0.4 for _ in range(3))
            world.network = Network(loss, double, garble, chance.choice((50, 2_000, 60_000)))
            world.storm_until = world.time + chance.randrange(size.duration // 8)
        case "forge":
            _forge(world, node, chance)
        case "replay":
            for to, data in chance.choices(world.seen, k=8) if world.seen else ():
                if isinstance(to, str):
                    world.serve(world.named(to), data, None)


def visit(world: World, node: Node, chance: random.Random) -> None:
    """A person writes one to three changes about one patient, together."""
    patient = _whom(world, node, chance)
    named = chance.choice(sorted(world.tree.scopes)) if chance.random() < 0.05 else ""
    group = chance.randbytes(16)
    places = chance.randint(1, 3)
    records = []
    touched: set[tuple[str, str]] = set()
    for place in range(1, places + 1):
        name = _name(node, patient, chance)
        while name in touched:
            name = (chance.choice(TYPES), chance.randbytes(8).hex())
        touched.add(name)
        found = [v.header.change for v in heads(node.ledger.versions(*name))]
        bases = tuple(found if chance.random() < 0.5 else found[:1])
        op: Op = "delete" if bases and chance.random() < 0.1 else "put"
        node.versions += 1
        header = Header(
            chance.randbytes(16), group, place, places, op, *name, str(node.versions), bases, patient, "Practitioner/x",
            "", 1_800_000_000_000 + world.time + node.clock,
        )  # fmt: skip
        poison = chance.random() < 0.03 and node.name.startswith("station")  # the door of a hub judges as its sync does
        body = b"" if op == "delete" else (b"poison " if poison else b"body ") + chance.randbytes(12).hex().encode()
        if named and body:
            body += f" for {named}".encode()
        records.append(write(header, body))
    before = node.ledger.power
    try:
        node.ledger.commit(Write(tuple(records)))
    except Full:
        return
    except Killed:
        if before == 1:
            return
    _accept(world, node, records, group)


def _whom(world: World, node: Node, chance: random.Random) -> str:
    """Mostly somebody who is known there; now and then one that never was there before."""
    known: set[str] = {*world.tree.scopes.get(node.name, ()), *node.ledger.patients()}
    if not known or chance.random() < 0.1:
        known = {patient for patients in world.tree.scopes.values() for patient in patients}
    return chance.choice(sorted(known))


def _name(node: Node, patient: str, chance: random.Random) -> tuple[str, str]:
    known = sorted(node.ledger.resources(patient))
    if known and chance.random() < 0.6:
        return chance.choice(known)
    return chance.choice(TYPES), f"{patient[8:]}-{chance.randrange(3)}"


def _accept(world: World, node: Node, records: list[Record], group: bytes) -> None:
    for record in records:
        node.turn += 1
        header = read(record)
        world.truth.accept(node.life, node.turn, record, header)
        world.members.setdefault(group, []).append(header.change)
        world.concerned.setdefault(header.patient, set()).update(world.tree.cared(header, record), {node.name})


def _restore(world: World, node: Node) -> None:
    """Yesterday's image is put back, and nobody tells the node."""
    if node.image is None:
        return
    old, node.ledger = node.ledger, _watched(world, node.image.copy(), node.name)
    node.talk = None
    node.life, node.turn = world.life(node.name), 0
    world.truth.excused |= old.changes().difference(*(other.ledger.changes() for other in world.nodes))


def _watched(world: World, ledger: object, name: str) -> WatchedLedger:
    assert isinstance(ledger, WatchedLedger)
    ledger.watch(world, name)
    return ledger


def _clone(world: World, size: Size, node: Node) -> None:
    """The disk is copied into a second PC, and both go on. Hubs are not cloned: a name leads to one of them."""
    if node.name.startswith("station") and len(world.nodes) < size.nodes + 2:
        ledger = _watched(world, node.ledger.copy(), node.name)
        world.nodes.append(Node(node.name, node.hub, ledger, world.life(node.name), 0, node.versions))
        node.life, node.turn = world.life(node.name), 0


def _forge(world: World, node: Node, chance: random.Random) -> None:
    """A stranger, or another station, sends a batch in the name of this node."""
    if node.hub is None:
        return
    stream = node.ledger.current()
    header = Header(
        chance.randbytes(16), b"", 1, 1, "put", "Observation", "forged", "1", (), "Patient/p0",
        "Practitioner/nobody", "", 0,
    )  # fmt: skip
    place = chance.choice((node.ledger.end(stream), Place(0, start(stream))))
    batch = seal(SimSigner("stranger"), stream, place, (write(header, b"forged"),))
    sender = chance.choice((node.name, "stranger", chance.choice(world.nodes).name))
    signer = SimSigner(chance.choice((sender, "stranger")))
    frame = Frame(sender, node.hub, b"", 1, Push(stream, (batch,)))
    world.serve(world.named(node.hub), wrap(signer, frame), None)


def heal(world: World) -> int | None:
    """The line is good, the disks have room: all call, from below and from above, until nothing changes."""
    world.storm_until, world.queue = 0, []
    for node in world.nodes:
        node.talk, node.ledger.full_until, node.ledger.power = None, 0, 0
    rising = sorted(world.nodes, key=lambda node: -_depth(world, node))
    for number in range(1, ROUNDS + 1):
        quiet = True
        for node in rising:
            quiet = _call_through(world, node) and quiet
        if quiet:
            return number
    return None


def _depth(world: World, node: Node) -> int:
    depth, at = 0, node.hub
    while at is not None:
        depth, at = depth + 1, world.tree.above[at]
    return depth


def _call_through(world: World, node: Node) -> bool:
    """One whole contact over a good line. True if there was nothing left to do."""
    if node.hub is None:
        return True
    hub = world.named(node.hub)
    talk = contact(world.peer(node))
    try:
        request = next(talk)
        while True:
            request = talk.send(answer(world.peer(hub), node.name, request))
    except StopIteration as done:
        outcome = done.value
        return not (outcome.sent or outcome.received or outcome.repaired or outcome.forked) and outcome.equal
    except Broken as fault:
        world.truth.fail("diverged", f"{node.name} cannot talk to its hub: {fault!r}")
        return False
