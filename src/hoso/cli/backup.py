"""`hoso backup`: one encrypted file with all records and accounts of a node, made while it serves."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from hoso import __version__, compose
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import opened
from hoso.cli.progress import Progress
from hoso.cli.texts import say
from hoso.store import backup, key_file
from hoso.store.record_store import RecordStore
from hoso.web.accounts import copy as accounts


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("backup", help=say("backup.help"), description=say("backup.help"))
    add_data(parser)
    parser.add_argument("file", type=Path, metavar="FILE", help=say("backup.file"))
    parser.add_argument("--keys", type=Path, metavar="FOLDER", help=say("backup.keys"))


def run(args: argparse.Namespace) -> int:
    if args.file.exists():
        raise Failure("backup.there", file=args.file)
    if not args.file.absolute().parent.is_dir():
        raise Failure("backup.no_folder", file=args.file, folder=args.file.absolute().parent)
    if args.keys and args.keys.exists():
        raise Failure("backup.there", file=args.keys)
    if (Path(args.data) / "keys" / "seal.new").exists():
        raise Failure("backup.key_changing", folder=args.data)
    with opened(args.data) as node:
        store, config = node.store, node.config
        assert isinstance(store, RecordStore)
        files = {
            "config.toml": (config.folder / "config.toml").read_bytes(),
            "accounts.json": accounts.dump(config),
        }
        settings = backup.Settings(config.node, __version__, files)
        with Progress(backup.size(store), say("doctor.rows")) as progress:
            seen = lambda number: progress.add(number, number)  # noqa: E731
            manifest = backup.write(store, args.file, config.keys.database, settings, seen)
        keys = args.file.with_name(args.file.name + key_file.ENDING)
        number = key_file.write(store, keys, config.keys.seal, config.node)
    if args.keys:
        _copy_keys(config, args.keys)
    records, changes = manifest.counts["resource"], manifest.counts["change"]
    size = args.file.stat().st_size / 1_000_000
    print(say("backup.made", file=args.file, records=f"{records:,}", changes=f"{changes:,}", size=f"{size:,.1f}"))
    print(say("backup.sealed", file=keys, number=f"{number:,}"))
    print(say("backup.keys_copied", folder=args.keys) if args.keys else say("backup.keep_keys", folder=args.data))
    return 0


def _copy_keys(config: compose.Config, folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True)
    keys = config.folder / "keys"
    for name in (*compose.key_files(keys), *compose.carried(keys)):
        (folder / name).touch(mode=0o600)
        shutil.copyfile(keys / name, folder / name)
    if (config.folder / "sync").is_dir():  # without it the node would be a stranger to its hub and to those below it
        shutil.copytree(config.folder / "sync", folder / "sync")
