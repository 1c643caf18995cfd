"""`hoso token create|list|revoke`: bearer tokens for systems. `create` prints the token alone, for scripts."""

from __future__ import annotations

import argparse
from pathlib import Path

from hoso.access import Token
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import opened
from hoso.cli.texts import language, say
from hoso.cli.tls import thumbprint_of
from hoso.core import Refused
from hoso.core.clock import instant, system_clock, to_ms
from hoso.fhir.outcome import text


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("token", help=say("token.help"), description=say("token.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("token.metavar"), required=True)
    create = actions.add_parser("create", help=say("token.create"), description=say("token.create"))
    add_data(create)
    create.add_argument("--name", required=True, help=say("token.name"))
    create.add_argument("--scope", required=True, help=say("token.scope"))
    create.add_argument("--days", type=int, help=say("token.days"))
    create.add_argument("--certificate", type=Path, metavar="FILE", help=say("token.certificate"))
    create.add_argument("--labels", metavar="L,…", help=say("token.labels"))
    add_data(actions.add_parser("list", help=say("token.list"), description=say("token.list")))
    revoke = actions.add_parser("revoke", help=say("token.revoke"), description=say("token.revoke"))
    add_data(revoke)
    revoke.add_argument("--name", required=True, help=say("token.name"))


def run(args: argparse.Namespace) -> int:
    return {"create": _create, "list": _list, "revoke": _revoke}[args.action](args)


def _create(args: argparse.Namespace) -> int:
    if args.days is not None and args.days < 1:
        raise Failure("token.bad_days")
    with opened(args.data) as node:
        try:
            bound = thumbprint_of(args.certificate) if args.certificate else None
            print(node.tokens.create(args.name, args.scope, args.days, _labels(args.labels), bound))
        except Refused as refused:
            raise Failure("token.refused", reason=text(refused.issues[0], language())) from refused
    return 0


def _labels(text: str | None) -> list[str] | None:
    return None if text is None else [one for one in text.replace(",", " ").split() if one != "none"]


def _list(args: argparse.Namespace) -> int:
    with opened(args.data) as node:
        for token in node.tokens.all():
            print(f"{token.name}\t{token.scope}\t{instant(token.created)}\t{_state(token)}")
    return 0


def _revoke(args: argparse.Namespace) -> int:
    with opened(args.data) as node:
        count = node.tokens.revoke(args.name)
    if not count:
        raise Failure("token.none", name=args.name)
    print(say("token.revoked", name=args.name, count=count))
    return 0


def _state(token: Token) -> str:
    if token.revoked is not None:
        return say("token.state_revoked", time=instant(token.revoked))
    if token.expires is None:
        return say("token.state_valid")
    expired = token.expires <= to_ms(system_clock())
    return say("token.state_expired" if expired else "token.state_until", time=instant(token.expires))
