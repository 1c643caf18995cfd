"""How `hoso serve` is reached: whether it may listen there, and how its certificate is renewed while it serves."""

from __future__ import annotations

import ipaddress
import sys
import threading
import time
from datetime import timedelta
from typing import Any

from granian.constants import SSLProtocols
from granian.server import Server

from hoso.cli.failure import Failure
from hoso.cli.texts import say
from hoso.core.clock import system_clock
from hoso.transit.pair import BadPair
from hoso.transit.settings import Transit
from hoso.transit.systems import context

LOOK_SECONDS = 5.0
"""How often the certificate's files are looked at; who cannot wait sends SIGHUP."""
WARNED = timedelta(days=21)
OVERLAP_SECONDS = 1.5
"""How long a new worker serves beside the one it replaces."""
_PROTOCOLS = {"1.3": SSLProtocols.tls13, "1.2": SSLProtocols.tls12}


def allowed(host: str, transit: Transit) -> None:
    """Raises Failure when records would leave the machine in clear, or under a certificate that is not fit."""
    if transit.pair is not None:
        checked(transit)
    elif not transit.proxies and not _is_loopback(host):
        raise Failure("serve.in_clear", host=host)


def checked(transit: Transit) -> None:
    """Raises Failure for a pair that cannot be used; warns of one that soon cannot."""
    assert transit.pair is not None
    try:
        certificate = transit.pair.check(system_clock(), transit.name, transit.fhir_name)
        if transit.systems is not None:
            context(transit.pair, transit.systems)
    except BadPair as bad:
        raise Failure(bad.key, code=1, **bad.values) from bad
    if certificate.not_valid_after_utc - system_clock() < WARNED:
        time = f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M}"
        print(f"hoso: {say('tls.ends_soon', file=transit.pair.certificate, time=time)}", file=sys.stderr, flush=True)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Renewable(Server):  # type: ignore[misc, valid-type]
    """Reads its certificate anew at SIGHUP and when the files change: new workers begin before the old ones drain.

    A pair that cannot be used is told about and left alone: what was good goes on being served.
    """

    def __init__(self, target: str, transit: Transit, **options: Any) -> None:
        pair = transit.pair
        if pair is not None:
            options |= {"ssl_cert": pair.certificate, "ssl_key": pair.key, "ssl_protocol_min": _PROTOCOLS[pair.oldest]}
        super().__init__(target, respawn_interval=OVERLAP_SECONDS, **options)
        self._transit = transit

    def startup(self, *args: Any) -> None:
        super().startup(*args)
        if self._transit.pair is not None:
            threading.Thread(target=self._watch, daemon=True).start()

    def _reload(self, *args: Any) -> None:
        try:
            if self._transit.pair is not None:
                checked(self._transit)
        except Failure as failure:
            print(f"hoso: {failure} {say('tls.kept')}", file=sys.stderr, flush=True)
            self.reload_signal = False
            self.main_loop_interrupt.clear()
            return
        super()._reload(*args)
        print(say("tls.renewed" if self._transit.pair else "serve.renewed"), flush=True)

    def _watch(self) -> None:
        served = self._transit.stamp()
        while not self.interrupt_signal:
            time.sleep(LOOK_SECONDS)
            now = self._transit.stamp()
            if now and now != served:
                time.sleep(1)  # two files are not written at once
                if now == self._transit.stamp():
                    served = now
                    self.signal_handler_reload()
