"""Batches of another release: an older one is read, an unknown one is kept as it is, and nothing waits behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
import pytest
from tests.sync.pair import KEYS, SIGNERS, Site, change
from tests.sync.pair import meet as met
from tests.sync.test_kept_ledger import Kept

from hoso.store.record_store import RecordStore
from hoso.sync import Outcome, answer, batches
from hoso.sync.batches import LAYOUTS, PROTOCOL, Closed, Unsealable, reopen, seal, take
from hoso.sync.judging import judge_all
from hoso.sync.ledger import Branch
from hoso.sync.messages import Push, Refusal
from hoso.sync.stream import Place, StreamId, branch_of, start

Any = Site | Kept
NEWER = PROTOCOL + 6
_plain = LAYOUTS[PROTOCOL]


@contextmanager
def sealing(protocol: int) -> Iterator[None]:
    """Whoever seals a batch is of a release that seals in this protocol."""
    before, batches.PROTOCOL = batches.PROTOCOL, protocol
    try:
        yield
    finally:
        batches.PROTOCOL = before


def _meet(station: Any, hub: Any) -> Outcome:
    return met(station, hub)  # type: ignore[arg-type]


def _note(site: Any, id: str) -> None:
    site.note(id=id) if isinstance(site, Site) else site.note(id, "x")


def _ids(site: Any) -> set[str]:
    return {entry.version.header.id for entry in site.ledger.feed(0, 1_000)}


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def pair(request: pytest.FixtureRequest, make_store: Callable[..., RecordStore]) -> tuple[Any, Any]:
    if request.param == "memory":
        return Site("station"), Site("centre")
    return Kept("station", make_store("sqlite")), Kept("centre", make_store(request.param))


def test_an_unknown_protocol_is_held_behind_it_nothing_waits_and_it_is_admitted_once_it_is_known(
    pair: tuple[Any, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    station, hub = pair
    _note(station, "before")
    _meet(station, hub)
    _note(station, "unknown")
    _note(station, "unknown-2")
    with sealing(NEWER):
        _meet(station, hub)
    _note(station, "behind")
    outcome = _meet(station, hub)

    stream = station.ledger.current()
    assert _ids(hub) == {"before", "behind"}
    assert hub.ledger.end(stream) == station.ledger.end(stream)
    assert hub.ledger.judged(stream) == hub.ledger.end(stream).number
    assert {one.reason for one in hub.ledger.held(stream)} == {f"protocol {NEWER}"}
    assert outcome.equal, "the station leaves out what the hub holds"
    assert _meet(station, hub).equal
    # all of it is told as held, though the hub cannot know what it is
    told = [version for one in station.ledger.held_above() if (version := station.ledger.version(one))]
    assert {version.header.id for version in told} == {"unknown", "unknown-2"}
    kept = [batches.look(data) for data in hub.ledger.sealed(stream, 1)]
    assert next(one.protocol for one in kept) == NEWER

    monkeypatch.setitem(LAYOUTS, NEWER, _plain)
    assert _meet(station, hub).equal
    assert _ids(hub) == {"before", "unknown", "unknown-2", "behind"}
    assert hub.ledger.closed(stream) == [] and list(hub.ledger.held(stream)) == []
    assert list(hub.ledger.records(stream, 0, 10)) == list(station.ledger.records(stream, 0, 10))
    numbers = range(station.ledger.end(stream).number + 1)
    assert [hub.ledger.chain(stream, n) for n in numbers] == [station.ledger.chain(stream, n) for n in numbers]
    assert not station.ledger.held_above()


def test_a_client_of_three_versions_before_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    station, hub = Site("station"), Site("centre")
    for protocol in range(
        PROTOCOL, PROTOCOL + 4
    ):  # this release's is the first there is: today's client, tomorrow's hub
        monkeypatch.setitem(LAYOUTS, protocol, _plain)
    monkeypatch.setattr(batches, "PROTOCOL", PROTOCOL + 3)
    station.note(id="old")
    with sealing(PROTOCOL):
        assert _meet(station, hub).equal
    assert _ids(hub) == {"old"}


def test_what_a_closed_batch_holds_is_judged_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    hub, stream = Site("centre"), StreamId("station", "0" * 16)
    good, bad = change(hub.chance, id="good"), change(hub.chance, id="bad")
    with sealing(NEWER):
        data = seal(SIGNERS["station"], stream, Place(0, start(stream)), [good, bad._replace(header=b"?")])
    for _ in range(2):  # again, as after an answer that was lost
        assert not isinstance(answer(hub.peer, "station", Push(stream, (data,))), Refusal)
    _judge(hub)
    assert _ids(hub) == set()
    monkeypatch.setitem(LAYOUTS, NEWER, _plain)
    _judge(hub)
    assert _ids(hub) == {"good"}
    assert [one.reason for one in hub.ledger.held(stream)] == ["unreadable"]


def _judge(hub: Site) -> None:
    judge_all(hub.ledger, hub.peer.judge, hub.peer.waits)


def test_a_closed_batch_that_holds_something_else_than_it_says_stays_held(monkeypatch: pytest.MonkeyPatch) -> None:
    hub, stream = Site("centre"), StreamId("station", "0" * 16)
    with sealing(NEWER):
        data = seal(SIGNERS["station"], stream, Place(0, start(stream)), [change(hub.chance)])
    lying = msgspec.structs.replace(batches.look(data), after=b"\1" * 32, signature=b"")
    lying = msgspec.structs.replace(lying, signature=SIGNERS["station"].sign(lying.signed()))
    answer(hub.peer, "station", Push(stream, (msgspec.msgpack.encode(lying),)))
    _judge(hub)
    monkeypatch.setitem(LAYOUTS, NEWER, _plain)
    for _ in range(2):
        _judge(hub)
        assert [one.reason for one in hub.ledger.held(stream)] == ["broken-chain"]
    assert _ids(hub) == set() and hub.ledger.closed(stream) == []


def test_a_closed_batch_is_its_writers_and_leaves_no_gap() -> None:
    hub, stream = Site("centre"), StreamId("station", "0" * 16)
    records = [change(hub.chance, id=f"o{n}") for n in range(4)]
    places = [Place(0, start(stream))]
    whole = take(seal(SIGNERS["station"], stream, places[0], records), KEYS)
    places += [Place(n, whole.at(n) or b"") for n in range(1, 5)]
    with sealing(NEWER):
        later = seal(SIGNERS["station"], stream, places[2], records[2:])
        across = seal(SIGNERS["station"], stream, places[0], records[:3])
        forged = seal(SIGNERS["neighbour"], stream, places[0], records)
    first = seal(SIGNERS["station"], stream, places[0], records[:1])
    push = lambda data: answer(hub.peer, "station", Push(stream, (data,)))  # noqa: E731
    assert push(later) == Refusal("gap")
    assert push(forged) == Refusal("unsealable", "bad-signature")
    push(first)
    assert push(across) == Refusal("gap")
    assert hub.ledger.end(stream).number == 1


@pytest.mark.parametrize("engine_of_hub", ["memory", "sqlite", "postgresql"])
def test_a_closed_batch_goes_along_to_a_branch(engine_of_hub: str, make_store: Callable[..., RecordStore]) -> None:
    hub: Any = Site("centre") if engine_of_hub == "memory" else Kept("centre", make_store(engine_of_hub))
    stream = StreamId("station", "0" * 16)
    records = [change(hub.chance, id=f"o{n}") for n in range(3)]
    one = seal(SIGNERS["station"], stream, Place(0, start(stream)), records[:1])
    with sealing(NEWER):
        two = seal(SIGNERS["station"], stream, Place(1, take(one, KEYS).at(1) or b""), records[1:])
    answer(hub.peer, "station", Push(stream, (one, two)))
    into = branch_of(stream, batches.look(two).after)
    hub.ledger.commit(Branch(stream, 1, into))
    assert hub.ledger.end(stream).number == 1 and hub.ledger.closed(stream) == []
    assert (hub.ledger.end(into).number, [c.last for c in hub.ledger.closed(into)]) == (3, [3])
    assert hub.ledger.chain(into, 3) == batches.look(two).after


def test_reading_a_closed_batch_again_needs_its_layout() -> None:
    hub, stream = Site("centre"), StreamId("station", "0" * 16)
    with sealing(NEWER):
        closed = take(seal(SIGNERS["station"], stream, Place(0, start(stream)), [change(hub.chance)]), KEYS)
    assert isinstance(closed, Closed) and reopen(closed) is None
    with pytest.raises(Unsealable):
        batches.unseal(closed.sealed, KEYS)
