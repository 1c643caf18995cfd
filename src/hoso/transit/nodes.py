"""The door for nodes below: mutual TLS 1.3 with the certificates of this node's own authority, and nothing but `/sync`.

A certificate that has ended comes in all the same: what its node wrote is still taken, and kept aside (sync/door.py).
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from hoso.transit.pair import Pair
from hoso.transit.systems import Application, proving

_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME, which Python's ssl has no name for. Whether its time is over is asked of the frame."""


def context(pair: Pair, authority: Path) -> ssl.SSLContext:
    """Raises BadPair."""
    made = proving(pair, authority, ssl.TLSVersion.TLSv1_3)
    made.verify_flags |= _NO_CHECK_TIME
    return made


def only_sync(application: Application) -> Application:
    def serve(environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/sync":
            return application(environ, start)
        start("404 Not Found", [("Content-Length", "0"), ("Cache-Control", "no-store")])
        return []

    return serve
