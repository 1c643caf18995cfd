"""Takes connections and answers each message on its own, until it is closed: then what was begun is answered first."""

from __future__ import annotations

import hashlib
import logging
import socket
import ssl
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

from hoso.exchange.mllp.desk import Messages, Peer
from hoso.exchange.mllp.framing import Frames, Unframed, framed

log = logging.getLogger(__name__)

LIMIT = 16_000_000
"""Bytes of a message."""
IDLE_SECONDS, WHOLE_SECONDS, SHAKE_SECONDS = 600.0, 60.0, 10.0
CONNECTIONS = 200
DRAIN_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Terms:
    """Who may speak. `facility`: whose messages alone are taken; `senders`: facilities by the SHA-256 of certificates.

    With `context`, a connection is TLS; a certificate of its own that stands in no list speaks for nobody.
    """

    facility: str = ""
    context: ssl.SSLContext | None = None
    senders: Mapping[str, str] = field(default_factory=dict)


class Listener:
    """On a port of its own. `port` 0 takes a free one; see `address`."""

    def __init__(self, host: str, port: int, terms: Terms, messages: Messages) -> None:
        self._terms, self._messages = terms, messages
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.create_server((host, port), family=family, backlog=128)
        self.address: tuple[str, int] = self._socket.getsockname()[:2]
        self._open: dict[socket.socket, threading.Thread] = {}
        self._gate, self._closing = threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._listen, name="hoso-mllp-listener", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """No new connections or messages; those that were read are answered."""
        self._closing.set()
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        with self._gate:
            open = dict(self._open)
        for connection in open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RD)
        for thread in open.values():
            thread.join(DRAIN_SECONDS)
        self._messages.close()

    def _listen(self) -> None:
        while not self._closing.is_set():
            try:
                connection, address = self._socket.accept()
            except OSError:
                if not self._closing.wait(0.1):  # out of files, say: others go on meanwhile
                    continue
                return
            with self._gate:
                full = len(self._open) >= CONNECTIONS
                if not full:
                    thread = threading.Thread(target=self._serve, args=(connection, str(address[0])), daemon=True)
                    self._open[connection] = thread
            if full:
                log.warning("mllp: more than %d connections", CONNECTIONS)
                connection.close()
            else:
                thread.start()

    def _serve(self, connection: socket.socket, address: str) -> None:
        speaking = connection
        try:
            speaking, peer = self._greeted(connection, address)
            self._speak(speaking, peer)
        except (OSError, ssl.SSLError, _Stranger) as error:
            log.info("mllp: connection of %s ended: %s", address, error)
        finally:
            with self._gate:
                self._open.pop(connection, None)
            speaking.close()
            connection.close()

    def _greeted(self, connection: socket.socket, address: str) -> tuple[socket.socket, Peer]:
        terms = self._terms
        if terms.context is None:
            return connection, Peer(terms.facility, terms.facility)
        connection.settimeout(SHAKE_SECONDS)
        secured = terms.context.wrap_socket(connection, server_side=True)
        shown = secured.getpeercert(binary_form=True)
        print_ = hashlib.sha256(shown).hexdigest() if shown else ""
        facility = terms.senders.get(print_, terms.facility)
        if terms.senders and print_ not in terms.senders:
            secured.close()
            raise _Stranger(f"certificate {print_} of {address} is of no sender")
        return secured, Peer(f"{facility}/{print_[:16]}" if print_ else facility, facility)

    def _speak(self, connection: socket.socket, peer: Peer) -> None:
        frames = Frames(connection, LIMIT, IDLE_SECONDS, WHOLE_SECONDS)
        while not self._closing.is_set():
            try:
                data = frames.next()
            except Unframed as unframed:
                _send(connection, [self._messages.refusal(unframed.key)])
                return
            if data is None:
                return
            _send(connection, self._messages.answers(peer, data))


class _Stranger(Exception):
    pass


def _send(connection: socket.socket, answers: list[bytes]) -> None:
    connection.settimeout(WHOLE_SECONDS)
    if answers:
        connection.sendall(b"".join(map(framed, answers)))
