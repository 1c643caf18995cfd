"""Wires the HL7 v2 listener: `[mllp]` of config.toml, and what a node needs to answer messages."""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hoso.core import system_clock
from hoso.core.ids import new_id
from hoso.transit.edge import LOOPBACK

if TYPE_CHECKING:
    import ssl

    from hoso.exchange.intake import Intake
    from hoso.exchange.mllp import Listener
    from hoso.store.record_store import RecordStore
    from hoso.transit.settings import Transit

SECONDS = 1.0
"""Between two looks whether this process is to listen."""
_PRINT = re.compile(r"[0-9a-f]{64}\Z")


@dataclass(frozen=True, slots=True)
class Settings:
    """`port` 0: no listener. `senders`: facilities by the SHA-256 of the certificates that speak for them."""

    port: int = 0
    host: str = "127.0.0.1"
    facility: str = ""
    authorities: Path | None = None
    revoked: Path | None = None
    """Lists of the authorities' certificates that count no longer."""
    senders: Mapping[str, str] = field(default_factory=dict)
    training: bool = False
    """Whether messages of training and debugging are stored: on a node that is not for real people."""


def parse(read: Mapping[str, Any], folder: Path) -> Settings:
    """Raises ValueError for what cannot be meant."""
    port, authorities = read.get("port", 0), str(read.get("authorities", ""))
    revoked = str(read.get("revoked", ""))
    if not isinstance(port, int) or isinstance(port, bool) or not 0 <= port < 65_536:
        raise ValueError(f"[mllp] port = {port!r}")
    senders = {str(key).lower().replace(":", ""): str(value) for key, value in dict(read.get("senders", {})).items()}
    wrong = next((key for key in senders if not _PRINT.match(key)), None)
    if wrong is not None:
        raise ValueError(f"[mllp] senders: {wrong[:70]!r} is no SHA-256 of a certificate")
    if (senders or revoked) and not authorities:
        raise ValueError(
            "[mllp] senders and revoked need authorities: the file of the authorities that signed their certificates"
        )
    host = str(read.get("host", "127.0.0.1"))
    if port and host not in LOOPBACK and not authorities:
        raise ValueError("[mllp] without authorities (certificates of the senders) host must be 127.0.0.1")
    vouching, ended = (folder / name if name else None for name in (authorities, revoked))
    training = read.get("training", False)
    if not isinstance(training, bool):
        raise ValueError(f"[mllp] training = {training!r}")
    return Settings(port, host, str(read.get("facility", "")), vouching, ended, senders, training)


def listen(settings: Settings, transit: Transit, store: RecordStore, intake: Intake) -> Listener:
    """Raises OSError when the port is not to be had, BadPair for certificates that cannot be used."""
    from hoso.exchange.hl7v2.queries import Queries
    from hoso.exchange.mllp import Listener, Messages, Terms
    from hoso.store.streams import StreamTable

    terms = Terms(settings.facility, context_of(settings, transit), settings.senders)
    queries = Queries(intake.records, system_clock, new_id)
    messages = Messages(
        intake, StreamTable(store.engine), system_clock, new_id, queries.answer, training=settings.training
    )
    try:
        return Listener(settings.host, settings.port, terms, messages)
    except BaseException:
        messages.close()
        raise


def context_of(settings: Settings, transit: Transit) -> ssl.SSLContext | None:
    """TLS as `[tls]` has it, and a certificate asked of each sender; None when none is. Raises BadPair."""
    from hoso.transit.pair import BadPair
    from hoso.transit.settings import Systems
    from hoso.transit.systems import context

    if settings.authorities is None:
        return None
    if transit.pair is None:
        raise BadPair("tls.no_file", file="[tls] certificate")
    return context(transit.pair, Systems(settings.port, settings.authorities, settings.revoked))


def upkeep(settings: Settings, transit: Transit, folder: Path, store: RecordStore, intake: Intake) -> None:
    """One process of the node listens; when it ends, another does."""
    from hoso.access.audit.running import Turn

    if not settings.port:
        return
    turn = Turn(folder / "mllp.lock")

    def wait() -> None:
        import time

        while not turn.mine():
            time.sleep(SECONDS)
        while True:
            try:
                listen(settings, transit, store, intake)
                return
            except OSError:  # of the one before, which is just ending
                time.sleep(SECONDS)

    threading.Thread(target=wait, name="hoso-mllp-turn", daemon=True).start()
