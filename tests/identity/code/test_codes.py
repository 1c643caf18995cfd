"""Codes are given once, leased and signed for work without a line, bound, merged and never forgotten."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from tests.store.test_concurrency import together

from hoso.access import AliasTable, CodeTable
from hoso.core import Refused, citizen_code
from hoso.identity.code import BadCard, Centre, Codes
from hoso.store import backup
from hoso.store.record_store import RecordStore

CENTRE = Centre(b"p" * 32, b"s" * 32)
NOW = datetime(2026, 11, 26, 8, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def codes(store: RecordStore, clock: Clock, node: str = "tram", centre: Centre | None = None) -> Codes:
    return Codes(CodeTable(store.engine), AliasTable(store.engine), clock, node, centre)


@pytest.fixture
def centre(store: RecordStore, clock: Clock) -> Codes:
    return codes(store, clock, "centre", CENTRE)


@pytest.fixture
def station(engine: str, make_store: Callable[[str], RecordStore], clock: Clock) -> Codes:
    return codes(make_store(engine), clock)


def leased(centre: Codes, station: Codes, number: int = 5, days: int = 30) -> bytes:
    file = centre.lease("97001", "tram", number, days)
    station.trust(centre.public())
    assert station.take_in(file)[1]
    return file


def refusal(work: Callable[[], object]) -> str:
    with pytest.raises(Refused) as caught:
        work()
    return caught.value.issues[0].key


# Giving


def test_codes_are_valid_all_different_and_in_no_order(centre: Codes) -> None:
    given = centre.allocate(500)
    assert len(set(given)) == 500 and all(citizen_code.is_valid(code) for code in given)
    assert given != sorted(given)
    assert not set(given) & set(centre.allocate(500))


def test_many_at_once_never_get_the_same_code(centre: Codes) -> None:
    given: list[str] = []
    together(8, lambda _: given.extend(centre.allocate(25)))
    assert len(set(given)) == len(given) == 200


def test_processes_never_get_the_same_code(tmp_path: Path) -> None:
    from hoso import compose

    compose.create(tmp_path / "n")
    program = (
        "import sys; from pathlib import Path; from hoso import compose; n = compose.open(Path(sys.argv[1]))\n"
        "[print(code) for _ in range(20) for code in n.codes.allocate(5)]; n.close()"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "n")], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    given = [line for process in running for line in process.communicate(timeout=120)[0].split()]
    assert len(set(given)) == len(given) == 300


def test_a_code_that_was_told_is_not_given_again_after_a_kill(tmp_path: Path) -> None:
    from hoso import compose

    compose.create(tmp_path / "n")
    program = (
        "import sys; from pathlib import Path; from hoso import compose; n = compose.open(Path(sys.argv[1]))\n"
        "while True: print(n.codes.allocate()[0], flush=True)"
    )
    told: list[str] = []
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path / "n")], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        told += [process.stdout.readline().strip() for _ in range(20)]
        process.kill()
        rest = process.communicate(timeout=60)[0].split("\n")
        told += [line for line in rest[:-1] if line]
    assert len(set(told)) == len(told) >= 60


def test_another_key_must_not_go_on_with_the_counter(centre: Codes, store: RecordStore, clock: Clock) -> None:
    centre.allocate()
    other = codes(store, clock, "centre", Centre(b"q" * 32, b"s" * 32))
    assert refusal(other.allocate) == "code.other-secret"
    assert refusal(lambda: other.lease("97001", "tram")) == "code.other-secret"


def test_a_node_that_is_no_centre_makes_no_codes(station: Codes) -> None:
    assert refusal(station.allocate) == "code.no-centre"
    assert refusal(lambda: station.lease("97001", "tram")) == "code.no-centre"
    assert refusal(station.new) == "code.none-left"


@pytest.mark.parametrize("number", [0, -1, 100_001])
def test_the_number_of_codes_has_bounds(centre: Codes, number: int) -> None:
    assert refusal(lambda: centre.allocate(number)) == "code.number"


def test_the_centre_knows_what_it_gave_and_to_whom(centre: Codes) -> None:
    (own,) = centre.allocate()
    centre.lease("97001", "tram", 3)
    known = centre.status()
    assert (known.given, len(known.grants), known.grants[0].facility) == (4, 1, "97001")
    found = centre.find(own)
    assert found is not None and found.state == "used"
    assert centre.find(citizen_code.make(42)) is None


# Leases


def test_a_station_gives_out_leased_codes_without_the_centre(centre: Codes, station: Codes) -> None:
    leased(centre, station)
    taken = [*station.new(2), *station.new(3)]
    assert len(set(taken)) == 5
    assert refusal(station.new) == "code.none-left"
    assert not set(taken) & set(centre.allocate(100))
    from_centre = centre.find(taken[0])
    assert from_centre is not None and from_centre.state == "leased"
    here = station.find(taken[0])
    assert here is not None and here.state == "used"


def test_all_codes_asked_for_or_none(centre: Codes, station: Codes) -> None:
    leased(centre, station)
    assert refusal(lambda: station.new(6)) == "code.none-left"
    assert len(station.new(5)) == 5


def test_many_at_a_station_never_get_the_same_code(centre: Codes, station: Codes) -> None:
    leased(centre, station, 60)
    taken: list[str] = []
    together(6, lambda _: taken.extend(station.new(10)))
    assert len(set(taken)) == 60


def test_a_lease_is_imported_once(centre: Codes, station: Codes) -> None:
    file = leased(centre, station)
    station.new(5)
    assert station.take_in(file)[1] is False
    assert refusal(station.new) == "code.none-left"


def test_the_lease_that_ends_first_is_used_first_and_an_ended_one_not_at_all(
    centre: Codes, station: Codes, clock: Clock
) -> None:
    leased(centre, station, 2, days=90)
    leased(centre, station, 2, days=10)
    first = station.new(1)[0]
    row = station.find(first)
    assert row is not None and row.lease == station.status().held[0].lease.id
    clock.now += timedelta(days=11)
    assert [(held.expired, held.left) for held in station.status().held] == [(True, 1), (False, 2)]
    assert len(station.new(2)) == 2
    assert refusal(station.new) == "code.none-left"
    assert station.bind(first, "Patient/a").state == "bound"  # used while the lease ran: valid for ever


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (lambda f: b"", "code.lease-form"),
        (lambda f: f[: len(f) // 2], "code.lease-form"),
        (lambda f: b'{"form":"other"}\nAAAA', "code.lease-form"),
        (lambda f: f.replace(b'"97001"', b'"97002"'), "code.lease-signature"),
        (lambda f: f[:-10] + b"AAAAAAA==\n", "code.lease-signature"),
    ],
)
def test_a_lease_that_was_touched_gives_nothing(
    centre: Codes, station: Codes, change: Callable[[bytes], bytes], key: str
) -> None:
    file = change(centre.lease("97001", "tram", 2))
    station.trust(centre.public())
    assert refusal(lambda: station.take_in(file)) == key
    assert refusal(station.new) == "code.none-left"


def test_a_lease_is_for_one_node_known_keys_and_a_time(centre: Codes, station: Codes, clock: Clock) -> None:
    file = centre.lease("97001", "tram", 2, days=10)
    assert refusal(lambda: station.take_in(file)) == "code.lease-key"
    station.trust(centre.public())
    assert refusal(lambda: station.take_in(centre.lease("97001", "other", 2))) == "code.lease-elsewhere"
    clock.now += timedelta(days=10)
    assert refusal(lambda: station.take_in(file)) == "code.lease-expired"


def test_an_impostor_with_the_same_key_name_is_found_out(centre: Codes, station: Codes, clock: Clock) -> None:
    from hoso.identity.code import lease
    from hoso.identity.code.signing import Signer, key_id

    station.trust(centre.public())
    _, forged = lease.make("x", "f", "tram", 0, 2**50, centre.allocate(2), Signer(b"z" * 32))
    named = forged.replace(f'"key":"{key_id(Signer(b"z" * 32).public)}"'.encode(),
                           f'"key":"{key_id(centre.public())}"'.encode())  # fmt: skip
    assert refusal(lambda: station.take_in(named)) == "code.lease-signature"


# The life of a code


def test_a_code_belongs_to_one_person(centre: Codes, station: Codes) -> None:
    leased(centre, station)
    (code,) = station.new()
    assert station.bind(code, "Patient/a") == station.bind(code, "Patient/a")
    assert refusal(lambda: station.bind(code, "Patient/b")) == "code.held"
    assert station.bind(centre.allocate()[0], "Patient/c").state == "bound"  # given elsewhere


def test_a_printed_card_may_be_bound_before_it_was_taken(centre: Codes, station: Codes) -> None:
    file = leased(centre, station)
    code = file.split(b'["')[1][:13].decode()
    assert station.bind(code, "Patient/a").state == "bound"
    assert code not in station.new(4)


def test_a_retired_code_is_given_to_nobody(centre: Codes, station: Codes) -> None:
    leased(centre, station)
    (code,) = station.new()
    assert station.retire(code).state == station.retire(code).state == "retired"
    assert refusal(lambda: station.bind(code, "Patient/a")) == "code.state"
    assert refusal(lambda: station.alias(code, centre.allocate()[0])) == "code.state"
    assert station.resolve(code) == code


def test_after_a_restore_no_code_is_given_twice(
    store: RecordStore, centre: Codes, clock: Clock, store_config: Callable[..., object], engine: str, tmp_path: Path
) -> None:
    from hoso.store import create_store, open_store

    held = codes(store, clock, "tram")
    before = leased(centre, held, 3)
    late = centre.lease("97001", "tram", 3)
    settings = backup.Settings("test-node", "1", {})
    backup.write(store, tmp_path / "b", b"k" * 32, settings, lambda _: None)
    lost = [*centre.allocate(20), *held.take(2)]
    kept = backup.Backup(tmp_path / "b", b"k" * 32)
    config = store_config(engine)
    create_store(config)  # type: ignore[arg-type]
    with_clock = open_store(config, clock)  # type: ignore[arg-type]
    backup.restore(kept, with_clock, lambda _: None)
    assert backup.proven(kept, with_clock) == []
    clock.now += timedelta(minutes=1)
    backup.open_epoch(with_clock)
    again, station = codes(with_clock, clock, "centre", CENTRE), codes(with_clock, clock, "tram")
    assert not set(again.allocate(50)) & set(lost)
    assert refusal(station.take) == "code.none-left"
    assert station.bind(lost[-1], "Patient/a").state == "bound"  # the card exists, only this node forgot
    for file in (before, late):
        assert refusal(lambda file=file: station.take_in(file)) == "code.lease-before-restore"  # type: ignore[misc]
    clock.now += timedelta(minutes=1)
    assert station.take_in(again.lease("97001", "tram", 3))[1]
    kept.close()
    with_clock.close()


# Aliases


def test_an_alias_leads_to_the_end_of_the_chain_whatever_the_order_of_merges(centre: Codes) -> None:
    a, b, c, d = centre.allocate(4)
    centre.alias(a, b)
    centre.alias(c, d)
    assert centre.alias(b, c) == d
    assert [centre.resolve(code) for code in (a, b, c, d)] == [d] * 4
    assert centre.names(a) == [d, *sorted((a, b, c))]
    assert centre.alias(a, b) == d  # the same decision again changes nothing
    row = centre.find(a)
    assert row is not None and row.state == "alias"


def test_a_circle_or_a_second_decision_is_refused(centre: Codes) -> None:
    a, b, c = centre.allocate(3)
    centre.alias(a, b)
    centre.alias(b, c)
    assert refusal(lambda: centre.alias(c, a)) == "code.alias-circle"
    assert refusal(lambda: centre.alias(a, a)) == "code.alias-circle"
    assert refusal(lambda: centre.alias(a, c)) == "code.alias-elsewhere"
    assert centre.resolve(c) == c


def test_a_wrong_merge_can_be_taken_back_with_all_that_led_to_it(centre: Codes) -> None:
    a, b, c, d = centre.allocate(4)
    centre.bind(b, "Patient/b")
    centre.alias(a, b)
    centre.alias(b, c)
    centre.alias(d, c)
    assert centre.part(b) is True
    assert [centre.resolve(code) for code in (a, b, c, d)] == [b, b, c, c]
    row = centre.find(b)
    assert row is not None and (row.state, row.holder) == ("bound", "Patient/b")
    assert centre.part(b) is False
    centre.alias(b, d)
    assert centre.resolve(a) == c


def test_merges_at_once_leave_no_circle(centre: Codes) -> None:
    some = centre.allocate(6)

    def merge(place: int) -> None:
        with contextlib.suppress(Refused):
            centre.alias(some[place], some[(place + 1) % 6])

    together(6, merge)
    ends = {centre.resolve(code) for code in some}
    assert len(ends) == 1 and centre.resolve(ends.pop()) in some


def test_any_history_of_merges_agrees_with_following_the_decisions_one_by_one(centre: Codes) -> None:
    some = centre.allocate(8)
    for seed in range(4):
        random, decided = Random(seed), dict[str, str]()
        for _ in range(40):
            old, direct = random.sample(some, 2)
            if random.random() < 0.3:
                assert centre.part(old) is (decided.pop(old, None) is not None)
            elif old not in decided and followed(direct, decided) != old:
                assert centre.alias(old, direct) == followed(direct, decided)
                decided[old] = direct
            elif decided.get(old) != direct:
                assert refusal(lambda old=old, direct=direct: centre.alias(old, direct)).startswith("code.alias-")  # type: ignore[misc]
            assert [centre.resolve(code) for code in some] == [followed(code, decided) for code in some]
        for code in some:
            centre.part(code)


def followed(code: str, decided: dict[str, str]) -> str:
    while code in decided:
        code = decided[code]
    return code


# Cards


def test_a_station_prints_signed_cards_and_holds_no_secret(centre: Codes, station: Codes) -> None:
    leased(centre, station)
    (code,) = station.new()
    text = station.card(code)
    assert len(text) == 186 and text.isdigit()
    for checking in (station, centre):
        card = checking.verify_card(text)
        assert (card.code, card.initials, card.born) == (code, "", "")
    assert refusal(lambda: station.card(centre.allocate()[0])) == "code.no-signature"


def test_the_centre_signs_initials_and_year(centre: Codes) -> None:
    (code,) = centre.allocate()
    card = centre.verify_card(centre.card(code, "NVA", "1967"))
    assert (card.code, card.initials, card.born) == (code, "NVA", "1967")


def test_a_card_of_an_unknown_centre_says_so(centre: Codes, station: Codes) -> None:
    text = centre.card(centre.allocate()[0])
    with pytest.raises(BadCard) as caught:
        station.verify_card(text)
    assert caught.value.fault == "key"
