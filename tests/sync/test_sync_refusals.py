"""What a hub is sent by mistake or by malice has no effect, and the next good contact just works."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from pair import KEYS, SIGNERS, Site, change, meet

from hoso.sync import answer, receipts
from hoso.sync.asking import Broken
from hoso.sync.batches import seal
from hoso.sync.messages import (
    MOST,
    Answer,
    BadFrame,
    Batches,
    Buckets,
    Cursor,
    Frame,
    Have,
    Having,
    Listing,
    Message,
    Page,
    Past,
    Probe,
    Pull,
    Push,
    Refusal,
    Repair,
    Request,
    Taken,
    unwrap,
    wrap,
)
from hoso.sync.outgoing import sealed
from hoso.sync.peer import Sizes
from hoso.sync.stream import Place, StreamId, start

FRAME = wrap(SIGNERS["station"], Frame("station", "centre", b"12345678", 1, Have((StreamId("station", "e"),), 0)))


@pytest.fixture
def hub() -> Site:
    return Site("centre")


@pytest.fixture
def station() -> Site:
    return Site("station", Sizes(batch=1))


def batches(station: Site) -> list[bytes]:
    return list(sealed(station.peer, station.ledger.current(), 0))


def state(site: Site) -> object:
    ledger = site.ledger
    return ledger.feed_end(), {stream: ledger.end(stream) for stream in ledger.streams()}


def refused(hub: Site, sender: str, request: Request) -> tuple[str, str]:
    before = state(hub)
    said = answer(hub.peer, sender, request)
    assert isinstance(said, Refusal), said
    assert state(hub) == before
    return said.why, said.fault


def good(station: Site, hub: Site) -> None:
    """The next contact brings everything and both show the same."""
    assert meet(station, hub).equal
    assert meet(station, hub).sent == 0
    current = station.ledger.current()
    assert hub.ledger.end(current) == station.ledger.end(current)


def test_a_batch_sent_again_changes_nothing(station: Site, hub: Site) -> None:
    station.note()
    push = Push(station.ledger.current(), tuple(batches(station)))
    first, before = answer(hub.peer, "station", push), state(hub)

    again = answer(hub.peer, "station", push)

    assert isinstance(first, Taken) and isinstance(again, Taken)
    assert again.receipt.place == first.receipt.place and state(hub) == before
    good(station, hub)


@given(order=st.permutations(range(4)))
@settings(deadline=None, max_examples=24)
def test_batches_in_another_order_are_refused_whole(order: list[int]) -> None:
    hub, station = Site("centre"), Site("station", Sizes(batch=1))
    for number in range(4):
        station.note(text=str(number))
    made = batches(station)
    push = Push(station.ledger.current(), tuple(made[place] for place in order))
    if order == sorted(order):
        assert isinstance(answer(hub.peer, "station", push), Taken)
    else:
        assert refused(hub, "station", push) == ("gap", "")
    good(station, hub)


@given(data=st.data())
@settings(deadline=None, max_examples=60)
def test_a_garbled_batch_is_refused(data: st.DataObject) -> None:
    hub, station = Site("centre"), Site("station")
    station.note()
    station.note(id="second")
    batch = bytearray(batches(station)[0])
    bit = data.draw(st.integers(0, len(batch) * 8 - 1))
    batch[bit // 8] ^= 1 << bit % 8

    assert refused(hub, "station", Push(station.ledger.current(), (bytes(batch),)))[0] == "unsealable"
    good(station, hub)


def test_another_nodes_stream_is_refused(station: Site, hub: Site) -> None:
    station.note()
    stream, made = station.ledger.current(), tuple(batches(station))

    assert refused(hub, "neighbour", Push(stream, made))[0] == "not-yours"
    assert refused(hub, "neighbour", Have((stream,), 0))[0] == "not-yours"
    assert refused(hub, "neighbour", Past(stream, 0))[0] == "not-yours"
    assert refused(hub, "neighbour", Probe(stream, (1,)))[0] == "not-yours"
    assert refused(hub, "neighbour", Push(StreamId("neighbour", "e"), made)) == ("unsealable", "other-stream")
    good(station, hub)


def test_a_hub_takes_no_stream_in_its_own_name(station: Site, hub: Site) -> None:
    own = hub.ledger.current()
    made = seal(SIGNERS["centre"], own, Place(0, start(own)), (change(station.chance),))

    assert refused(hub, "centre", Push(own, (made,)))[0] == "not-yours"


def test_an_invented_branch_is_refused(station: Site, hub: Site) -> None:
    station.note()
    branch = StreamId("station", station.ledger.current().epoch, "b" * 16)

    assert refused(hub, "station", Push(branch, tuple(batches(station))))[0] == "gap"
    good(station, hub)


def test_the_past_cannot_be_written_anew(station: Site, hub: Site) -> None:
    station.note()
    good(station, hub)
    stream = station.ledger.current()
    other = seal(SIGNERS["station"], stream, Place(0, start(stream)), (change(station.chance, text="other"),))

    assert refused(hub, "station", Push(stream, (other,)))[0] == "forked"
    good(station, hub)


@pytest.mark.parametrize(
    "request_",
    [
        Have(tuple(StreamId("station", str(n)) for n in range(6_000)), 0),
        Probe(StreamId("station", "e"), tuple(range(1_000))),
        Pull(tuple(Cursor("centre", n, b"") for n in range(1_000))),
        Listing(tuple(range(1_000)), ()),
    ],
    ids=lambda request: type(request).__name__,
)
def test_who_asks_for_too_much_is_refused(hub: Site, request_: Request) -> None:
    assert refused(hub, "station", request_)[0] == "too-much"


def test_a_comparison_before_all_was_read_is_refused(station: Site, hub: Site) -> None:
    hub.note()
    assert refused(hub, "station", Buckets(Cursor("centre", 0, b"")))[0] == "behind"
    good(station, hub)


@given(
    numbers=st.lists(st.integers(-(2**63), 2**64 - 1), max_size=5),
    text=st.text(max_size=10),
    raw=st.binary(max_size=40),
)
@settings(deadline=None, max_examples=60)
def test_no_numbers_or_names_bring_a_hub_down(numbers: list[int], text: str, raw: bytes) -> None:
    hub, station = Site("centre"), Site("station")
    station.note()
    meet(station, hub)
    known, made_up = station.ledger.current(), StreamId("station", text, text)
    asked: list[Message] = [
        *(Past(stream, n) for stream in (known, made_up) for n in numbers),
        Probe(known, tuple(numbers)),
        Probe(made_up, tuple(numbers)),
        Pull(tuple(Cursor("centre", n, raw) for n in numbers)),
        *(Buckets(Cursor(text, n, raw)) for n in numbers),
        Listing(tuple(numbers), (raw,)),
        Push(known, (raw,)),
        Have((made_up,), numbers[0] if numbers else 0),
    ]
    before = state(hub)

    for request in asked:
        answer(hub.peer, "station", request)  # type: ignore[arg-type]

    assert state(hub) == before
    good(station, hub)


@given(bit=st.integers(0, len(FRAME) * 8 - 1))
def test_a_frame_with_a_flipped_bit_is_no_frame(bit: int) -> None:
    data = bytearray(FRAME)
    data[bit // 8] ^= 1 << bit % 8
    with pytest.raises(BadFrame):
        unwrap(bytes(data), "centre", KEYS)


@given(data=st.one_of(st.binary(max_size=400), st.just(b"<!DOCTYPE html><html><body>Wi-Fi sign in</body></html>")))
def test_a_page_of_a_captive_portal_is_no_frame(data: bytes) -> None:
    with pytest.raises(BadFrame):
        unwrap(data, "centre", KEYS)


def test_a_frame_is_good_for_its_sender_and_its_receiver_alone() -> None:
    assert unwrap(FRAME, "centre", KEYS).sender == "station"
    for data, me in (
        (FRAME, "neighbour"),
        (FRAME + bytes(MOST), "centre"),
        (wrap(SIGNERS["stranger"], Frame("stranger", "centre", b"", 1, Have((), 0))), "centre"),
        (wrap(SIGNERS["neighbour"], Frame("station", "centre", b"", 1, Have((), 0))), "centre"),
    ):
        with pytest.raises(BadFrame):
            unwrap(data, me, KEYS)


@pytest.mark.parametrize("turn", range(3))
@pytest.mark.parametrize("said", [Refusal("unknown"), Repair((), ())], ids=["a refusal", "another answer"])
def test_a_hub_that_answers_nonsense_ends_the_contact_and_no_more(turn: int, said: Answer) -> None:
    hub, station = Site("centre"), Site("station")
    station.note()
    hub.note(id="other")
    turns = count()

    def line(request: Request) -> Answer:
        return said if next(turns) == turn else answer(hub.peer, "station", request)

    with pytest.raises(Broken):
        meet(station, hub, line)
    good(station, hub)


def test_a_long_frame_is_packed_and_a_bomb_in_a_frame_is_not_unpacked() -> None:
    streams = tuple(StreamId("station", f"epoch {number}") for number in range(500))
    long = wrap(SIGNERS["station"], Frame("station", "centre", b"", 1, Have(streams, 0)))
    assert len(long) < 5_000
    assert unwrap(long, "centre", KEYS).message == Have(streams, 0)

    for text in (b"\x01" + zstandard.compress(bytes(1 << 26), 9), b"\x63" + long[129:], b""):
        name = b"station".ljust(64, b"\0")
        with pytest.raises(BadFrame):
            unwrap(SIGNERS["station"].sign(b"hoso frame\0" + text) + name + text, "centre", KEYS)


def lying(hub: Site, kind: type[Message], lie: Callable[[Any], Answer]) -> Callable[[Request], Answer]:
    def line(request: Request) -> Answer:
        said = answer(hub.peer, "station", request)
        return lie(said) if isinstance(said, kind) else said

    return line


def test_a_page_that_leads_nowhere_ends_the_contact(station: Site, hub: Site) -> None:
    hub.note()
    endless = lying(hub, Page, lambda page: msgspec.structs.replace(page, more=True))
    with pytest.raises(Broken, match="leads nowhere"):
        meet(station, hub, endless)
    good(station, hub)


def test_a_past_that_leads_nowhere_ends_the_contact(station: Site, hub: Site) -> None:
    image = station.ledger.copy()
    station.note()
    meet(station, hub)
    station.ledger = image
    with pytest.raises(Broken, match="leads nowhere"):
        meet(station, hub, lying(hub, Batches, lambda _: Batches((), True)))
    good(station, hub)


def test_another_nodes_past_is_not_taken_for_ones_own(station: Site, hub: Site) -> None:
    neighbour = Site("neighbour")
    neighbour.note()
    meet(neighbour, hub)
    stream = neighbour.ledger.current()
    theirs = receipts.sign(SIGNERS["centre"], "centre", stream, neighbour.ledger.end(stream), 0)

    def lie(having: Having) -> Having:
        return msgspec.structs.replace(having, receipts=(*having.receipts, theirs))

    with pytest.raises(Broken, match="does not come from here"):
        meet(station, hub, lying(hub, Having, lie))
    assert stream not in station.ledger.streams()
    good(station, hub)


def test_a_receipt_for_another_stream_is_no_receipt(station: Site, hub: Site) -> None:
    station.note()
    other = receipts.sign(SIGNERS["centre"], "centre", StreamId("station", "other"), Place(9, bytes(32)), 0)
    with pytest.raises(Broken, match="another stream"):
        meet(station, hub, lying(hub, Taken, lambda _: Taken(other)))
    good(station, hub)
