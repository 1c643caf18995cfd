"""`hoso mllp`: HL7 v2 messages over MLLP into a node, also while it serves. Until SIGTERM, which lets it finish."""

from __future__ import annotations

import argparse
import signal
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from hoso import compose, streams
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import explained
from hoso.cli.texts import say
from hoso.transit.edge import LOOPBACK
from hoso.transit.pair import BadPair


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("mllp", help=say("mllp.help"), description=say("mllp.help"))
    add_data(parser)
    parser.add_argument("--port", type=int, required=True, metavar="N", help=say("mllp.port"))
    parser.add_argument("--host", metavar="ADDRESS", help=say("mllp.host"))
    parser.add_argument("--facility", default="", metavar="CODE", help=say("mllp.facility"))


def run(args: argparse.Namespace) -> int:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with explained(args.data), closing(compose.open(Path(args.data))) as node:
        config = node.config
        settings = replace(
            config.mllp,
            port=args.port,
            host=args.host or config.mllp.host,
            facility=args.facility or config.mllp.facility,
        )
        if settings.host not in LOOPBACK and settings.authorities is None:
            raise Failure("mllp.open", host=settings.host)
        try:
            listener = streams.listen(settings, config.transit, node.store, node.intake)
        except (OSError, OverflowError) as error:
            raise Failure("serve.cannot_listen", host=settings.host, port=args.port, reason=error) from error
        except BadPair as error:
            raise Failure(error.key, code=1, **error.values) from error
        host, port = listener.address
        print(say("mllp.ready", host=host, port=port), flush=True)
        stop.wait()
        listener.close()
    return 0
