"""The line to a hub over TLS, on real sockets: a connection that the hub gave up meanwhile is made anew."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from tests.transit.certificates import authority, server

from hoso.sync.line import MEDIA, Line, Unreachable

ANSWER = f"HTTP/1.1 200 OK\r\nContent-Type: {MEDIA}\r\nContent-Length: 2\r\n\r\nok".encode()


class Impatient:
    """A hub that gives up each connection after so many answers."""

    def __init__(self, certificate: tuple[Path, Path]) -> None:
        self.answers, self.asked = [1, 1], 0
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(*certificate)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.gone = threading.Event()

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                plain, _ = self._listener.accept()
                with self._context.wrap_socket(plain, server_side=True) as one:
                    for _ in range(self.answers.pop(0) if self.answers else 0):
                        self._answer(one)
                self.gone.set()

    def _answer(self, one: ssl.SSLSocket) -> None:
        with one.makefile("rb") as heard:
            length = 0
            while (line := heard.readline()).strip():
                name, _, value = line.partition(b":")
                length = int(value) if name.lower() == b"content-length" else length
            heard.read(length)
        self.asked += 1
        one.sendall(ANSWER)

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[tuple[Impatient, Line]]:
    ours = authority(tmp_path)
    impatient = Impatient(server(ours, "localhost", "localhost"))
    threading.Thread(target=impatient.serve, daemon=True).start()
    line = Line(f"https://localhost:{impatient.port}", ours.certificate)
    yield impatient, line
    line.close()
    impatient.close()


@pytest.mark.parametrize("size", [10, 2_000_000])
def test_what_is_said_on_a_connection_given_up_meanwhile_is_said_on_a_new_one(
    hub: tuple[Impatient, Line], size: int
) -> None:
    impatient, line = hub
    assert line.post("/sync", b"first") == b"ok"
    assert impatient.gone.wait(20)

    assert line.post("/sync", bytes(size)) == b"ok"
    assert impatient.asked == 2


def test_a_hub_that_gives_up_the_new_connection_too_is_not_reached(hub: tuple[Impatient, Line]) -> None:
    impatient, line = hub
    impatient.answers = [1]
    assert line.post("/sync", b"first") == b"ok"
    assert impatient.gone.wait(20)

    with pytest.raises(Unreachable):
        line.post("/sync", bytes(2_000_000))
