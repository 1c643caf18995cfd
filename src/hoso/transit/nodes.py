"""The door for nodes below: mutual TLS 1.3 with the certificates of this node's own authority, and nothing but `/sync`.

A certificate that has ended comes in all the same: what its node wrote is still taken, and kept aside (sync/door.py).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from hoso.transit.pair import BadPair, Pair
from hoso.transit.systems import Application, load

_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME, which Python's ssl has no name for. Whether its time is over is asked of the frame."""


def context(pair: Pair, authority: Path) -> ssl.SSLContext:
    """Raises BadPair. No session is resumed: each connection shows its certificate."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.minimum_version = ssl.TLSVersion.TLSv1_3
    made.num_tickets = 0
    try:
        made.load_cert_chain(pair.certificate, pair.key)
    except (OSError, ssl.SSLError) as error:
        raise BadPair("tls.unreadable", file=pair.certificate, reason=type(error).__name__) from error
    made.verify_mode = ssl.CERT_REQUIRED
    made.verify_flags |= ssl.VERIFY_X509_STRICT | _NO_CHECK_TIME
    load(made, authority)
    return made


def only_sync(application: Application) -> Application:
    def serve(environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/sync":
            return application(environ, start)
        start("404 Not Found", [("Content-Length", "0"), ("Cache-Control", "no-store")])
        return []

    return serve
