"""A line of a given width, delay and loss between two sockets on one machine, in user space: no rights are needed.

A segment that is lost comes a round trip and the shortest retransmission timer later, and whatever is behind it waits,
as TCP would have it. A window that grows is not played: at 256 kbit/s and 300 ms the first one holds all that is on the
way.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

SEGMENT = 1_400
OVERHEAD = 40
"""Bytes of IP and TCP before each segment. Acknowledgements that carry nothing are not counted."""
TIMER = 0.2
"""Seconds: the shortest retransmission timer of Linux."""
Way = Literal["up", "down"]


@dataclass(frozen=True, slots=True)
class Shape:
    """`bits` a second each way (0: without end), `trip` there and back in seconds, `loss` of each segment each way."""

    bits: float = 0.0
    trip: float = 0.0
    loss: float = 0.0


OPEN = Shape()
THIN = Shape(256_000, 0.3, 0.05)


@dataclass(slots=True)
class Lane:
    """One way of the line: when a segment that is sent now arrives."""

    shape: Shape
    chance: random.Random
    free: float = 0.0
    last: float = 0.0

    def arrives(self, now: float, size: int) -> tuple[float, int]:
        """And how often it was sent: as long as it is lost."""
        sent = self._passes(now, size)
        times, late = 1, 0.0
        while self.chance.random() < self.shape.loss:
            sent, times = self._passes(now, size), times + 1
            late += self.shape.trip + TIMER
        self.last = max(self.last, sent + self.shape.trip / 2 + late)
        return self.last, times

    def _passes(self, now: float, size: int) -> float:
        if self.shape.bits:
            self.free = max(self.free, now) + size * 8 / self.shape.bits
            return self.free
        return now


@dataclass(slots=True)
class Tally:
    """What went over the line: bytes with their headers, lost ones too; how often the caller spoke after an answer."""

    up: int = 0
    down: int = 0
    turns: int = 0
    connections: int = 0

    @property
    def bytes(self) -> int:
        return self.up + self.down


@dataclass(slots=True)
class ThinLine:
    """Listens on a port of its own and hands on to `target`. `cut_after`: bytes down that a connection lives."""

    target: tuple[str, int]
    shape: Shape = OPEN
    seed: int = 1
    cut_after: int | None = None
    tally: Tally = field(default_factory=Tally)
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def fresh(self) -> Tally:
        """Counts from nothing again."""
        with self._lock:
            self.tally = Tally()
            return self.tally

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.tally.connections += 1
                chance = random.Random(f"{self.seed}/{self.tally.connections}")
            _Connection(self, caller, socket.create_connection(self.target), chance).start()

    def note(self, way: Way, size: int, turned: bool) -> None:
        with self._lock:
            if way == "up":
                self.tally.up += size
            else:
                self.tally.down += size
            self.tally.turns += turned


class _Connection:
    def __init__(self, line: ThinLine, caller: socket.socket, target: socket.socket, chance: random.Random) -> None:
        self._line, self._ends = line, {"up": (caller, target), "down": (target, caller)}
        self._shape, self._chance = line.shape, chance
        self._left, self._heard = line.cut_after, True
        self._open_at = time.monotonic() + self._shape.trip  # the handshake of TCP
        for end in (caller, target):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self) -> None:
        for way in ("up", "down"):
            threading.Thread(target=self._carry, args=(way,), daemon=True).start()

    def _carry(self, way: Way) -> None:
        """Reads as segments come and delivers each when it arrives."""
        source, sink = self._ends[way]
        due: deque[tuple[float, bytes]] = deque()
        ready, ended = threading.Condition(), threading.Event()
        threading.Thread(target=self._deliver, args=(sink, due, ready, ended), daemon=True).start()
        lane = Lane(self._shape, self._chance)
        while data := self._read(source):
            at, times = lane.arrives(max(time.monotonic(), self._open_at), len(data) + OVERHEAD)
            self._line.note(way, times * (len(data) + OVERHEAD), way == "up" and self._heard)
            self._heard = way == "down"
            with ready:
                due.append((at, data))
                ready.notify()
            if way == "down" and self._is_cut(len(data)):
                break
        ended.set()
        with ready:
            ready.notify()

    def _read(self, source: socket.socket) -> bytes:
        try:
            return source.recv(SEGMENT)
        except OSError:
            return b""

    def _is_cut(self, size: int) -> bool:
        if self._left is None:
            return False
        self._left -= size
        return self._left <= 0

    def _deliver(
        self, sink: socket.socket, due: deque[tuple[float, bytes]], ready: threading.Condition, ended: threading.Event
    ) -> None:
        while True:
            with ready:
                while not due and not ended.is_set():
                    ready.wait()
                if not due:
                    break
                at, data = due.popleft()
            time.sleep(max(0.0, at - time.monotonic()))
            try:
                sink.sendall(data)
            except OSError:
                break
        for end in self._ends["up"]:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
