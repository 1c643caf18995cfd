"""Makes a failing schedule short: leaves out actions as long as it still fails in the same class."""

from __future__ import annotations

from hoso.sync.simulation.play import Played, play
from hoso.sync.simulation.truth import Class


def shrink(failed: Played) -> Played:
    """The shortest schedule found that fails as the first failure of `failed` does."""
    kind = failed.failures[0][0]
    best = failed
    size = max(1, len(best.schedule.actions) // 2)
    while True:
        smaller = _without_some(best, kind, size)
        if smaller is not None:
            best = smaller
        elif size == 1:
            return best
        size = max(1, min(size // 2 if smaller is None else size, len(best.schedule.actions) // 2))


def _without_some(best: Played, kind: Class, size: int) -> Played | None:
    for begin in range(0, len(best.schedule.actions), size):
        tried = play(best.schedule.without(range(begin, min(begin + size, len(best.schedule.actions)))))
        if any(found == kind for found, _ in tried.failures):
            return tried
    return None
