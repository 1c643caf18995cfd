"""Waiting readers on real sockets of this process: who is cut off, and who must never be."""

from __future__ import annotations

import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import pytest

from hoso.api.patience import Patience

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux about its sockets")

SENDER = "127.0.0.2"
"""Not the server's own address, because here both ends of a connection are in one process."""


class Pair(NamedTuple):
    sender: socket.socket
    receiver: socket.socket


@contextmanager
def connected() -> Iterator[Pair]:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname(), 30, (SENDER, 0)) as sender,
    ):
        receiver, _ = listener.accept()
        with receiver:
            receiver.settimeout(30)
            yield Pair(sender, receiver)


def test_a_silent_sender_is_cut_off_and_can_still_be_answered() -> None:
    patience = Patience(stall=0.2, look=0.05)
    with connected() as pair:
        pair.sender.sendall(b"{")
        with patience.with_sender(SENDER) as wait:
            assert pair.receiver.recv(1) == b"{"
            assert pair.receiver.recv(1) == b""
        assert wait.ended
        pair.receiver.sendall(b"408")
        assert pair.sender.recv(3) == b"408"


def test_a_sender_that_trickles_is_cut_off() -> None:
    patience = Patience(first=0.2, look=0.05)
    over = threading.Event()

    def trickle() -> None:
        while not over.wait(0.02):
            pair.sender.sendall(b" ")

    with connected() as pair:
        thread = threading.Thread(target=trickle)
        thread.start()
        with patience.with_sender(SENDER) as wait:
            while piece := pair.receiver.recv(1):
                wait.got(len(piece))
        assert wait.ended
        over.set()
        thread.join()


def test_a_slow_sender_that_goes_on_is_waited_for() -> None:
    patience = Patience(stall=5, first=0.1, look=0.02)
    with connected() as pair, patience.with_sender(SENDER) as wait:
        for _ in range(30):
            pair.sender.sendall(b" " * 1_000)
            wait.got(len(pair.receiver.recv(1_000, socket.MSG_WAITALL)))
            threading.Event().wait(0.02)
        assert not wait.ended


def test_nobody_is_cut_off_while_it_may_be_somebody_else() -> None:
    patience = Patience(stall=0.2, look=0.05)
    with connected() as stalled, connected() as busy, patience.with_sender(SENDER) as wait:
        stalled.sender.sendall(b"{")
        busy.sender.sendall(b"GET")
        stalled.receiver.recv(1)
        threading.Event().wait(1)
        assert not wait.ended
        busy.receiver.sendall(b"200")  # answered, so it is not the one
        assert stalled.receiver.recv(1) == b""
        assert wait.ended
        busy.sender.sendall(b"GET")
        busy.receiver.setblocking(True)
        assert busy.receiver.recv(6) == b"GETGET"


def test_all_are_cut_off_when_as_many_wait_as_may_be_meant() -> None:
    patience = Patience(stall=0.2, look=0.05)
    with connected() as one, connected() as two, patience.with_sender(SENDER) as first, patience.with_sender(SENDER):
        one.sender.sendall(b"{")
        two.sender.sendall(b"{")
        assert one.receiver.recv(9) + one.receiver.recv(9) == b"{"
        assert two.receiver.recv(9) + two.receiver.recv(9) == b"{"
        assert first.ended
