"""Worker processes that share a stream of tasks: results come back as they are ready, and nobody outlives the parent.

A worker that dies is an error at once, never a wait without end; when the parent is gone its pipe closes and it stops.
"""

from __future__ import annotations

import multiprocessing
import signal
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Generic, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")


class WorkerLost(Exception):
    """A worker process ended without an answer (killed, or out of memory)."""


class WorkerFailed(Exception):
    """A fault of ours in a worker; carries the traceback as text, because not every exception can be sent."""


class Crew(Generic[Task, Result]):
    """`prepare` runs once in each worker and returns the function that does a task; both must be importable."""

    def __init__(self, size: int, prepare: Callable[[], Callable[[Task], Result]]) -> None:
        context = multiprocessing.get_context("spawn")
        self._members: dict[Connection, SpawnProcess] = {}
        with _interrupts_held():
            for _ in range(size):
                ours, theirs = context.Pipe()
                process = context.Process(target=_work, args=(theirs, prepare), daemon=True)
                process.start()
                theirs.close()
                self._members[ours] = process

    def run(self, tasks: Iterable[Task]) -> Iterator[Result]:
        """Every result, in the order they are ready. Tasks are drawn only as fast as workers take them."""
        source = iter(tasks)
        busy = {member for member in self._members if self._hand_out(member, source)}
        while busy:
            for member in wait(list(busy)):
                assert isinstance(member, Connection)
                result = self._answer(member)
                if not self._hand_out(member, source):
                    busy.discard(member)
                yield result

    def _hand_out(self, member: Connection, source: Iterator[Task]) -> bool:
        for task in source:
            try:
                member.send(task)
            except OSError as error:
                raise WorkerLost from error
            return True
        return False

    def _answer(self, member: Connection) -> Result:
        try:
            answer: Result | WorkerFailed = member.recv()
        except (EOFError, OSError) as error:
            raise WorkerLost from error
        if isinstance(answer, WorkerFailed):
            raise answer
        return answer

    def close(self) -> None:
        """Lets every worker finish the task in hand, whose answer is lost, and stop."""
        for member in self._members:
            member.close()
        for process in self._members.values():
            process.join(timeout=30)
            if process.is_alive():
                process.terminate()


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """A process that is started here is deaf to Ctrl-C from its first moment, also before it runs a line of ours."""
    resource_tracker.ensure_running()  # whose own start would let interrupts through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(tasks: Connection, prepare: Callable[[], Callable[[Task], Result]]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the parent decides
    with suppress(EOFError, OSError):  # the parent is gone or wants no more
        do = prepare()
        while True:
            task = tasks.recv()
            tasks.send(_attempt(do, task))


def _attempt(do: Callable[[Task], Result], task: Task) -> Result | WorkerFailed:
    try:
        return do(task)
    except Exception:
        return WorkerFailed(traceback.format_exc())
