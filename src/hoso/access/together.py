"""Writes that wait for each other go together: one transaction, one commit, one set of statements for all of them.

Nobody waits for company. Whoever comes first asks for its transaction at once; whoever comes until that has begun goes
along, and whoever comes later leads or joins the next round. What one write is refused for takes nobody along: then
each of the round is carried out alone.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from threading import Lock
from typing import Generic, TypeVar

from hoso.core.errors import Refused
from hoso.store.contract import Conflict

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
R = TypeVar("R")

MOST = 32
"""Writes of one round."""
LARGEST = 128
"""Their size together, unless one alone is larger: a lock is held for all of it."""


class _Waiting(Generic[K, T, R]):
    """A write whose thread sleeps until it is done, or until it is the one to carry out the next round."""

    __slots__ = ("answer", "error", "kind", "over", "size", "task", "turn")

    def __init__(self, kind: K, task: T, size: int) -> None:
        self.kind, self.task, self.size = kind, task, size
        self.answer: R | None = None
        self.error: BaseException | None = None
        self.over = False
        self.turn = Lock()
        self.turn.acquire()

    def outcome(self) -> R:
        if self.error is not None:
            raise self.error
        return self.answer  # type: ignore[return-value]


class Together(Generic[K, T, R]):
    """`work` carries out writes of one kind, all of them or none, and answers in their order. It asks who they are when
    its transaction has begun."""

    def __init__(self, work: Callable[[K, Callable[[], Sequence[T]]], Sequence[R]]) -> None:
        self._work = work
        self._waiting: deque[_Waiting[K, T, R]] = deque()
        self._busy = False
        self._lock = Lock()

    def run(self, kind: K, task: T, size: int = 1) -> R:
        """Only writes of the same `kind` go together. Raises what the write by itself raises."""
        mine = _Waiting[K, T, R](kind, task, size)
        with self._lock:
            first = not self._busy
            self._busy = True
            if not first:
                self._waiting.append(mine)
        if not first:
            mine.turn.acquire()
        if not mine.over:
            self._lead(mine)
        return mine.outcome()

    def _lead(self, mine: _Waiting[K, T, R]) -> None:
        """Carries out this write and those that go along, and wakes whoever leads the next round."""
        round = [mine]
        try:
            self._carry_out(round, self._join)
        finally:
            for one in round:
                one.over = True
                one.turn.release()
            with self._lock:
                following = self._waiting.popleft() if self._waiting else None
                self._busy = following is not None
            if following is not None:
                following.turn.release()

    def _join(self, round: list[_Waiting[K, T, R]]) -> None:
        """Whoever waits by now comes along, as far as there is room."""
        size = sum(one.size for one in round)
        with self._lock:
            others: deque[_Waiting[K, T, R]] = deque()
            for one in self._waiting:
                if one.kind == round[0].kind and len(round) < MOST and size + one.size <= LARGEST:
                    round.append(one)
                    size += one.size
                else:
                    others.append(one)
            self._waiting = others

    def _carry_out(
        self, round: list[_Waiting[K, T, R]], join: Callable[[list[_Waiting[K, T, R]]], None] = lambda round: None
    ) -> None:
        def tasks() -> list[T]:
            join(round)
            return [one.task for one in round]

        try:
            answers = self._work(round[0].kind, tasks)
        except (Refused, Conflict) as refused:
            if len(round) == 1:
                round[0].error = refused
            else:
                for one in round:
                    self._carry_out([one])
        except BaseException as error:
            for one in round:
                one.error = error
        else:
            for one, answer in zip(round, answers, strict=True):
                one.answer = answer
