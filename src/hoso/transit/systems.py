"""The door for systems with a certificate of their own: mutual TLS, before the first byte of a request is read.

The server of the other door does not tell a request whose certificate its connection showed, so this one is ours. It
runs beside it in every worker, on a port of its own, and hands the same application the same kind of environment, with
the certificate's digest in it (RFC 8705), which no header can set.
"""

from __future__ import annotations

import socket
import ssl
import sys
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.x509 import load_der_x509_certificate

from hoso.transit.edge import CERTIFICATE, SHOWN, SUBJECT
from hoso.transit.exchange import Answer, Bad, Wire, read
from hoso.transit.pair import BadPair, Pair
from hoso.transit.settings import Systems

AT_ONCE = 32
"""Connections one worker serves; more wait to be taken."""
HANDSHAKE_SECONDS = 10.0
IDLE_SECONDS = 15.0
"""Less than a body that stalls is waited for (api/patience.py), which would end the connection without an answer."""
_OLDEST = {"1.3": ssl.TLSVersion.TLSv1_3, "1.2": ssl.TLSVersion.TLSv1_2}
Denied = Callable[[str, str], None]
Application = Callable[[dict[str, Any], Callable[..., object]], Iterable[bytes]]


def context(pair: Pair, systems: Systems) -> ssl.SSLContext:
    """Raises BadPair."""
    made = proving(pair, systems.authorities, _OLDEST[pair.oldest])
    if systems.revoked is not None:
        load(made, systems.revoked)
        made.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
    return made


def proving(pair: Pair, authorities: Path, oldest: ssl.TLSVersion) -> ssl.SSLContext:
    """Asks everybody for a certificate of these authorities. Raises BadPair.

    No session is resumed: a certificate that was revoked meanwhile would come in unseen.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = oldest
    made.num_tickets = 0
    made.options |= ssl.OP_NO_TICKET
    try:
        made.load_cert_chain(pair.certificate, pair.key)
    except (OSError, ssl.SSLError) as error:
        raise BadPair("tls.unreadable", file=pair.certificate, reason=type(error).__name__) from error
    made.verify_mode = ssl.CERT_REQUIRED
    made.verify_flags |= ssl.VERIFY_X509_STRICT
    load(made, authorities)
    return made


def load(made: ssl.SSLContext, file: Path) -> None:
    before = sum(made.cert_store_stats().values())
    try:
        made.load_verify_locations(cafile=str(file))
    except FileNotFoundError as error:
        raise BadPair("tls.no_file", file=file) from error
    except (OSError, ssl.SSLError) as error:
        raise BadPair("tls.not_a_certificate", file=file) from error
    if sum(made.cert_store_stats().values()) == before:
        raise BadPair("tls.not_a_certificate", file=file)


def thumbprint(certificate: bytes) -> str:
    """`x5t#S256` of a certificate in DER (RFC 8705 §3)."""
    return urlsafe_b64encode(sha256(certificate).digest()).decode().rstrip("=")


class SystemsDoor:
    """Serves `application` until the process is told to end, then finishes what was begun."""

    def __init__(
        self, host: str, port: int, made: ssl.SSLContext, application: Application, denied: Denied | None = None
    ) -> None:
        """`denied` is told of whoever shows no certificate that counts: why, and from which address."""
        self._context, self._application, self._denied = made, application, denied
        self._places = threading.Semaphore(AT_ONCE)
        self._listener = listener(host, port)
        self._over = False
        self._base = {
            "SERVER_NAME": host,
            "SERVER_PORT": str(port),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "https",
            "wsgi.errors": sys.stderr,
            "wsgi.input_terminated": True,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }

    def start(self) -> None:
        threading.Thread(target=self._take, name="systems", daemon=True).start()
        threading.Thread(target=self._end, name="systems-end").start()

    def _end(self) -> None:
        """Lives as long as the worker, and is waited for by it."""
        threading.main_thread().join()
        self._over = True
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _take(self) -> None:
        while not self._over:
            self._places.acquire()
            try:
                connection, address = self._listener.accept()
            except OSError:
                self._places.release()
                if not self._over:
                    time.sleep(0.05)
                continue
            threading.Thread(target=self._serve, args=(connection, address[0]), daemon=True).start()

    def _serve(self, connection: socket.socket, address: str) -> None:
        try:
            connection.settimeout(HANDSHAKE_SECONDS)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with suppress(OSError), self._proved(connection, address) as proved:
                proved.settimeout(IDLE_SECONDS)
                self._converse(proved, address)
        finally:
            connection.close()
            self._places.release()

    def _proved(self, connection: socket.socket, address: str) -> ssl.SSLSocket:
        try:
            return self._context.wrap_socket(connection, server_side=True)
        except ssl.SSLCertVerificationError as error:
            self._deny(error.verify_message, address)
            raise
        except ssl.SSLError as error:
            if error.reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE":
                self._deny("no certificate", address)
            raise

    def _deny(self, why: str, address: str) -> None:
        if self._denied is not None:
            self._denied(why, address)

    def _converse(self, proved: ssl.SSLSocket, address: str) -> None:
        shown = proved.getpeercert(binary_form=True)
        if not shown:
            return
        subject = load_der_x509_certificate(shown).subject.rfc4514_string()
        base = self._base | {
            "REMOTE_ADDR": address,
            CERTIFICATE: thumbprint(shown),
            SUBJECT: subject,
            SHOWN: shown.hex(),
        }
        wire = Wire(proved)
        while not self._over:
            try:
                asked = read(wire, base)
                if asked is None:
                    return
                answer = Answer(wire, asked)
                pieces = self._application(asked.environ, answer.start)
                try:
                    if not answer.send(pieces):
                        return
                finally:
                    if close := getattr(pieces, "close", None):
                        close()
            except Bad:
                proved.sendall(_BAD)
                return


_BAD = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


def listener(host: str, port: int) -> socket.socket:
    """Shared by the workers: the kernel gives each a part of the connections."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind((host, port))
        made.listen(256)
    except OSError:
        made.close()
        raise
    return made
