"""The ledger in a real store, on both engines: a station and its hub agree on what was saved through their stores."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from random import Random

import pytest
from tests.sync.pair import ABOVE, KEYS, SIGNERS, Star
from tests.sync.pair import meet as met

from hoso.store.contract import Draft, Origin, StoreConfig
from hoso.store.opening import open_store
from hoso.store.record_store import RecordStore, RecordTransaction
from hoso.store.sync_versions import Written
from hoso.sync import Broken, Full, Outcome, Peer
from hoso.sync.gathering import complete
from hoso.sync.heads import heads
from hoso.sync.kept import StoreLedger
from hoso.sync.peer import Sizes
from hoso.sync.status import waiting

WHO = Origin("Practitioner/a", "TREAT")


class PowerCut(Exception):
    pass


class Kept:
    """A node with a store; `peer` is what agrees."""

    def __init__(self, name: str, store: RecordStore, held: Callable[[str], str | None] = lambda text: None) -> None:
        self.name, self.store, self.held = name, store, held
        self.chance = Random(name)
        self.cut = (0, "")
        """At which of the next commits the power goes, and whether "before" or "after" it."""
        self.ledger = StoreLedger(store, name, self._commit, lambda transaction, taken: None, self.chance.randbytes)

    def _commit(self, work: Callable[[RecordTransaction], None]) -> None:
        number, when = self.cut
        self.cut = (number - 1, when)
        if number == 1 and when == "before":
            raise PowerCut
        self.store.write(work, Origin(f"node/{self.name}", "sync"))
        if number == 1:
            raise PowerCut

    @property
    def peer(self) -> Peer:
        self.ledger.gather()
        return Peer(
            self.ledger, SIGNERS[self.name], KEYS, Star(), lambda header, body: self.held(body.decode()),
            ABOVE.get(self.name), lambda: 0, self.chance.randbytes, Sizes(batch=2, push=1, page=250),
        )  # fmt: skip

    def note(self, id: str, text: str, base: str | None = "any", **more: object) -> str:
        saved = self.store.save([draft("Observation", id, text, base, **more)], WHO)
        assert saved[0].version is not None
        return saved[0].version

    def shows(self, id: str) -> tuple[str, bool] | None:
        found = self.store.read("Observation", id)
        if found is None or found.deleted:
            return None
        body = json.loads(found.body)
        return body["code"]["text"], any(t["code"] == "conflict" for t in body["meta"].get("tag", ()))


def meet(station: Kept, hub: Kept) -> Outcome:
    return met(station, hub)  # type: ignore[arg-type]


def draft(type: str, id: str, text: str, base: str | None = "any", **more: object) -> Draft:
    resource = {"resourceType": type, "id": id, "status": "final", "code": {"text": text}, **more}
    return Draft("PUT", type, id, json.dumps(resource).encode(), resource, base)


@pytest.fixture
def station(make_store: Callable[..., RecordStore]) -> Kept:
    return Kept("station", make_store("sqlite"))


@pytest.fixture
def neighbour(make_store: Callable[..., RecordStore]) -> Kept:
    return Kept("neighbour", make_store("sqlite"))


@pytest.fixture
def hub(engine: str, make_store: Callable[..., RecordStore]) -> Kept:
    return Kept("centre", make_store(engine))


def test_what_two_stations_wrote_apart_is_everywhere(station: Kept, neighbour: Kept, hub: Kept) -> None:
    station.note("a", "one")
    station.note("a", "two")
    neighbour.note("b", "three")
    hub.note("c", "four")
    for one in (station, neighbour, station):
        outcome = meet(one, hub)
    assert outcome.equal
    assert meet(neighbour, hub).equal
    for one in (station, neighbour, hub):
        assert [one.shows(id) for id in "abc"] == [("two", False), ("three", False), ("four", False)]
        assert [json.loads(v.body)["code"]["text"] for v in one.store.history("Observation", "a").versions] == [
            "two",
            "one",
        ]
    assert waiting(station.ledger) == 0


def test_what_arrives_is_not_sent_on_as_if_it_were_written_here(station: Kept, hub: Kept) -> None:
    hub.note("c", "four")
    meet(station, hub)
    station.ledger.gather()
    assert station.ledger.end(station.ledger.current()).number == 0
    assert meet(station, hub).equal
    changes = station.store.feed()
    assert [(one.actor, one.reason) for one in changes] == [("Practitioner/a", "TREAT")]


def test_what_was_saved_together_is_a_group_wherever_it_goes(station: Kept, neighbour: Kept, hub: Kept) -> None:
    station.store.save([draft("Observation", id, id) for id in "xyz"], WHO)
    meet(station, hub)
    meet(neighbour, hub)
    found = [entry.version.header for entry in neighbour.ledger.feed(0, 10)]
    assert [(one.id, one.place, one.places) for one in found] == [("x", 1, 3), ("y", 2, 3), ("z", 3, 3)]
    assert len({one.group for one in found}) == 1


def test_an_edit_on_both_sides_leaves_two_heads_and_one_display(station: Kept, neighbour: Kept, hub: Kept) -> None:
    station.note("a", "base")
    meet(station, hub)
    meet(neighbour, hub)
    station.note("a", "here")
    neighbour.note("a", "there", status="amended")
    for one in (station, neighbour, station, neighbour):
        meet(one, hub)
    assert {one.shows("a") for one in (station, neighbour, hub)} == {("there", True)}
    for one in (station, neighbour, hub):
        assert len(heads(one.ledger.versions("Observation", "a"))) == 2
        texts = [json.loads(v.body)["code"]["text"] for v in one.store.history("Observation", "a").versions]
        assert {"base", "here", "there"} <= set(texts)


def test_a_conflict_that_was_settled_is_settled_everywhere(station: Kept, neighbour: Kept, hub: Kept) -> None:
    station.note("a", "base")
    for one in (station, neighbour):
        meet(one, hub)
    station.note("a", "here")
    neighbour.note("a", "there")
    for one in (station, neighbour, station):
        meet(one, hub)
    chosen = next(v for v in station.ledger.versions("Observation", "a") if b"here" in v.record.body)
    assert not station.ledger.settle("Observation", "a", b"0" * 16, WHO)
    assert station.ledger.settle("Observation", "a", chosen.header.change, WHO)
    assert not station.ledger.settle("Observation", "a", chosen.header.change, WHO)
    assert station.shows("a") == ("here", False)
    for one in (station, neighbour):
        assert meet(one, hub).equal
    assert {one.shows("a") for one in (station, neighbour, hub)} == {("here", False)}


def test_an_edit_of_what_is_shown_goes_on_from_it(station: Kept, neighbour: Kept, hub: Kept) -> None:
    station.note("a", "base")
    meet(station, hub)
    meet(neighbour, hub)
    neighbour.note("a", "later")
    meet(neighbour, hub)
    assert meet(station, hub).equal
    assert {one.shows("a") for one in (station, neighbour, hub)} == {("later", False)}


def test_a_deletion_travels_and_an_edit_made_apart_outlives_it(station: Kept, neighbour: Kept, hub: Kept) -> None:
    station.note("a", "base")
    station.note("b", "gone")
    meet(station, hub)
    meet(neighbour, hub)
    station.store.save([Draft("DELETE", "Observation", id, b"", None) for id in "ab"], WHO)
    neighbour.note("a", "kept")
    for one in (station, neighbour, station):
        meet(one, hub)
    assert {one.shows("a") for one in (station, neighbour, hub)} == {("kept", True)}
    assert {one.shows("b") for one in (station, neighbour, hub)} == {None}


def test_what_is_faulty_is_held_and_nothing_behind_it_waits(
    station: Kept, engine: str, make_store: Callable[..., RecordStore]
) -> None:
    hub = Kept("centre", make_store(engine), lambda text: "poison" if "poison" in text else None)
    station.note("a", "poison")
    station.note("b", "sound")
    meet(station, hub)
    assert meet(station, hub).equal
    assert hub.shows("a") is None
    assert hub.shows("b") == ("sound", False)
    assert station.shows("a") == ("poison", False)
    assert len(station.ledger.held_above()) == 1


def test_yesterdays_image_of_a_station_reads_its_lost_day_back(
    hub: Kept, store_config: Callable[[str], StoreConfig]
) -> None:
    config = store_config("sqlite")
    station = Kept("station", open_store(config))
    station.note("a", "monday")
    meet(station, hub)
    station.store.close()
    path = Path(config.url.removeprefix("sqlite:///"))
    image = path.read_bytes()
    station = Kept("station", open_store(config))
    station.note("b", "tuesday")
    meet(station, hub)
    station.store.close()
    path.write_bytes(image)
    station = Kept("station", open_store(config))
    station.chance = Random("another life")
    station.note("c", "wednesday")
    assert meet(station, hub).forked
    assert meet(station, hub).equal
    for one in (station, hub):
        assert [one.shows(id) for id in "abc"] == [("monday", False), ("tuesday", False), ("wednesday", False)]
    station.store.close()


@pytest.mark.parametrize("side", ["station", "hub"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_power_that_goes_at_any_commit_of_a_contact_loses_and_doubles_nothing(
    station: Kept, neighbour: Kept, hub: Kept, side: str, when: str
) -> None:
    victim, cuts = {"station": station, "hub": hub}[side], 0
    for number in range(1, 7):
        for one in (station, neighbour, hub):
            one.note(f"{one.name}-{number}", "x")
        meet(neighbour, hub)
        victim.cut = (number, when)
        try:
            meet(station, hub)
        except PowerCut:
            cuts += 1
        victim.cut = (0, "")
        meet(station, hub)
        assert meet(station, hub).equal
    assert cuts >= 3  # so many commits has each side at least
    meet(neighbour, hub)
    for one in (station, neighbour, hub):
        assert len(one.store.feed()) == 18
    assert waiting(station.ledger) == waiting(neighbour.ledger) == 0


def test_stations_that_come_at_once_to_several_workers_of_a_hub_leave_it_whole(
    engine: str, store_config: Callable[[str], StoreConfig], make_store: Callable[..., RecordStore]
) -> None:
    config = store_config(engine)
    with ExitStack() as stack:
        workers = [Kept("centre", stack.enter_context(closing(open_store(config)))) for _ in range(3)]
        stations = [Kept(name, make_store("sqlite")) for name in ("station", "neighbour")]
        for number in range(12):
            for one in stations:
                one.note(f"{one.name}-{number}", "x")
            workers[number % 3].note(f"here-{number}", "x")
        turns = [(one, workers[(place + turn) % 3]) for turn in range(3) for place, one in enumerate(stations * 2)]

        def go(turn: tuple[Kept, Kept]) -> None:
            with suppress(Broken, Full):  # the next contact goes on
                meet(*turn)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(go, turns))
        for one in (*stations, *stations):
            meet(one, workers[0])
        assert all(meet(one, workers[1]).equal for one in stations)
        feed = workers[2].ledger.feed(0, 100)
        assert [entry.number for entry in feed] == list(range(1, 37))
        assert len({entry.version.header.change for entry in feed}) == 36
        for one in stations:
            assert len(one.store.feed()) == 36
            assert waiting(one.ledger) == 0


def test_a_bundle_that_is_not_all_numbered_yet_waits_for_its_rest() -> None:
    def row(number: int, bundle: bytes | None, place: int, places: int) -> Written:
        return Written(
            number, bytes([number]), bundle, place, places, False, "Observation", "a", "1", (), "", "a", "", 0, b"{}"
        )

    groups, broken = complete([row(1, None, 1, 1), row(2, b"g", 1, 2), row(3, None, 1, 1)])
    assert [[one.number for one in group] for group in groups] == [[1], [3]]
    assert broken == 2


def test_both_sides_of_a_conflict_can_be_read_in_the_store_and_why_one_is_held_is_known(
    station: Kept, neighbour: Kept, engine: str, make_store: Callable[..., RecordStore]
) -> None:
    hub = Kept("centre", make_store(engine), held=lambda text: "too odd" if "odd" in text else None)
    station.note("a", "base")
    for one in (station, neighbour):
        meet(one, hub)
    station.note("a", "here")
    station.note("b", "odd")
    neighbour.note("a", "there")
    for one in (station, neighbour, station):
        meet(one, hub)
    for one in (station, hub):
        read = {}
        for head in heads(one.ledger.versions("Observation", "a")):
            stored = one.store.vread("Observation", "a", one.ledger.version_here(head.header.change))
            assert stored is not None
            read[json.loads(stored.body)["code"]["text"]] = json.loads(head.record.body)["code"]["text"]
        assert read == {"here": "here", "there": "there"}
    [(change, reason)] = station.ledger.why_held().items()
    assert (change in station.ledger.held_above(), reason) == (True, "too odd")
    assert hub.ledger.version_here(change) == ""
