"""One station and its hub, with real keys: what the page on sync promises in the user's words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest
from pair import KEYS, SIGNERS, Site, change, meet

from hoso.sync import Outcome, answer, receipts
from hoso.sync.asking import Broken
from hoso.sync.ledger import Full, Pulled, Step
from hoso.sync.messages import Answer, Frame, Having, Page, Request, wrap
from hoso.sync.peer import Sizes
from hoso.sync.status import delivered, waiting
from hoso.sync.stream import Record, read, write


@pytest.fixture
def hub() -> Site:
    return Site("centre")


@pytest.fixture
def station() -> Site:
    return Site("station")


def changes(site: Site) -> set[bytes]:
    return {entry.version.header.change for entry in site.ledger.feed(0, 10_000)}


def test_what_was_written_apart_is_at_both_after_one_contact(station: Site, hub: Site) -> None:
    station.note(id="a")
    hub.note(id="b")

    outcome = meet(station, hub)

    assert outcome == Outcome(offset=0, sent=1, received=1, repaired=0, equal=True, forked=False)
    assert changes(station) == changes(hub)


def test_saved_becomes_received_only_by_the_receipt_of_the_hub(station: Site, hub: Site) -> None:
    station.note()
    current = station.ledger.current()
    assert (waiting(station.ledger), delivered(station.ledger, current, "here")) == (1, 0)

    meet(station, hub)

    assert (waiting(station.ledger), delivered(station.ledger, current, "centre")) == (0, 1)
    receipt = station.ledger.receipt(current, centre=True)
    assert receipt is not None and receipts.good(receipt, KEYS)


def test_a_receipt_that_the_hub_did_not_sign_counts_for_nothing(station: Site, hub: Site) -> None:
    station.note()
    current = station.ledger.current()
    forged = receipts.sign(SIGNERS["stranger"], "centre", current, station.ledger.end(current), 0)

    def line(request: Request) -> Answer:
        said = answer(hub.peer, "station", request)
        return Having((forged,), (), None, 0) if isinstance(said, Having) else said

    with pytest.raises(Broken):
        meet(station, hub, line)
    assert delivered(station.ledger, current, "centre") == 0


def test_only_the_centre_says_that_something_is_at_the_centre(station: Site, hub: Site) -> None:
    station.note()
    current = station.ledger.current()
    claimed = receipts.sign(SIGNERS["neighbour"], "centre", current, station.ledger.end(current), 0)

    def line(request: Request) -> Answer:
        said = answer(hub.peer, "station", request)
        return msgspec.structs.replace(said, centre=(claimed,)) if isinstance(said, Having) else said

    with pytest.raises(Broken, match="of the centre"):
        meet(station, hub, line)
    assert delivered(station.ledger, current, "centre") == 0


def test_a_reader_that_missed_much_is_mended_piece_by_piece(station: Site, hub: Site) -> None:
    hub.sizes = Sizes(page=100)
    for number in range(5):
        hub.note(f"patient {number}", str(number))
    image = station.ledger.copy()
    meet(station, hub)
    image.commit(Pulled((), station.ledger.cursors("centre")[0]))
    station.ledger = image

    outcomes = [meet(station, hub) for _ in range(6)]

    assert outcomes[0].repaired and not outcomes[0].equal
    assert outcomes[-1].equal and changes(station) == changes(hub)


def test_a_station_put_back_to_yesterday_keeps_its_lost_day_and_the_new_one(station: Site, hub: Site) -> None:
    station.note(id="monday")
    meet(station, hub)
    image = station.ledger.copy()
    station.note(id="tuesday")
    meet(station, hub)
    all_week = changes(station)

    station.ledger = image
    wednesday = read(station.note(id="wednesday")).change
    outcome = meet(station, hub)

    assert outcome.forked and outcome.equal
    assert changes(station) == changes(hub) == all_week | {wednesday}
    assert meet(station, hub) == Outcome(0, 0, 0, 0, True, False)


def test_a_station_put_back_that_wrote_nothing_new_opens_an_epoch_before_it_writes(station: Site, hub: Site) -> None:
    image = station.ledger.copy()
    station.note()
    meet(station, hub)
    station.ledger = image
    before = station.ledger.current()

    meet(station, hub)

    assert station.ledger.current() != before
    assert changes(station) == changes(hub) != set()


def test_a_copied_pc_and_its_original_both_go_on(station: Site, hub: Site) -> None:
    station.note(id="shared")
    twin = Site("station")
    twin.ledger = station.ledger.copy()
    twin.chance.seed("twin")
    station.note(id="of the one")
    twin.note(id="of the other")

    for site in (station, twin, station, twin):
        meet(site, hub)

    assert len(changes(hub)) == 3
    assert changes(station) == changes(twin) == changes(hub)
    assert station.ledger.current() != twin.ledger.current()


def test_a_hub_put_back_is_sent_again_what_it_lost_and_received_is_taken_back(station: Site, hub: Site) -> None:
    image = hub.ledger.copy()
    station.note()
    meet(station, hub)
    current = station.ledger.current()
    hub.ledger = image

    with pytest.raises(Broken):
        meet(station, hub, _broken_after_the_first(hub))
    assert delivered(station.ledger, current, "here") == 0 and waiting(station.ledger) == 1

    meet(station, hub)
    assert changes(hub) == changes(station) and waiting(station.ledger) == 0


def _broken_after_the_first(hub: Site) -> Callable[[Request], Answer]:
    asked: list[Request] = []

    def line(request: Request) -> Answer:
        asked.append(request)
        if len(asked) > 1:
            raise Broken("the line is gone")
        return answer(hub.peer, "station", request)

    return line


def test_a_hub_put_back_is_given_what_only_a_reader_still_has(station: Site, hub: Site) -> None:
    image = hub.ledger.copy()
    hub.note(id="written at the hub")
    meet(station, hub)
    hub.ledger = image

    meet(station, hub)
    meet(station, hub)

    assert len(changes(hub)) == 1 and changes(hub) == changes(station)


def test_a_hub_without_room_gives_no_receipt(station: Site, hub: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    station.note()

    def full(*steps: Step) -> None:
        raise Full

    with monkeypatch.context() as patch:
        patch.setattr(hub.ledger, "commit", full)
        with pytest.raises(Broken, match="full"):
            meet(station, hub)
    assert waiting(station.ledger) == 1

    meet(station, hub)
    assert waiting(station.ledger) == 0


def test_a_faulty_entry_is_held_and_nothing_behind_it_waits(station: Site, hub: Site) -> None:
    bad = read(station.note(id="bad", text="faulty")).change
    good = read(station.note(id="good")).change
    peer = hub.peer

    def judging(request: Request) -> Answer:
        strict = replace(peer, judge=lambda header, body: "faulty" if b"faulty" in body else None)
        return answer(strict, "station", request)

    meet(station, hub, judging)
    outcome = meet(station, hub, judging)

    assert hub.ledger.has(good) and not hub.ledger.has(bad) and hub.ledger.is_held(bad)
    assert list(station.ledger.held_above()) == [bad] and station.ledger.has(bad)
    assert outcome.equal and waiting(station.ledger) == 0


def test_a_station_is_sent_its_scope_and_nothing_else(station: Site, hub: Site) -> None:
    hub.note("only-station", "mine")
    hub.note("only-neighbour", "not mine")
    hub.scoped = ("station",)
    seen: list[Page] = []

    def line(request: Request) -> Answer:
        said = answer(hub.peer, "station", request)
        seen.extend([said] if isinstance(said, Page) else [])
        return said

    assert meet(station, hub, line).equal
    assert [item.number for page in seen for item in page.items] == [1]


def test_groups_are_never_parted_by_a_page_or_a_batch(hub: Site) -> None:
    station = Site("station", Sizes(batch=1, push=1, page=1))
    hub.sizes = Sizes(page=1)
    for site in (station, hub):
        for group in (b"g", b"h"):
            records = [change(site.chance, id=f"{site.name}{group!r}{place}") for place in range(3)]
            site.save(*_grouped(group * 16, records))

    assert meet(station, hub).equal
    assert len(changes(station)) == len(changes(hub)) == 12


def _grouped(group: bytes, records: list[Record]) -> list[Record]:
    headers = [
        msgspec.structs.replace(read(record), group=group, place=place, places=len(records))
        for place, record in enumerate(records, 1)
    ]
    return [write(header, record.body) for header, record in zip(headers, records, strict=True)]


class Meter:
    """A line that counts round trips and bytes, as frames are long."""

    def __init__(self, hub: Site) -> None:
        self.hub, self.trips, self.bytes = hub, 0, 0

    def __call__(self, request: Request) -> Answer:
        said = answer(self.hub.peer, "station", request)
        self.trips += 1
        self.bytes += len(wrap(SIGNERS["station"], Frame("station", "centre", bytes(8), 1, request)))
        self.bytes += len(wrap(SIGNERS["centre"], Frame("centre", "station", bytes(8), 1, said)))
        return said


def test_a_contact_is_three_round_trips_and_an_idle_one_is_short(station: Site, hub: Site) -> None:
    for number in range(400):
        station.note(id=str(number))
        hub.note(id=f"from above {number}", text="y" * 100)
    day, idle = Meter(hub), Meter(hub)

    assert meet(station, hub, day).equal and meet(station, hub, idle).equal
    assert day.trips <= 3 and idle.trips <= 2
    assert idle.bytes <= 3_000
