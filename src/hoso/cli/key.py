"""`hoso key rotate KIND`: a new key in place of the old one; `hoso key sign`: that with which a facility signs."""

from __future__ import annotations

import argparse
import getpass
import stat
from pathlib import Path

from hoso import compose, replacing, rotation
from hoso.access import Unavailable
from hoso.access.audit.event import Event
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import explained, opened
from hoso.cli.texts import language, say
from hoso.core import Issue
from hoso.core.clock import instant, to_ms
from hoso.core.dates import VIETNAM
from hoso.exchange.signing.making import LARGEST, Seal, Seals, Unfit
from hoso.fhir.outcome import text
from hoso.keyfolder import NEW, write_secret
from hoso.store import rotating


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("key", help=say("key.help"), description=say("key.help"))
    actions = parser.add_subparsers(dest="action", metavar=say("token.metavar"), required=True)
    rotate = actions.add_parser("rotate", help=say("key.rotate"), description=say("key.rotate"))
    add_data(rotate)
    rotate.add_argument("which", choices=(*rotation.KINDS, *replacing.HELD), help=say("key.which"))
    sign = actions.add_parser("sign", help=say("key.sign"), description=say("key.sign"))
    add_data(sign)
    sign.add_argument("--facility", required=True, metavar="CODE", help=say("key.facility"))
    sign.add_argument("--pem", type=Path, metavar="FILE", help=say("key.pem"))
    sign.add_argument("--remove", action="store_true", help=say("key.remove"))


def run(args: argparse.Namespace) -> int:
    folder = Path(args.data)
    if args.action == "sign":
        with opened(args.data) as node:
            return _sign(node, args)
    try:
        if args.which in replacing.HELD:
            with explained(args.data):
                compose.load(folder)
                until = replacing.secret(folder, args.which)
            with opened(args.data) as node:
                number = replacing.anew(node.config, node.store)
                _tell(node, f"{args.which} held {instant(to_ms(until))}")
            print(
                say(
                    "key.replaced", which=args.which, until=f"{until.astimezone(VIETNAM):%d/%m/%Y %H:%M}", number=number
                )
            )
            return 0
        if args.which == "seal":
            with opened(args.data) as node:
                number = rotation.seal(folder, node.store)
                _tell(node, "seal")
            print(say("key.sealed", number=f"{number:,}"))
            return 0
        with explained(args.data):
            if not compose.load(folder).database.startswith("sqlite:"):
                raise Failure("key.not_sqlite")
            change = rotation.database if args.which == "database" else rotation.accounts
            change(folder)
        with opened(args.data) as node:
            _tell(node, args.which)
    except replacing.Served as served:
        raise Failure("key.served", code=1, folder=folder) from served
    except rotation.Busy as busy:
        raise Failure("key.busy", code=1) from busy
    except (rotating.InUse, Unavailable) as used:
        raise Failure("key.in_use", code=1, folder=folder) from used
    print(say("key.rekeyed" if args.which == "database" else "key.accounts_rekeyed"))
    return 0


def _sign(node: compose.Node, args: argparse.Namespace) -> int:
    """Takes a facility's key in, or out. The log has it before the key counts."""
    found = node.organisation.facilities.by_code(args.facility)
    file = Seals(node.config.folder / "keys").file(args.facility)
    if found is None or file is None:
        raise Failure("destination.unknown", facility=args.facility)
    if args.remove or args.pem is None:
        if not file.exists():
            raise Failure("key.no_sign", facility=args.facility)
        if args.remove:
            _tell(node, f"sign {args.facility} removed")
            file.unlink()
            print(say("key.sign_removed", facility=args.facility))
            return 0
        _told(Seal.of(file.read_bytes()), args.facility)
        return 0
    try:
        if args.pem.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise Failure("destination.open_file", file=args.pem)
        seal = Seal.of(args.pem.read_bytes()[:LARGEST])
    except OSError as error:
        raise Failure("destination.cannot_read", file=args.pem, reason=error.strerror or error) from error
    except Unfit as unfit:
        raise Failure("destination.refused", reason=text(Issue("value", unfit.reason), language())) from unfit
    _tell(node, f"sign {args.facility} {seal.chain[0].serial_number:x}")
    fresh = file.with_name(f"{file.name}{NEW}")
    fresh.unlink(missing_ok=True)
    write_secret(fresh, seal.pem.decode("ascii"))
    fresh.replace(file)
    _told(seal, args.facility)
    return 0


def _told(seal: Seal, facility: str) -> None:
    leaf = seal.chain[0]
    until = f"{leaf.not_valid_after_utc.astimezone(VIETNAM):%d/%m/%Y}"
    print(say("key.signs", facility=facility, subject=leaf.subject.rfc4514_string(), until=until))


def _tell(node: compose.Node, what: str) -> None:
    who = f"user/{getpass.getuser()}"
    node.journal.tell(
        [Event(time=node.audit.now(), actor=who, action="E", kind="key-rotated", channel="command", what=what)]
    )
