"""Ends the wait for a body that stalls or trickles, so that its thread is free again and the sender is told.

The server gives a read no deadline, but it ends one whose connection is half closed, and can still answer. A request
does not say on which socket it came, only from which address. So the socket is recognised by when it last brought
something, which the kernel knows; as long as another one may be meant instead, nothing is cut.
"""

from __future__ import annotations

import os
import socket
import struct
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address
from pathlib import Path

STALL_SECONDS = 20.0
"""Longer than a server keeps an idle connection: whatever is silent for so long is waiting for somebody."""

FIRST_SECONDS, LEAST_RATE = 30.0, 2_000
"""After half a minute a body must have brought so many bytes a second; a slow line brings ten times that."""

LOOK_SECONDS = 1.0
_WINDOW = 0.3
"""Between the arrival of bytes and the moment their reader has them; so much more at each look that finds nobody."""

_OPEN_STATES = (1, 8)
_INFO = struct.Struct("=B43xI4xI")
"""Of Linux's tcp_info: the state, and how many milliseconds ago data was last sent and last received."""


@dataclass(slots=True, eq=False)
class Wait:
    """A thread that reads a body. `ended` is set before its connection is cut."""

    address: str
    expects: bool
    began: float
    last: float
    size: int = 0
    ended: bool = False
    window: float = _WINDOW
    among: set[tuple[str, int]] | None = field(default=None, repr=False)

    def got(self, size: int) -> None:
        self.size += size
        self.last = time.monotonic()


class Patience:
    """Looks after the waiting readers of one worker, once a second while there are any."""

    def __init__(self, stall: float = STALL_SECONDS, first: float = FIRST_SECONDS, look: float = LOOK_SECONDS) -> None:
        self._stall, self._first, self._look = stall, first, look
        self._waits: set[Wait] = set()
        self._some = threading.Condition()
        self._thread: threading.Thread | None = None

    @contextmanager
    def with_sender(self, address: str, *, expects: bool = False) -> Iterator[Wait]:
        """`expects`: the sender was sent `100 Continue` before its body."""
        now = time.monotonic()
        wait = Wait(address, expects, now, now)
        with self._some:
            self._waits.add(wait)
            if self._thread is None and sys.platform == "linux":
                self._thread = threading.Thread(target=self._watch, name="patience", daemon=True)
                self._thread.start()
            self._some.notify()
        try:
            yield wait
        finally:
            with self._some:
                self._waits.discard(wait)

    def _watch(self) -> None:
        while True:
            with self._some:
                self._some.wait_for(lambda: self._waits)
            time.sleep(self._look)
            with self._some:
                overdue = [wait for wait in self._waits if not wait.ended and self._is_over(wait, time.monotonic())]
            if overdue:
                self._end(overdue)

    def _is_over(self, wait: Wait, now: float) -> bool:
        spent = now - wait.began
        slow = spent > self._first and wait.size < (spent - self._first) * LEAST_RATE
        return slow or now - wait.last > self._stall

    def _end(self, overdue: list[Wait]) -> None:
        found = list(_connections())
        try:
            for wait in overdue:
                now = {each.peer for each in found if each.may_be(wait)}
                wait.among = wait.among & now if wait.among else now
                if not wait.among:
                    wait.window += _WINDOW
            for wait in overdue:
                alike = [other for other in overdue if other.among == wait.among]
                if wait.among and len(wait.among) <= len(alike) and self._all_end(alike):
                    for each in found:
                        if each.peer in wait.among:
                            each.end_reading()
        finally:
            for each in found:
                each.close()

    def _all_end(self, waits: list[Wait]) -> bool:
        """Says so to all of them before any is cut; nothing when the body of one came after all."""
        with self._some:
            if not self._waits.issuperset(waits) or any(wait.ended for wait in waits):
                return False
            for wait in waits:
                wait.ended = True
            return True


class _Connection:
    """A descriptor of our own for a connection of the server, so that it cannot become another one meanwhile."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=os.dup(descriptor))
        try:
            host, port = self._socket.getpeername()[:2]
            self.peer = (_plain(host), int(port))
            info = self._socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO.size)
        except BaseException:
            self._socket.close()
            raise
        state, sent, received = _INFO.unpack(info)
        self._open = state in _OPEN_STATES
        self._answered = sent < received
        self._received = time.monotonic() - received / 1000

    def may_be(self, wait: Wait) -> bool:
        """Whether the wait's body may be coming here: nothing was answered, and what came last came no earlier."""
        asking = wait.expects or not self._answered
        mine = self.peer[0] == _plain(wait.address)
        return mine and asking and self._open and self._received > wait.last - wait.window

    def end_reading(self) -> None:
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RD)

    def close(self) -> None:
        self._socket.close()


def _connections() -> Iterator[_Connection]:
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError, ValueError, struct.error):
            if entry.readlink().name.startswith("socket:"):
                yield _Connection(int(entry.name))


def _plain(address: str) -> str:
    """An IPv4 address looks the same whether it came through an IPv6 socket or not."""
    found = ip_address(address.partition("%")[0])
    return str(found.ipv4_mapped or found) if isinstance(found, IPv6Address) else str(found)
