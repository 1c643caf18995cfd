"""Whose records a node has: as pure rules, and between a station and its hub."""

from __future__ import annotations

from random import Random

import pytest
from pair import Site, meet

from hoso.sync import answer, joining, scope
from hoso.sync.asking import Broken
from hoso.sync.ledger import Settled
from hoso.sync.memory import MemoryLedger
from hoso.sync.messages import Answer, Cursor, Listing, Page, Pull, Request
from hoso.sync.peer import Sizes
from hoso.sync.scope import Place, Wants


@pytest.fixture
def hub() -> Site:
    return Site("centre", scoped=("station", "neighbour"))


@pytest.fixture
def station() -> Site:
    return Site("station")


@pytest.fixture
def neighbour() -> Site:
    return Site("neighbour")


def notes(site: Site) -> list[str]:
    return [entry.version.header.id for entry in site.ledger.feed(0, 10_000)]


@pytest.mark.parametrize("seed", range(40))
def test_a_family_is_in_a_scope_whole_or_not_at_all(seed: int) -> None:
    chance = Random(seed)
    patients = [f"p{n}" for n in range(8)]
    person = {patient: chance.randrange(4) for patient in patients}
    claims = {patient: {chance.choice(("node/a", "node/b", "facility/1"))} for patient in patients}
    families = scope.families(
        chance.sample(patients, 5), lambda one: [two for two in patients if person[one] == person[two]]
    )
    wants = Wants(frozenset({"a"}), frozenset({chance.choice("12")}))
    found = {one for family in scope.concerned(families, lambda one: claims[one], wants) for one in family}
    wanted = {"node/a", *(f"facility/{code}" for code in wants.facilities)}
    looked_at = {one for family in families for one in family}
    assert sorted(one for family in families for one in family) == sorted(looked_at)  # each person once
    for one in looked_at:
        assert (one in found) == any(person[one] == person[two] and claims[two] & wanted for two in patients)


def test_a_hub_wants_what_all_below_it_want_and_everything_as_soon_as_one_of_them_does() -> None:
    places = {
        "p": Place("d", "own"),
        "a": Place("1", "own"),
        "old": Place("1", "all", counts=False),
        "b": Place("2", "own"),
    }

    assert scope.wanted("p", ["p", "a", "old"], places) == Wants(frozenset({"p", "a", "old"}), frozenset({"d", "1"}))
    assert scope.wanted("a", ["a"], places) == Wants(frozenset({"a", "old"}), frozenset({"1"}))
    assert scope.wanted("p", ["p", "a"], {**places, "a": Place("1", "all")}) is None
    assert scope.wanted("stranger", [], places) is None


def test_the_places_of_a_lane_that_are_told_lead_to_the_last_that_both_know() -> None:
    chance = Random(9)
    for _ in range(200):
        mine = scope.lengthened((0, b""), [f"p{n}" for n in range(chance.randrange(400))])
        cut = chance.randrange(len(mine) + 1)
        theirs = mine[:cut] + scope.lengthened(
            (cut, mine[cut - 1].chain if cut else b""), [f"q{n}" for n in range(chance.randrange(50))]
        )
        told = scope.told(len(mine))
        assert len(told) < 64 and (not mine or told[0] == len(mine))
        known = {one.number: one.chain for one in theirs}
        found = scope.common([(number, mine[number - 1].chain) for number in told], known.get)
        assert found <= cut
        assert all(number > cut or number <= found for number in told)


def test_a_file_or_a_note_of_nobody_is_a_scope_of_its_own_and_reference_data_is_everybodys() -> None:
    assert scope.key("Observation", "o", "p") == "p"
    assert scope.key("Organization", "o", "") == ""
    assert scope.key("Binary", "b", "") == "Binary/b"
    assert len(scope.key("DocumentReference", "x" * 64, "")) <= scope.MOST_KEY


def test_who_joins_brings_all_there_is_though_the_feed_has_passed_it(station: Site, neighbour: Site, hub: Site) -> None:
    hub.note("p", "long ago")
    hub.note("only-station", "ours")
    neighbour.note("p", "theirs")
    meet(neighbour, hub)
    assert meet(station, hub).equal and notes(station) == ["ours"]

    station.note("p", "at our door")
    outcome = meet(station, hub)

    assert (outcome.equal, outcome.repaired, outcome.received) == (True, 0, 2)
    assert notes(station) == ["ours", "at our door", "long ago", "theirs"]
    neighbour.note("p", "later")
    meet(neighbour, hub)
    assert meet(station, hub).received == 1


def test_nothing_goes_over_the_line_twice_though_joins_and_feed_overlap(station: Site, hub: Site) -> None:
    for number in range(6):
        hub.note("only-station", f"n{number}")
        hub.note("only-neighbour", f"x{number}")
    hub.sizes = Sizes(page=1)
    seen: list[str] = []

    def line(request: Request) -> Answer:
        said = answer(hub.peer, "station", request)
        seen.extend(f"{item.number}" for item in said.items) if isinstance(said, Page) else None
        return said

    assert meet(station, hub, line).equal
    assert len(seen) == len(set(seen)) == 6


def test_a_station_that_asks_by_the_way_of_repair_is_given_no_more_either(station: Site, hub: Site) -> None:
    hub.note("only-neighbour", "not ours")
    said = answer(hub.peer, "station", Listing(tuple(range(256)), ()))

    assert said.items == ()  # type: ignore[union-attr]
    joining.settle(hub.peer, "neighbour")
    said = answer(hub.peer, "neighbour", Listing(tuple(range(256)), ()))
    assert len(said.items) == 1  # type: ignore[union-attr]


def test_a_hub_that_was_put_back_and_a_station_come_to_the_same_scope(station: Site, hub: Site) -> None:
    hub.note("only-station", "a")
    meet(station, hub)
    image = hub.ledger.copy()
    for patient in ("p", "q"):
        station.note(patient, f"of {patient}")
    meet(station, hub)
    assert [one.patient for one in station.ledger.lane("station", 0, 9)] == ["only-station", "p", "q"]

    hub.ledger = image
    hub.note("r", "for another")
    station.note("q", "more")
    outcomes = [meet(station, hub) for _ in range(2)]

    assert outcomes[-1].equal
    assert station.ledger.scope("station").keys() == hub.ledger.scope("station").keys() == {"only-station", "p", "q"}
    assert station.ledger.lane_end("station") == hub.ledger.lane_end("station")


def test_a_hub_that_lost_also_why_somebody_is_in_a_scope_is_given_back_what_only_a_reader_kept(
    station: Site, hub: Site
) -> None:
    """Found by the simulation: cut off the lane, they were compared with nobody any more."""
    image = hub.ledger.copy()
    hub.note("only-station", "written and lost")
    meet(station, hub)
    hub.ledger = image

    assert not meet(station, hub).equal
    assert meet(station, hub).equal
    assert notes(hub) == notes(station) == ["written and lost"]
    assert hub.ledger.scope("station").keys() == {"only-station"} and not station.ledger.scope(scope.former("station"))


def test_a_hub_that_says_a_place_nobody_has_is_not_believed(station: Site, hub: Site) -> None:
    def line(request: Request) -> Answer:
        said = answer(hub.peer, "station", request)
        return Page(said.items, said.cursor, said.more, said.root, 7, ("p",)) if isinstance(said, Page) else said

    with pytest.raises(Broken, match="lane"):
        meet(station, hub, line)
    assert not station.ledger.scope("station")


def test_a_question_with_too_many_places_is_refused(hub: Site, station: Site) -> None:
    cursors = tuple(Cursor("centre", n, b"") for n in range(65))

    assert answer(hub.peer, "station", Pull((), cursors)).why == "too-much"  # type: ignore[union-attr]


def test_what_two_machines_of_a_hub_work_out_at_once_is_joined_once() -> None:
    ledger = MemoryLedger("centre", "e")
    ledger.commit(Settled("station", 3, ("p",)))
    assert ledger.settled("station") == 3 and ledger.scope("station") == {"p": 3}
