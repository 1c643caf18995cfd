"""Writes that wait for each other go together, and none is refused for another's fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event, Lock

import pytest

from hoso.access.together import LARGEST, MOST, Together
from hoso.core.errors import Refused
from hoso.store.contract import Unavailable

SECONDS = 20


class Doubling:
    """Doubles numbers, in rounds that it remembers. The first round begins when `go` is set."""

    def __init__(self) -> None:
        self.rounds: list[list[int]] = []
        self.begun, self.go = Event(), Event()
        self.together: Together[str, int, int] = Together(self.work)

    def work(self, kind: str, tasks: Callable[[], Sequence[int]]) -> list[int]:
        numbers = list(tasks())
        self.begun.set()
        assert self.go.wait(SECONDS)
        self.rounds.append(numbers)
        if 13 in numbers:
            raise Refused.because(422, "invalid", "rest.wrong-type", type="13")
        if 666 in numbers:
            raise Unavailable("the disk is full")
        return [2 * number for number in numbers]

    def all(self, numbers: Sequence[int], kinds: str = "", size: int = 1) -> list[int | Exception]:
        """The first number goes by itself, and all others wait until it is on its way."""
        with ThreadPoolExecutor(len(numbers)) as pool:
            first = pool.submit(self.together.run, kinds[:1], numbers[0], size)
            assert self.begun.wait(SECONDS)
            waiting = [
                pool.submit(self.together.run, kinds[place : place + 1], number, size)
                for place, number in enumerate(numbers[1:], 1)
            ]
            while len(self.together._waiting) < len(waiting):
                pass
            self.go.set()
            outcomes: list[int | Exception] = []
            for one in (first, *waiting):
                error = one.exception(SECONDS)
                assert error is None or isinstance(error, Exception)
                outcomes.append(error or one.result())
            return outcomes


def test_whoever_comes_while_one_is_at_work_goes_in_one_round() -> None:
    doubling = Doubling()
    assert doubling.all(range(1, 9)) == [2, 4, 6, 8, 10, 12, 14, 16]
    assert doubling.rounds[0] == [1]
    assert sorted(doubling.rounds[1]) == [2, 3, 4, 5, 6, 7, 8]
    assert len(doubling.rounds) == 2


def test_one_that_is_refused_takes_nobody_along() -> None:
    doubling = Doubling()
    outcomes = doubling.all([1, 2, 13, 4])
    assert isinstance(outcomes.pop(2), Refused)
    assert outcomes == [2, 4, 8]
    assert sorted(doubling.rounds[2:]) == [[2], [4], [13]]  # each again, alone


def test_when_the_database_fails_everybody_of_the_round_hears_it_once() -> None:
    doubling = Doubling()
    outcomes = doubling.all([1, 2, 666, 4])
    assert outcomes[0] == 2
    assert all(isinstance(outcome, Unavailable) for outcome in outcomes[1:])
    assert len(doubling.rounds) == 2
    assert doubling.together.run("", 5) == 10  # and the next one goes on


def test_only_writes_of_one_kind_go_together() -> None:
    doubling = Doubling()
    doubling.all([1, 2, 3, 4, 5], "aabab")
    assert sorted(map(sorted, doubling.rounds)) == [[1], [2, 4], [3, 5]]


@pytest.mark.parametrize(("number", "size", "most"), [(MOST + 10, 1, MOST), (6, LARGEST // 3, 3), (4, 10 * LARGEST, 1)])
def test_a_round_has_an_end(number: int, size: int, most: int) -> None:
    doubling = Doubling()
    numbers = range(1_000, 1_000 + number)
    doubling.all(numbers, size=size)
    assert max(map(len, doubling.rounds)) == most
    assert sorted(one for round in doubling.rounds for one in round) == list(numbers)


def test_a_thousand_writes_of_many_threads_are_all_answered() -> None:
    lock, at_work = Lock(), 0

    def work(kind: str, tasks: Callable[[], Sequence[int]]) -> list[int]:
        nonlocal at_work
        with lock:
            at_work += 1
            assert at_work == 1  # one round after the other
        found = [-number for number in tasks()]
        with lock:
            at_work -= 1
        return found

    together: Together[str, int, int] = Together(work)
    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(lambda n: together.run("", n), range(1_000))) == [-n for n in range(1_000)]
