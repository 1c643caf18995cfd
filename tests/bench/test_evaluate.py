"""The measurement itself: run on the simplest matcher, and on ones of which the result is known beforehand."""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from bench import evaluate, trials
from bench.matcher import Match, Pair, Patient, maker
from bench.simulator.arrivals import Arrival
from bench.simulator.scenarios import SCENARIOS, Scenario
from bench.simulator.trial import Size, Trial

# The names on which other tools rely (design §8).
NAMES = {
    "simulator.f1",
    "simulator.recall_at_999",
    "simulator.candidate_recall",
    "febrl3.f1",
    "febrl4.f1",
    "lookup.p50_ms",
    "lookup.p99_ms",
    "register.per_second",
}


class Scripted:
    """Answers by a rule given to it."""

    def __init__(self, rule: Callable[[Patient, list[str]], list[Match]]) -> None:
        self._rule, self._ids = rule, list[str]()

    def enrol(self, patients: Iterable[Patient]) -> None:
        self._ids += [patient["id"] for patient in patients]

    def candidates(self, patient: Patient) -> Sequence[str]:
        return [match.id for match in self.match(patient)]

    def match(self, patient: Patient) -> Sequence[Match]:
        return self._rule(patient, self._ids)

    def dedupe(self, patients: Sequence[Patient]) -> Iterable[Pair]:
        return ()

    def link(self, left: Sequence[Patient], right: Sequence[Patient]) -> Iterable[Pair]:
        return ()


def scripted(rule: Callable[[Patient, list[str]], list[Match]]) -> Callable[[], AbstractContextManager[Scripted]]:
    @contextmanager
    def make() -> Iterator[Scripted]:
        yield Scripted(rule)

    return make


def patient(id: str) -> Patient:
    return {"resourceType": "Patient", "id": id}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    out = tmp_path_factory.mktemp("evaluate") / "evaluate.json"
    faults = out.with_name("faults.ndjson")
    arguments = ["1500", "--matcher", "tests.bench.baseline:baseline", "--out", str(out), "--faults", str(faults)]
    assert evaluate.main(arguments) == 0
    found: dict[str, Any] = json.loads(out.read_text("utf-8"))
    found["faults"] = [json.loads(line) for line in faults.read_text("utf-8").splitlines()]
    return found


def test_the_file_has_the_form_and_the_names_that_others_rely_on(written: dict[str, Any]) -> None:
    assert {"machine", "command", "rows"} <= written.keys()
    assert all(row.keys() == {"name", "figure", "unit", "budget", "limit", "ok"} for row in written["rows"])
    assert {row["name"] for row in written["rows"]} >= NAMES


def test_our_figure_stands_beside_the_best_of_others(written: dict[str, Any]) -> None:
    rows = {row["name"]: row for row in written["rows"]}
    assert rows["simulator.f1"]["limit"] == 0.9838
    assert rows["febrl4.f1"]["ok"] is False


def test_the_simplest_matcher_finds_some_and_is_caught_by_made_up_numbers(written: dict[str, Any]) -> None:
    figures = {row["name"]: row["figure"] for row in written["rows"]}
    assert 0.8 < figures["simulator.f1"] < 0.97
    assert 0.9 < figures["febrl4.f1"] < 0.99
    assert figures["scenario.dummy_numbers.false"] > 0
    assert figures["scenario.siblings.false"] == 0
    none_allowed = {row["name"] for row in written["rows"] if row["budget"] == 0}
    assert none_allowed >= {f"scenario.{name}.false" for name in SCENARIOS}


def test_faults_are_written_with_their_slips(written: dict[str, Any]) -> None:
    assert written["faults"]
    assert all(fault["person"] != fault["best"] for fault in written["faults"])


def test_a_matcher_that_finds_nobody_recalls_nothing() -> None:
    outcome = trials.run(Trial(1, Size.of(1_000)), scripted(lambda patient, ids: []))
    assert len(outcome.queries) == 100 + 49
    assert all(decision.best is None for decision in outcome.queries)


def test_a_matcher_that_always_takes_the_first_is_wrong_about_everybody_else() -> None:
    outcome = trials.run(Trial(1, Size.of(1_000)), scripted(lambda patient, ids: [Match(ids[0], 50.0, "certain")]))
    right = [decision for decision in outcome.of("known", "hard") if decision.is_right]
    assert len(right) <= 1
    assert not any(decision.is_right for decision in outcome.of("kin", "stranger"))


def told(person_of: dict[str, str], grade: Any = "certain") -> Callable[[Patient, list[str]], list[Match]]:
    """Links to the first record of the person that the table names for an arrival."""

    def rule(patient: Patient, ids: list[str]) -> list[Match]:
        wanted = person_of[patient["id"]]
        return [Match(id, 9.0, grade) for id in ids if id == wanted or person_of.get(id) == wanted][:1]

    return rule


SCENE = Scenario("scene", [patient("p1")], [Arrival(patient("a1"), "p1"), Arrival(patient("a2"), "p2")])


def test_a_scenario_played_by_one_who_knows_has_no_fault() -> None:
    played = trials.play(SCENE, [patient("b1")], scripted(told({"a1": "p1", "a2": "p2"})))
    assert (played.right, played.false, played.reviewed, played.missed) == (1, 0, 0, 0)


def test_a_link_to_the_record_of_another_is_false_even_to_the_background() -> None:
    assert trials.play(SCENE, [patient("b1")], scripted(told({"a1": "b1", "a2": "p1"}))).false == 2


def test_what_is_reviewed_is_not_missed_if_the_person_is_offered() -> None:
    played = trials.play(SCENE, [], scripted(told({"a1": "p1", "a2": "p2"}, "possible")))
    assert (played.right, played.false, played.reviewed, played.missed) == (0, 0, 1, 0)


def test_a_newcomer_is_known_from_the_second_arrival_on() -> None:
    scene = Scenario("newcomer", [], [Arrival(patient(f"a{n}"), "new") for n in range(3)])
    linked = trials.play(scene, [], scripted(told({f"a{n}": "new" for n in range(3)})))
    assert (linked.right, linked.missed) == (2, 0)
    assert trials.play(scene, [], scripted(lambda patient, ids: [])).missed == 2


def test_a_matcher_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"bench\.nowhere:none"):
        maker("bench.nowhere:none")


def test_a_size_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="give small, medium, full"):
        evaluate.main(["huge", "--matcher", "tests.bench.baseline:baseline", "--out", str(tmp_path / "x.json")])
