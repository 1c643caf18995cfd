"""The `hoso` command: finds the named command's file, runs it, and turns expected failures into sentences.

Only the file of the command that was asked for is imported, so that a short command starts quickly.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from hoso import __version__
from hoso.cli.failure import Failure
from hoso.cli.texts import LANGUAGES, choose, say
from hoso.core.practice import is_practice

COMMANDS = (
    "audit",
    "backup",
    "citizen",
    "client",
    "code",
    "demo",
    "destination",
    "doctor",
    "erase",
    "facility",
    "fhirpath",
    "gateway",
    "inbox",
    "init",
    "key",
    "ksk",
    "label",
    "load",
    "mllp",
    "match",
    "node",
    "profile",
    "remind",
    "restore",
    "send",
    "serve",
    "sheet",
    "simulate",
    "subscription",
    "sync",
    "synth",
    "terms",
    "tls",
    "token",
    "training",
    "user",
)
OUTWARD = frozenset({"backup", "destination", "gateway", "mllp", "node", "remind", "send", "subscription", "sync"})
"""Commands that carry something out of a node, or lead others in; a node of practice has none of them."""


def main(argv: Sequence[str] | None = None) -> int:
    arguments = list(sys.argv[1:] if argv is None else argv)
    choose(arguments)
    args = _parser(arguments).parse_args(arguments)
    try:
        if args.command in OUTWARD and is_practice(Path(getattr(args, "data", None) or "")):
            raise Failure("main.practice", folder=args.data, command=args.command)
        code = import_module(f"hoso.cli.{args.command}").run(args)
    except Failure as failure:
        print(f"hoso: {failure}", file=sys.stderr)
        return failure.code
    except KeyboardInterrupt:
        print(f"hoso: {say('main.interrupted')}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        return 141
    return int(code)


def _parser(arguments: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hoso", description=say("main.description"))
    parser.add_argument("--version", action="version", version=f"hoso {__version__}")
    parser.add_argument("--lang", choices=LANGUAGES, help=say("main.lang"))
    subparsers = parser.add_subparsers(dest="command", metavar=say("main.metavar"), required=True)
    asked = next((argument for argument in arguments if argument in COMMANDS), None)
    for name in COMMANDS if asked is None else (asked,):
        import_module(f"hoso.cli.{name}").add(subparsers)
    return parser


def add_data(parser: argparse.ArgumentParser) -> None:
    """The `--data DIR` that nearly every command takes."""
    parser.add_argument("--data", required=True, metavar="DIR", help=say("main.data"))
