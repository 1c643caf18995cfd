"""The line that measurements go over: what it does to bytes and to their order, without a look at the clock."""

import random
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.thin_line import OPEN, Lane, Shape, ThinLine


@given(
    st.lists(st.tuples(st.floats(0, 0.5), st.integers(1, 1_440)), min_size=1, max_size=60),
    st.floats(0, 0.6),
    st.integers(0, 1_000),
)
def test_segments_arrive_in_order_never_before_the_line_could_carry_them(
    sent: list[tuple[float, int]], loss: float, seed: int
) -> None:
    lane, now, bits, arrived = Lane(Shape(64_000, 0.3, loss), random.Random(seed)), 0.0, 0, [0.0]
    for pause, size in sent:
        now += pause
        at, times = lane.arrives(now, size)
        bits += times * size * 8
        assert at >= max(arrived[-1], now + 0.15 + (times - 1) * 0.5)
        arrived.append(at)
    assert arrived[-1] >= bits / 64_000


def test_a_line_without_limits_delays_nothing() -> None:
    assert Lane(OPEN, random.Random(1)).arrives(5.0, 1_400) == (5.0, 1)


@pytest.fixture
def echo() -> Iterator[tuple[str, int]]:
    """Sends back what it hears, on any number of connections."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk(one: socket.socket) -> None:
        with one, suppress(OSError):  # a cut is what is tried
            while data := one.recv(65_536):
                one.sendall(data)

    def serve() -> None:
        while True:
            try:
                one, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=talk, args=(one,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    yield listener.getsockname()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def _call(line: ThinLine) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(line.address.rpartition(":")[2])), timeout=60)


def test_every_byte_comes_through_a_line_that_loses_and_is_counted_with_what_was_lost(echo: tuple[str, int]) -> None:
    line, data = ThinLine(echo, Shape(8_000_000, 0.01, 0.05)), random.Random(7).randbytes(30_000)
    with _call(line) as caller:
        caller.sendall(data)
        heard = b""
        while len(heard) < len(data):
            heard += caller.recv(65_536)
    line.close()

    assert heard == data
    assert line.tally.up > len(data) and line.tally.down > len(data)
    assert line.tally.connections == 1


def test_each_question_after_an_answer_is_a_round_trip(echo: tuple[str, int]) -> None:
    line = ThinLine(echo)
    with _call(line) as caller:
        for _ in range(3):
            caller.sendall(b"?")
            assert caller.recv(10) == b"?"
    line.close()

    assert line.tally.turns == 3


def test_a_line_that_is_cut_ends_for_the_caller_and_the_next_connection_works(echo: tuple[str, int]) -> None:
    line, heard = ThinLine(echo, cut_after=5_000), 0
    with _call(line) as caller, suppress(ConnectionError):
        caller.sendall(bytes(50_000))
        while data := caller.recv(65_536):
            heard += len(data)
    line.cut_after = None
    with _call(line) as again:
        again.sendall(b"again")
        assert again.recv(10) == b"again"
    line.close()

    assert heard < 50_000
