"""`hoso audit witness`: a witness for the audit logs of nodes, in a folder of its own, best on others' machine."""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hoso.access.audit.note import ED25519, BadNote, Verifier
from hoso.access.audit.watch import Broken, OtherKey, Watch
from hoso.api.witnessing import application
from hoso.cli.failure import Failure
from hoso.cli.serve import end_with_parent, free_port, until_stopped
from hoso.cli.texts import say
from hoso.core import system_clock


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--folder", required=True, type=Path, metavar="DIR", help=say("audit.witness_folder"))
    parser.add_argument("--name", default="", help=say("audit.witness_name"))
    parser.add_argument("--log", action="append", default=[], metavar="KEY", help=say("audit.witness_log"))
    parser.add_argument("--restart", action="append", default=[], metavar="KEY", help=say("audit.witness_restart"))
    parser.add_argument("--host", default="127.0.0.1", help=say("serve.host"))
    parser.add_argument("--port", type=int, help=say("audit.witness_port"))


def run(args: argparse.Namespace) -> int:
    try:
        watch = _opened(args.folder, args.name)
        for text in args.restart:
            watch.restart(_log(text))
        for text in args.log:
            watch.add(_log(text))
        print(say("audit.witness_key", vkey=watch.verifier))
        for log, point in watch.logs():
            print(f"{log.name}  {point.size if point else 0:,}")
    except Broken as broken:
        raise Failure("audit.witness_broken", reason=broken) from broken
    except OtherKey as other:
        raise Failure("audit.witness_other_key", log=other) from other
    except PermissionError as error:
        raise Failure("audit.witness_broken", reason=error) from error
    return 0 if args.port is None else _serve(args.folder, args.host, free_port(args.host, args.port))


def _opened(folder: Path, name: str) -> Watch:
    try:
        found = Watch(folder, system_clock)
    except FileNotFoundError as error:
        if not name:
            raise Failure("audit.witness_no_name", folder=folder) from error
        if folder.exists() and any(folder.iterdir()):
            raise Failure("audit.witness_not_empty", folder=folder) from error
        try:
            return Watch.create(folder, name, secrets.token_bytes(32), system_clock)
        except BadNote as bad:
            raise Failure("audit.witness_bad_name", name=name) from bad
    if name and name != found.verifier.name:
        raise Failure("audit.witness_named", name=found.verifier.name)
    return found


def _log(text: str) -> Verifier:
    try:
        found = Verifier.parse(text)
    except BadNote as bad:
        raise Failure("audit.witness_bad_log", text=text[:80], reason=bad) from bad
    if found.algorithm != ED25519:
        raise Failure("audit.witness_bad_log", text=text[:80], reason="a witness's key")
    return found


def _serve(folder: Path, host: str, port: int) -> int:
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels
    from granian.server import Server

    server = Server(
        "hoso-witness", address=host, port=port, interface=Interfaces.WSGI, http=HTTPModes.http1, workers=1,
        blocking_threads=4, http1_settings=HTTP1Settings(header_read_timeout=10_000, max_buffer_size=65_536),
        websockets=False, log_level=LogLevels.error, respawn_failed_workers=True,
    )  # fmt: skip
    return until_stopped(server.serve, _loader(folder), host, port, "audit.witness_ready")


def _loader(folder: Path) -> Callable[[], Any]:
    def load() -> Any:
        end_with_parent()
        return application(Watch(folder, system_clock))

    return load
