from __future__ import annotations

import os
import signal
from collections.abc import Callable

from hoso.exchange.crew import Crew


def doubling() -> Callable[[int], int]:
    return lambda number: number * 2


def test_workers_are_deaf_to_the_keyboard_from_their_first_moment() -> None:
    crew = Crew(2, doubling)
    for process in crew._members.values():
        assert process.pid is not None
        os.kill(process.pid, signal.SIGINT)
    assert sorted(crew.run(range(4))) == [0, 2, 4, 6]
    crew.close()
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())
