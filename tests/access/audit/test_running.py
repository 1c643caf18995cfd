"""While a node serves one process seals; it takes nobody's turn to write without need, and another takes over."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.access.audit.events import event, rows
from tests.access.audit.logs import SIGNER, clock, sealer, size

from hoso.access.audit.log import AuditLog
from hoso.access.audit.running import Turn
from hoso.store import audit
from hoso.store.record_store import RecordStore

HOLDER = """
import sys
from pathlib import Path
from hoso.access.audit.running import Turn
turn = Turn(Path(sys.argv[1]))
print(turn.mine(), flush=True)
sys.stdin.read()
"""


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


class _Counted:
    """An engine that counts the turns to write."""

    def __init__(self, engine: Any) -> None:
        self._engine, self.turns = engine, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._engine, name)

    def transact(self, work: Callable[[Any], Any]) -> Any:
        self.turns += 1
        return self._engine.transact(work)


def test_an_idle_sealer_takes_no_turn_to_write(store: RecordStore) -> None:
    found = sealer(store)
    found._engine = counted = _Counted(store.engine)
    for _ in range(10):
        assert found.settle() == 0 and not found.publish()
    assert counted.turns == 0
    store.record(rows([event(1, 1), event(2, 2)]))
    assert found.settle() == 2 and found.publish() and found.settle() == 3
    before = counted.turns
    for _ in range(10):
        assert found.settle() == 3 and not found.publish()
    assert counted.turns == before


def test_idleness_is_not_believed_too_soon(store: RecordStore) -> None:
    reader = store.engine.reader()
    assert audit.idle(reader)
    store.record(rows([event(1, 1)]))
    store.engine.gather()
    assert not audit.idle(reader)
    while sealer(store).seal():
        pass
    assert not audit.idle(reader)  # it is not signed yet
    sealer(store).settle()
    assert audit.idle(reader)


def test_one_process_has_the_turn_and_the_next_one_gets_it(tmp_path: Path) -> None:
    file = tmp_path / "sealer.lock"
    command = [sys.executable, "-c", HOLDER, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None and other.stdout.readline() == "True\n"
        turn = Turn(file)
        assert not turn.mine()
        other.kill()
        other.wait(10)
        assert turn.mine() and turn.mine()
        turn.close()


def test_events_get_their_place_while_a_node_serves(store: RecordStore, tmp_path: Path) -> None:
    file = tmp_path / "sealer.lock"
    other = Turn(file)
    assert other.mine()
    running = AuditLog(store, SIGNER, clock()).start(file)
    store.record(rows([event(1, 1)]))
    time.sleep(1.5)
    assert size(store) == 0  # it is another process's turn
    other.close()
    until(lambda: size(store) == 2)  # the event, and the map of the day
    running.close()
