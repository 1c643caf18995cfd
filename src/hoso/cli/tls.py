"""`hoso tls make|client|revoke|check`: certificates of a facility's own authority, in DIR/tls."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from hoso import compose
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import explained
from hoso.cli.texts import say
from hoso.core.clock import system_clock
from hoso.transit.authority import SERVER_DAYS, Authority
from hoso.transit.pair import BadPair, Pair, leaf, names
from hoso.transit.systems import thumbprint

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,250}[A-Za-z0-9])?|[0-9A-Fa-f:.]{2,45}", re.ASCII)


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("tls", help=say("tls.help"), description=say("tls.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("token.metavar"), required=True)
    make = _action(actions, "make")
    make.add_argument("names", nargs="+", metavar="NAME", help=say("tls.names"))
    make.add_argument("--days", type=int, default=SERVER_DAYS, help=say("tls.days"))
    client = _action(actions, "client")
    client.add_argument("name", metavar="NAME", help=say("tls.client_name"))
    client.add_argument("--days", type=int, default=SERVER_DAYS, help=say("tls.days"))
    revoke = _action(actions, "revoke")
    revoke.add_argument("file", type=Path, metavar="FILE", help=say("tls.file"))
    _action(actions, "check")


def _action(actions: argparse._SubParsersAction[argparse.ArgumentParser], name: str) -> argparse.ArgumentParser:
    parser = actions.add_parser(name, help=say(f"tls.{name}"), description=say(f"tls.{name}"))
    add_data(parser)
    return parser


def run(args: argparse.Namespace) -> int:
    with explained(args.data):
        config = compose.load(Path(args.data))
    try:
        return {"make": _make, "client": _client, "revoke": _revoke, "check": _check}[args.action](args, config)
    except BadPair as bad:
        raise Failure(bad.key, code=1, **bad.values) from bad


def _make(args: argparse.Namespace, config: compose.Config) -> int:
    for name in args.names:
        if not _NAME.fullmatch(name):
            raise Failure("tls.bad_name", name=name[:80])
    authority = _authority(args, config, begins=True)
    folder = authority.folder
    authority.server(args.names, system_clock(), folder / "server.pem", folder / "server.key", _days(args))
    print(say("tls.made", folder=folder, names=", ".join(args.names), authority=authority.certificate))
    if config.transit.pair is None:
        print(say("tls.to_write", name=args.names[0]))
    return 0


def _client(args: argparse.Namespace, config: compose.Config) -> int:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", args.name):
        raise Failure("tls.bad_client_name", name=args.name[:80])
    authority = _authority(args, config)
    certificate, key = authority.folder / f"client-{args.name}.pem", authority.folder / f"client-{args.name}.key"
    authority.client(args.name, system_clock(), certificate, key, _days(args))
    print(say("tls.client_made", certificate=certificate, private=key))
    return 0


def _revoke(args: argparse.Namespace, config: compose.Config) -> int:
    authority = _authority(args, config)
    count = authority.revoke(args.file, system_clock())
    print(say("tls.revoked", file=args.file, count=count, list=authority.revoked))
    return 0


def _check(args: argparse.Namespace, config: compose.Config) -> int:
    pair: Pair | None = config.transit.pair
    if pair is None:
        raise Failure("tls.none")
    from hoso.cli.listen import checked

    checked(config.transit)
    found = leaf(pair.certificate)
    until = f"{found.not_valid_after_utc:%Y-%m-%d %H:%M}"
    print(say("tls.good", file=pair.certificate, names=", ".join(names(found)), time=until, oldest=pair.oldest))
    return 0


def _authority(args: argparse.Namespace, config: compose.Config, *, begins: bool = False) -> Authority:
    authority = Authority(Path(args.data) / "tls")
    if begins:
        authority.begin(f"HoSo {config.name}", system_clock())
    elif not authority.certificate.exists():
        raise Failure("tls.no_authority", folder=authority.folder)
    return authority


def thumbprint_of(file: Path) -> str:
    """Of the certificate in a PEM file, as what is bound to it names it."""
    try:
        return thumbprint(leaf(file).public_bytes(Encoding.DER))
    except BadPair as bad:
        raise Failure(bad.key, code=1, **bad.values) from bad


def _days(args: argparse.Namespace) -> int:
    if not 1 <= args.days <= 3650:
        raise Failure("tls.bad_days")
    return int(args.days)
