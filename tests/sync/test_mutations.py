"""The checker is worth something: the core broken in each of its ten ways is found out, under the right name."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import Any

import pytest

from hoso.sync import heads, proof, serving, talking
from hoso.sync.batches import take
from hoso.sync.ledger import Version
from hoso.sync.messages import Item
from hoso.sync.simulation import checker
from hoso.sync.simulation.play import play
from hoso.sync.simulation.schedule import SMALL, draw
from hoso.sync.simulation.truth import CLASSES
from hoso.sync.stream import Place, Record, StreamId, read

Patch = pytest.MonkeyPatch
SCHEDULES = 400


class Credulous:
    def good(self, node: str, data: bytes, signature: bytes) -> bool:
        return True


def lost(patch: Patch) -> None:
    """The sender remembers itself what it sent, instead of asking the hub what it has."""
    real, remembered = talking._push, {}

    def push(me: Any, places: dict[Any, Place]) -> Generator[Any, Any, int]:
        known = remembered.setdefault((me.name, me.hub), {})
        for stream in me.ledger.streams():
            place = max(places.get(stream, Place(0, b"")), known.get(stream, Place(0, b"")), key=lambda p: p.number)
            known[stream] = places[stream] = place
        sent = yield from real(me, places)
        known.update((stream, me.ledger.end(stream)) for stream in me.ledger.streams())
        return sent

    patch.setattr(talking, "_push", push)


def unexpected(patch: Patch) -> None:
    """The signature of a batch is not checked."""
    patch.setattr(serving, "take", lambda data, keys: take(data, Credulous()))


def duplicate(patch: Patch) -> None:
    """A change that is in the record already is admitted again."""

    def admissible(me: Any, items: tuple[Any, ...]) -> tuple[Version, ...]:
        return tuple(Version(item.stream, item.number, read(item.record), item.record) for item in items)

    patch.setattr(talking, "admissible", admissible)


def altered(patch: Patch) -> None:
    """The feed writes a text anew instead of passing on its bytes."""
    real = serving.Item

    def anew(stream: StreamId, number: int, record: Record) -> Item:
        return real(stream, number, Record(record.header, record.body[:-1]))

    patch.setattr(serving, "Item", anew)


def diverged(patch: Patch) -> None:
    """The feed forgets a line now and then, and nobody compares what both show."""
    patch.setattr(serving, "_goes_to", _goes(lambda entry: entry.number % 5 != 0))
    patch.setattr(proof, "root", lambda sums: b"")


def dropped_head(patch: Patch) -> None:
    """The newest wins, by the clock."""
    real = heads.heads

    def newest(versions: Any) -> list[Version]:
        return sorted(real(versions), key=lambda version: version.header.time)[-1:]

    for module in (heads, checker):
        patch.setattr(module, "heads", newest)


def order(patch: Patch) -> None:
    """The newest batches are sent first, and a batch that leaves a gap is taken."""
    real = talking._loads
    patch.setattr(talking, "_loads", lambda *of: reversed(list(real(*of))))
    patch.setattr(serving, "_fits", lambda *_: None)


def partial_group(patch: Patch) -> None:
    """A page may leave out a part of what belongs together."""
    patch.setattr(serving, "_goes_to", _goes(lambda entry: entry.version.header.place != 2))


def leak(patch: Patch) -> None:
    """The hub sends everything to everybody."""
    patch.setattr(serving, "_goes_to", lambda me, sender, entry, held: True)


def false_delivered(patch: Patch) -> None:
    """A province says that what it has is at the centre."""
    real = serving.receipt
    patch.setattr(serving, "receipt", lambda me, stream, place: real(replace(me, hub=None), stream, place))


def _goes(also: Callable[[Any], bool]) -> Callable[[Any, str, Any, Any], bool]:
    real = serving._goes_to
    return lambda me, sender, entry, held: real(me, sender, entry, held) and also(entry)


MUTATIONS = (
    lost, unexpected, duplicate, altered, diverged, dropped_head, order, partial_group, leak, false_delivered
)  # fmt: skip


def test_there_is_a_mutation_for_every_class() -> None:
    assert [mutation.__name__ for mutation in MUTATIONS] == list(CLASSES)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_a_broken_core_is_found_out(mutation: Callable[[Patch], None], monkeypatch: Patch) -> None:
    mutation(monkeypatch)
    found: set[str] = set()
    for seed in range(SCHEDULES):
        found |= {kind for kind, _ in play(draw(seed, SMALL)).failures}
        if mutation.__name__ in found:
            return
    pytest.fail(f"{SCHEDULES} schedules found only {found}")
