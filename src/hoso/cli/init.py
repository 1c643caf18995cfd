"""`hoso init`: makes a node in a folder. Run twice, it changes nothing that is there."""

from __future__ import annotations

import argparse
from pathlib import Path

from hoso import compose, keeping, replacing
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import explained
from hoso.cli.texts import say
from hoso.web.accounts import registry


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("init", help=say("init.help"), description=say("init.help"))
    add_data(parser)
    parser.add_argument("--database", metavar="URL", help=say("init.database"))
    parser.add_argument("--station", action="store_true", help=say("init.station"))
    parser.add_argument("--new-accounts", action="store_true", help=say("init.new_accounts"))


def run(args: argparse.Namespace) -> int:
    folder = Path(args.data)
    there = compose.exists(folder)
    if args.database and not args.database.startswith(("postgresql://", "postgres://")):
        raise Failure("init.bad_url", url=args.database)
    if there and args.database and compose.load(folder).database != args.database:
        raise Failure("init.other_database", folder=folder)
    if folder.exists() and not folder.is_dir():
        raise Failure("init.not_a_folder", folder=folder)
    with explained(args.data, must_exist=args.new_accounts):
        if args.new_accounts:
            _accounts_anew(folder)
        config = compose.create(folder, args.database, station=args.station)
    print(say("init.there" if there else "init.made", folder=folder, node=config.node))
    return 0


def _accounts_anew(folder: Path) -> None:
    """Only when it is asked for: who had an account has none from now on."""
    config = compose.load(folder)
    try:
        with replacing.unserved(folder):
            there = keeping.aside(config)
            registry.begin(config)
    except replacing.Served as served:
        raise Failure("restore.served", folder=folder) from served
    except keeping.NotDamaged as good:
        raise Failure("restore.accounts_there", folder=folder) from good
    if there is not None:
        print(say("restore.aside", file=there))
