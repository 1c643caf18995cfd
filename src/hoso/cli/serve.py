"""`hoso serve`: serves every HTTP door of a node, prints its address when it answers, and drains on SIGTERM.

Workers are forked after the parts are imported, so that they share that memory; each opens its own store.
"""

from __future__ import annotations

import argparse
import ctypes
import http.client
import os
import signal
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hoso import compose, forgetting, knowledge, replacing, syncing
from hoso.cli import discretion
from hoso.cli.failure import Failure
from hoso.cli.listen import allowed
from hoso.cli.main import add_data
from hoso.cli.node import explained
from hoso.cli.texts import say
from hoso.transit import nodes
from hoso.transit.systems import SystemsDoor, context

PR_SET_PDEATHSIG = 1
M_ARENA_MAX, ARENAS = -8, 2
HEADER_SECONDS = 10
DRAIN_SECONDS = 20
START_SECONDS = 60
THREADS = 12
"""Threads that run requests in a worker. Long requests and slow senders are allowed fewer, so some are always free."""


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("serve", help=say("serve.help"), description=say("serve.help"))
    add_data(parser)
    parser.add_argument("--host", default="127.0.0.1", help=say("serve.host"))
    parser.add_argument("--port", type=int, default=8080, help=say("serve.port"))
    parser.add_argument("--workers", type=int, default=min(2, os.cpu_count() or 1), help=say("serve.workers"))


def run(args: argparse.Namespace) -> int:
    if args.workers < 1:
        raise Failure("serve.no_workers")
    with explained(args.data):
        allowed(args.host, compose.load(Path(args.data)).transit)
        node = compose.open(Path(args.data))
        knowledge.check(node.records, node.config.folder / "config.toml")
        node.store.seal_rest()
        forgetting.drafts(node)
        replacing.anew(node.config, node.store)
        node.close()
    port = free_port(args.host, args.port)
    with kept(args.host, port):
        return serve(Path(args.data), args.host, port, args.workers)


def serve(folder: Path, host: str, port: int, workers: int) -> int:
    """Runs until SIGTERM or SIGINT: 0 when it drained, 1 when a worker could not be kept alive."""
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    from hoso.cli.listen import Renewable

    few_arenas()
    with explained(str(folder)):
        config = compose.load(folder)
        compose.prepare(config)
        if config.transit.nodes is not None:
            syncing.authority(folder, config.node)  # before the workers, which would make one each
    compose.preload(folder)
    server = Renewable(
        "hoso",
        config.transit,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=workers,
        blocking_threads=THREADS,
        backlog=1024,
        backpressure=1024,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=65_536),
        websockets=False,
        log_level=LogLevels.error,
        workers_kill_timeout=DRAIN_SECONDS,
        respawn_failed_workers=True,
    )
    return until_stopped(
        server.serve, _loader(folder, host), host, port, "serve.ready", config.transit.pair is not None
    )


def until_stopped(
    serving: Callable[..., None], loader: Callable[[], Any], host: str, port: int, ready: str, secure: bool = False
) -> int:
    """Says `ready` (a text's key) when it answers, and runs until it is told to end; the exit status."""
    threading.Thread(target=announce, args=(host, port, ready, secure), daemon=True).start()
    try:
        serving(target_loader=loader, wrap_loader=False)
    except SystemExit as stop:
        return int(stop.code or 0)
    return 0


def _loader(folder: Path, host: str) -> Callable[[], Any]:
    def load() -> Any:
        end_with_parent()
        discretion.begin()
        node = compose.open(folder)
        compose.upkeep(node)
        application = compose.application(node)
        systems, pair = node.config.transit.systems, node.config.transit.pair
        if systems is not None and pair is not None:
            SystemsDoor(host, systems.port, context(pair, systems), application).start()
        if (below := node.config.transit.nodes) is not None and pair is not None:
            made = nodes.context(pair, syncing.authority(folder, node.config.node))
            SystemsDoor(host, below.port, made, nodes.only_sync(application), syncing.denied(node.agreeing)).start()
        return application

    return load


def end_with_parent() -> None:
    """A worker whose server was killed outright would go on, and hold the port against the next one (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def few_arenas() -> None:
    """glibc gives each busy thread a heap of its own that it seldom hands back, though one at a time can use Python."""
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:
            mallopt(M_ARENA_MAX, ARENAS)


def free_port(host: str, port: int) -> int:
    """The port, or a free one for 0. Granian shares ports, so a second server would go unnoticed without this."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OverflowError as error:
            raise Failure("serve.bad_port", port=port) from error
        except OSError as error:
            raise Failure("serve.cannot_listen", host=host, port=port, reason=error.strerror) from error
        return int(probe.getsockname()[1])


def kept(host: str, port: int) -> socket.socket:
    """Binds the port, so that nobody else is given it while the workers start; they share it, and only they listen."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind((host, port))
    return bound


def announce(host: str, port: int, text: str, secure: bool = False) -> None:
    """Prints the address once a worker answers; gives the server up when none does."""
    asked = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if _healthy(asked, port, secure):
            shown = f"[{host}]" if ":" in host else host
            print(say(text, address=f"http{'s' if secure else ''}://{shown}:{port}/"), flush=True)
            return
        time.sleep(0.05)
    os.kill(os.getpid(), signal.SIGTERM)


def _healthy(host: str, port: int, secure: bool) -> bool:
    """Asked by the machine's own address, which no certificate is for: only whether anything answers counts."""
    if secure:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(host, port, timeout=5, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
