"""`hoso client register | approve | revoke | list`: apps and systems that connect by OAuth, decided by the operator."""

from __future__ import annotations

import argparse
import getpass
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from hoso.access.audit import Event
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import opened
from hoso.cli.texts import language, say
from hoso.cli.tls import thumbprint_of
from hoso.compose import Node
from hoso.core.clock import system_clock, to_ms
from hoso.core.errors import Refused
from hoso.fhir.outcome import text
from hoso.web.accounts.registry import prepare
from hoso.web.oauth import registry

if TYPE_CHECKING:
    from hoso.web.oauth.models import Client


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("client", help=say("client.help"), description=say("client.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("client.metavar"), required=True)
    _add_register(actions.add_parser("register", help=say("client.register"), description=say("client.register")))
    approve = actions.add_parser("approve", help=say("client.approve"), description=say("client.approve"))
    _add_named(approve)
    approve.add_argument("--facility", default="", metavar="CODE", help=say("client.facility"))
    approve.add_argument("--label", action="append", default=[], metavar="LABEL", help=say("client.label"))
    approve.add_argument("--introspect", action="store_true", help=say("client.introspect"))
    _add_named(actions.add_parser("revoke", help=say("client.revoke"), description=say("client.revoke")))
    add_data(actions.add_parser("list", help=say("client.list"), description=say("client.list")))


def _add_register(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument("--name", required=True, help=say("client.name"))
    parser.add_argument("--owner", required=True, help=say("client.owner"))
    parser.add_argument("--kind", required=True, choices=registry.KINDS, help=say("client.kind"))
    parser.add_argument("--scope", required=True, help=say("client.scope"))
    parser.add_argument("--redirect", action="append", default=[], metavar="URL", help=say("client.redirect"))
    parser.add_argument("--origin", action="append", default=[], metavar="URL", help=say("client.origin"))
    parser.add_argument("--launch", default="", metavar="URL", help=say("client.launch"))
    parser.add_argument("--jwks", type=Path, metavar="FILE", help=say("client.jwks"))
    parser.add_argument("--certificate", type=Path, metavar="FILE", help=say("client.certificate"))
    parser.add_argument("--subject", default="", metavar="NAME", help=say("client.subject"))
    parser.add_argument("--jwks-uri", default="", metavar="URL", help=say("client.jwks_uri"))


def _add_named(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument("--client", required=True, metavar="ID", help=say("client.client"))


def run(args: argparse.Namespace) -> int:
    actions = {"register": _register, "approve": _approve, "revoke": _revoke, "list": _list}
    with opened(args.data) as node:
        prepare(node.config)
        from django.db import connection

        try:
            return actions[args.action](node, args)
        except Refused as refused:
            raise Failure("client.refused", reason=text(refused.issues[0], language())) from refused
        finally:
            connection.close()


def _register(node: Node, args: argparse.Namespace) -> int:
    client = registry.register(
        registry.Application(
            name=args.name,
            owner=args.owner,
            kind=args.kind,
            scopes=args.scope,
            redirects=args.redirect,
            origins=args.origin,
            launch=args.launch,
            jwks=args.jwks.read_text("utf-8") if args.jwks else "",
            jwks_uri=args.jwks_uri,
            certificate=thumbprint_of(args.certificate) if args.certificate else "",
            subject=args.subject,
        )
    )
    _tell(node, "client-registered", f"{client.client_id} {client.scopes}")
    print(say("client.registered", client=client.client_id), file=sys.stderr)
    _warn(client)
    print(client.client_id)
    return 0


def _approve(node: Node, args: argparse.Namespace) -> int:
    client = registry.approve(
        args.client, _operator(), facility=args.facility, labels=args.label, introspects=args.introspect
    )
    _tell(node, "client-approved", client.client_id)
    print(say("client.approved", client=client.client_id))
    _warn(client)
    return 0


def _revoke(node: Node, args: argparse.Namespace) -> int:
    client = registry.revoke(args.client, _operator())
    _tell(node, "client-revoked", client.client_id)
    print(say("client.revoked", client=client.client_id))
    return 0


def _list(node: Node, args: argparse.Namespace) -> int:
    for client in registry.everyone():
        print("\t".join((client.client_id, client.kind, client.state, client.name, client.owner, client.scopes)))
    return 0


def _warn(client: Client) -> None:
    from hoso.web.oauth.naming import doubts

    for doubt in doubts(client):
        told = say("client.mixed") if doubt == "mixed" else say("client.alike", other=doubt)
        print(told, file=sys.stderr)


def _tell(node: Node, kind: str, what: str) -> None:
    now = to_ms(system_clock())
    event = Event(time=now, actor=_operator(), action="E", kind=kind, what=what[:500], channel="command")
    node.journal.tell([event])


def _operator() -> str:
    return f"operator/{getpass.getuser()}"[:128]
