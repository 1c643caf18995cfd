"""Work on everybody at once: nobody is left out, nobody is moved, and what was interrupted goes on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.identity.test_ahead import crowd as dirty
from tests.identity.test_arrive import CLIENT, NUMBER, PHONE, Node, codes, crowd, patient

from hoso.access import Entry, Errand, Records
from hoso.core import Refused, system_clock
from hoso.identity.arrive import Arrivals
from hoso.identity.batch import learn as learning
from hoso.identity.batch.place import place
from hoso.identity.batch.rekey import rekey
from hoso.identity.batch.rescore import Shadow, rescore
from hoso.identity.batch.walk import ERRAND, Mark, Piece, Result, pieces
from hoso.identity.desk import Desk
from hoso.identity.match import Policy, default_model
from hoso.identity.match.weights import read, write
from hoso.identity.matching import Matching
from hoso.store.record_store import RecordStore


@pytest.fixture
def node(store: RecordStore) -> Node:
    return Node(store, population=1_000_000)


def before_identity(node: Node) -> Records:
    return Records(node.store, system_clock)


def put(records: Records, *patients: dict[str, object]) -> None:
    for one in patients:
        records.update(Errand(CLIENT, "TREAT"), "Patient", str(one["id"]), orjson.dumps(one))


def arrivals(node: Node) -> Arrivals:
    found = node.records._arrivals
    assert isinstance(found, Arrivals)
    return found


def walked(node: Node, size: int = 5, *, lone: bool = False) -> list[Piece]:
    return list(pieces(node.store.people, size, lone=lone))


def placed(node: Node) -> Counter[str]:
    return sum((place(node.records, arrivals(node), one).counts for one in walked(node, lone=True)), Counter())


def test_records_of_before_identity_get_the_persons_they_would_have_got(node: Node, store: RecordStore) -> None:
    everybody = crowd(5)
    put(before_identity(node), *everybody)
    assert node.persons() == [] and placed(node) == {"placed": len(everybody)}
    groups = node.groups()
    assert sorted(id for group in groups for id in group) == sorted(one["id"] for one in everybody)
    assert all(len({id[:-2] for id in group}) == 1 for group in groups)
    assert placed(node) == {} and node.groups() == groups


def test_placing_again_and_beside_others_changes_nothing(node: Node) -> None:
    put(before_identity(node), patient("a", number=NUMBER), patient("b", number=NUMBER))
    (piece,) = walked(node, lone=True)
    node.put(patient("c", number=NUMBER))
    assert place(node.records, arrivals(node), piece).counts == {"placed": 2}
    assert place(node.records, arrivals(node), piece).counts == {}
    assert node.groups() == [["a", "b", "c"]]


def test_records_of_a_station_without_codes_wait_and_are_placed_when_there_are_some(store: RecordStore) -> None:
    def none_left(number: int) -> list[str]:
        raise Refused.because(409, "not-found", "code.none-left", left="0")

    node = Node(store)
    node.records = Records(store, system_clock, Arrivals(node.matching, none_left, system_clock))
    node.put(patient("a", number=NUMBER))
    node.put(patient("b", number=NUMBER))
    assert placed(node) == {"left": 2} and node.persons() == []
    node.records = Records(store, system_clock, Arrivals(node.matching, codes(), system_clock))
    assert placed(node) == {"placed": 2} and node.groups() == [["a", "b"]]


def test_a_backfill_that_broke_off_goes_on_and_gives_the_persons_of_one_in_one_piece(
    make_store: Callable[[str], RecordStore], engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = dirty(5, 40)
    whole, broken = (Node(make_store(engine), population=1_000_000) for _ in range(2))
    for node in (whole, broken):
        put(before_identity(node), *people)
    (piece,) = walked(whole, 100, lone=True)
    assert place(whole.records, arrivals(whole), piece).counts == {"placed": 40}

    done, ends = Desk.done, iter((False, False, True))

    def breaks_off(desk: Desk, *args: Any) -> Any:
        saved = done(desk, *args)
        if next(ends, False):
            raise RuntimeError("the power went")
        return saved

    monkeypatch.setattr(Desk, "done", breaks_off)
    some = walked(broken, 7, lone=True)
    with pytest.raises(RuntimeError):
        for one in some:
            place(broken.records, arrivals(broken), one)
    rest = walked(broken, 7, lone=True)
    assert [one.ids for one in rest] == [one.ids for one in some[2:]]
    assert placed(broken) == {"placed": 26}
    assert broken.groups() == whole.groups() and sorted(broken.reviews()) == sorted(whole.reviews())


def test_a_deleted_record_is_not_placed(node: Node) -> None:
    records = before_identity(node)
    put(records, patient("a", number=NUMBER))
    (piece,) = walked(node, lone=True)
    records.delete(Errand(CLIENT, "TREAT"), "Patient", "a")
    assert walked(node) == [] and place(node.records, arrivals(node), piece).counts == {}


def test_keys_made_anew_are_those_an_arrival_makes(node: Node, store: RecordStore) -> None:
    for one in crowd(3)[:9]:
        node.put(one)
    good = store.people.walk(-1, 100)
    wanted = node.matching.describe(patient("x", "Phạm Văn Hùng", "1975-01-10", "male", "001075000000")).probes
    near = store.people.near(wanted, 10)
    old = [Entry(record, [1], b"old") for record, _, _ in good]
    node.records.transact(Errand(CLIENT, "TREAT"), [], lambda t: t.people.put(old))
    counts = sum((rekey(node.records, node.matching, one).counts for one in walked(node)), Counter())
    assert counts == {"records": 9, "changed": 9}
    assert store.people.walk(-1, 100) == good and store.people.near(wanted, 10) == near
    assert rekey(node.records, node.matching, walked(node, 9)[0]).counts["changed"] == 0


def test_a_walk_goes_on_behind_the_last_piece_that_is_done(node: Node) -> None:
    for one in crowd(3)[:9]:
        node.put(one)
    all_of_them = walked(node, 2)
    results = [Result(piece, Counter(records=len(piece.ids))) for piece in all_of_them]
    mark = Mark(node.records, "walk", "1")
    list(mark.kept([results[1], results[0], results[3]]))
    again = Mark(node.records, "walk", "1")
    assert again.after == all_of_them[1].end and again.counts == {"records": 4}
    left = [id for piece in pieces(node.store.people, 2, again.after) for id in piece.ids]
    assert left == [id for piece in all_of_them[2:] for id in piece.ids]
    assert Mark(node.records, "walk", "another").after == -1
    again.clear()
    assert Mark(node.records, "walk", "1").after == -1


def doubting() -> Matching:
    """Asks for more than anybody can show."""
    return Matching(default_model(), Policy(certain=200.0), system_clock)


def test_another_model_in_shadow_tells_what_would_change_and_moves_nobody(node: Node, store: RecordStore) -> None:
    node.put(patient("a", number=NUMBER))
    node.put(patient("b", number=NUMBER))
    assert node.groups() == [["a", "b"]]
    then = doubting()
    then._counted = (1 << 60, 1_000_000)
    (piece,) = walked(node)
    same = rescore(node.records, Shadow(node.matching, node.matching, True), piece)
    assert same.counts == {"decided": 2} and same.lines == []
    other = rescore(node.records, Shadow(node.matching, then, True), piece)
    assert other.counts == {"decided": 2, "certain > possible": 2}
    assert "Patient/a: certain > possible" in other.lines[0] and "bits" in other.lines[0]
    assert node.groups() == [["a", "b"]] and node.reviews() == []


def test_a_record_that_is_certainly_another_persons_too_is_proposed_once(node: Node, store: RecordStore) -> None:
    put(before_identity(node), patient("a", number=NUMBER, phone=PHONE), patient("b", number=NUMBER, phone=PHONE))
    blind = Node(store, population=1_000_000)
    blind.matching.policy = Policy(certain=99.0, possible=98.0)
    assert placed(blind) == {"placed": 2} and node.groups() == [["a"], ["b"]]
    (piece,) = walked(node)
    shadow = Shadow(node.matching, node.matching, propose=True)
    assert rescore(node.records, shadow, piece).counts == {"decided": 2, "certain elsewhere": 2, "proposed": 1}
    assert rescore(node.records, shadow, piece).counts == {"decided": 2, "certain elsewhere": 2}
    assert node.reviews() == ["two-persons"] and node.groups() == [["a"], ["b"]]


def test_weights_are_learned_from_pairs_that_share_a_number(
    node: Node, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for one in crowd(9):
        node.put(one)
    people = node.records.people(ERRAND)
    with pytest.raises(learning.TooFew):
        learning.learn(people, default_model(), "2")
    monkeypatch.setattr(learning, "FEWEST_PAIRS", 10)
    learned = learning.learn(people, default_model(), "2")
    assert learned.records == 72 and learned.anchored >= 10
    file = tmp_path / "w.toml"
    file.write_text(write(learned.model))
    assert read(file, default_model().rarity).version == "2"
    assert learned.model.chances["given"]["same"][0] > default_model().chances["given"]["same"][0]


def test_a_frozen_benchmark_tells_worse_weights(tmp_path: Path) -> None:
    twin = patient("t", "Nguyễn Thị Minh Hoa", number="001184004712", phone=PHONE)
    same = {"a": patient("a", number=NUMBER, phone=PHONE), "b": patient("b", number=NUMBER), "same": True}
    other = {"a": patient("a", number=NUMBER, phone=PHONE), "b": twin, "same": False}
    file = tmp_path / "judged.ndjson"
    file.write_bytes(b"\n".join(map(orjson.dumps, (same, other))))
    judged = learning.benchmark(file, system_clock)
    good = learning.scored(default_model(), Policy(), judged, 1_000_000)
    assert good == learning.Score(wrong=0, right=1, missed=0)
    strict = learning.scored(default_model(), Policy(certain=400.0), judged, 1_000_000)
    assert strict.worse_than(good) and not good.worse_than(strict)
    file.write_bytes(orjson.dumps(same) + b"\n{}")
    with pytest.raises(learning.BadBenchmark) as bad:
        learning.benchmark(file, system_clock)
    assert bad.value.line == 2
