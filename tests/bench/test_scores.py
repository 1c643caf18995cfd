"""Scores on cases small enough to be worked out by hand."""

import pytest

from bench import scores
from bench.scores import Decision, Point

# Five to be found. In order of bits: right, right, wrong, right, wrong; one of the five is never guessed.
GUESSES = [(12.0, True), (30.0, True), (20.0, False), (25.0, True), (5.0, False)]
TOTAL = 5


def test_the_curve_takes_the_strongest_guesses_first() -> None:
    assert scores.curve(GUESSES, TOTAL) == [
        Point(30.0, 1, 0, 5),
        Point(25.0, 2, 0, 5),
        Point(20.0, 2, 1, 5),
        Point(12.0, 3, 1, 5),
        Point(5.0, 3, 2, 5),
    ]


def test_precision_recall_and_f1_of_a_point() -> None:
    point = Point(12.0, 3, 1, 5)
    assert point.precision == 3 / 4
    assert point.recall == 3 / 5
    assert point.f1 == pytest.approx(2 * (3 / 4) * (3 / 5) / (3 / 4 + 3 / 5))


def test_the_best_f1_lies_where_by_hand_it_lies() -> None:
    best = scores.best(scores.curve(GUESSES, TOTAL))
    assert best.bits == 12.0
    assert best.f1 == pytest.approx(6 / 9)


def test_recall_at_a_precision_is_the_highest_that_keeps_it() -> None:
    points = scores.curve(GUESSES, TOTAL)
    assert scores.recall_at(points, 0.999) == 2 / 5
    assert scores.recall_at(points, 0.75) == 3 / 5


def test_recall_is_nothing_where_the_precision_is_never_reached() -> None:
    assert scores.recall_at(scores.curve([(9.0, False), (8.0, True)], 1), 0.9) == 0.0


def test_guesses_of_equal_bits_stand_or_fall_together() -> None:
    assert scores.curve([(7.0, False), (7.0, True)], 2) == [Point(7.0, 1, 1, 2)]


def test_without_guesses_everything_is_zero() -> None:
    best = scores.best(scores.curve([], 3))
    assert (best.f1, best.recall) == (0.0, 0.0)


DECISIONS = [
    Decision("a", best="a", bits=40, certain=True, found=True, offered=True),
    Decision("b", best="a", bits=35, certain=True, found=True, offered=True),
    Decision("c", best="c", bits=20, certain=False, found=True, offered=True),
    Decision("d"),
    Decision(None, best="e", bits=30, certain=True),
    Decision(None, best="f", bits=10, certain=False),
    Decision(None),
]


def test_linking_somebody_who_is_not_enrolled_is_wrong() -> None:
    points = scores.decision_curve(DECISIONS)
    assert [(point.bits, point.right, point.wrong) for point in points] == [
        (40, 1, 0),
        (35, 1, 1),
        (30, 1, 2),
        (20, 2, 2),
        (10, 2, 3),
    ]
    assert {point.total for point in points} == {4}


def test_automatic_links_are_those_that_nobody_looks_at() -> None:
    auto = scores.automatic(DECISIONS)
    assert (auto.right, auto.wrong, auto.reviewed, auto.known) == (1, 2, 2, 4)
    assert auto.recall == 1 / 4


def test_candidate_recall_counts_known_people_only() -> None:
    assert scores.found_share(DECISIONS) == 3 / 4


@pytest.mark.parametrize(("share", "value"), [(0.5, 5), (0.9, 9), (0.99, 10), (0.0, 1)])
def test_percentiles_by_nearest_rank(share: float, value: float) -> None:
    assert scores.percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], share) == value


def test_a_pair_counts_once_whichever_way_round() -> None:
    truth = frozenset({frozenset({"x", "y"})})
    pairs = [("x", "y", 3.0), ("y", "x", 5.0), ("x", "z", 1.0), ("x", "x", 9.0)]
    assert sorted(scores.pair_guesses(pairs, truth)) == [(1.0, False), (5.0, True)]
