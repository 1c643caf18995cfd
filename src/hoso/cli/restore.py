"""`hoso restore`: a backup into a new folder (and an empty database), proved by count and chain before it is a node."""

from __future__ import annotations

import argparse
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hoso import compose, forgetting, keeping, replacing
from hoso.access.audit import Event
from hoso.cli.failure import Failure
from hoso.cli.main import add_data
from hoso.cli.node import explained
from hoso.cli.progress import Progress
from hoso.cli.texts import say
from hoso.core.clock import instant
from hoso.store import StoreConfig, backup, create_store, doctor, erasing, key_file, open_store, repair
from hoso.store.record_store import RecordStore
from hoso.web.accounts import copy as accounts


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("restore", help=say("restore.help"), description=say("restore.help"))
    add_data(parser)
    parser.add_argument("file", type=Path, metavar="FILE", help=say("restore.file"))
    parser.add_argument("--keys", type=Path, metavar="FOLDER", help=say("restore.keys"))
    parser.add_argument("--only-accounts", action="store_true", help=say("restore.only_accounts"))
    parser.add_argument("--sealed", type=Path, metavar="FILE", help=say("restore.sealed"))
    parser.add_argument("--database", metavar="URL", help=say("restore.database"))


def run(args: argparse.Namespace) -> int:
    folder = Path(args.data)
    if args.only_accounts:
        return _accounts(folder, args.file, args.keys or folder / "keys")
    if args.keys is None:
        raise Failure("restore.no_keys", code=2)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Failure("restore.not_empty", folder=folder)
    if not args.file.is_file():
        raise Failure("restore.no_file", file=args.file)
    with explained(args.data, must_exist=False):
        try:
            sealed = args.sealed or args.file.with_name(args.file.name + key_file.ENDING)
            return _restore(folder, args.file, args.keys, args.database, sealed)
        except backup.Damaged as damaged:
            raise Failure("restore.damaged", file=args.file, reason=damaged) from damaged


def _restore(folder: Path, file: Path, keys: Path, database: str | None, sealed: Path) -> int:
    names = compose.key_files(keys)
    missing = next((name for name in names if not (keys / name).is_file()), None)
    if missing:
        raise Failure("restore.no_key", file=keys / missing)
    kept = backup.Backup(file, bytes.fromhex((keys / "database").read_text("ascii")))
    (folder / "keys").mkdir(parents=True, mode=0o700)
    for name in (*names, *compose.carried(keys)):
        (folder / "keys" / name).touch(mode=0o600)
        shutil.copyfile(keys / name, folder / "keys" / name)
    if (keys / "sync").is_dir():
        shutil.copytree(keys / "sync", folder / "sync")
    own = compose.read_keys(folder / "keys")
    apart = key_file.read(sealed, own.seal) if sealed.is_file() else None
    _refill(kept, apart, _store_config(folder, kept, database), own)
    # Only now is the folder a node: a restore that failed half way leaves none behind.
    text = _settings(kept.manifest.settings["config.toml"].decode(), database)
    (folder / "config.toml").touch(mode=0o600)
    (folder / "config.toml").write_text(text, "utf-8")
    accounts.restore(compose.load(folder), kept.manifest.settings["accounts.json"])
    compose.prepare(compose.load(folder))  # what an older release kept elsewhere
    _tell(folder, kept.manifest.made)
    kept.close()
    print(say("restore.done", folder=folder, node=kept.manifest.node))
    return 0


def _accounts(folder: Path, file: Path, keys: Path) -> int:
    """Into the node that is there, in place of those that cannot be read: its records stay as they are."""
    if not file.is_file():
        raise Failure("restore.no_file", file=file)
    with explained(str(folder)), _in_place(folder, file):
        config = compose.load(folder)
        kept = backup.Backup(file, bytes.fromhex((keys / "database").read_text("ascii")))
        made = instant(kept.manifest.made)
        if kept.manifest.node != config.node:
            raise Failure("restore.other_node", file=file, node=kept.manifest.node)
        with replacing.unserved(folder):
            there = keeping.aside(config)
            number = accounts.restore(config, kept.manifest.settings["accounts.json"])
            compose.prepare(config)
        kept.close()
        node = compose.open(folder)
        node.audit.journal.tell([_event(node, f"accounts of a backup of {made}")])
        node.close()
    print(say("restore.accounts", number=f"{number:,}", made=made))
    if there is not None:
        print(say("restore.aside", file=there))
    return 0


@contextmanager
def _in_place(folder: Path, file: Path) -> Iterator[None]:
    try:
        yield
    except backup.Damaged as damaged:
        raise Failure("restore.damaged", file=file, reason=damaged) from damaged
    except replacing.Served as served:
        raise Failure("restore.served", folder=folder) from served
    except keeping.NotDamaged as good:
        raise Failure("restore.accounts_there", folder=folder) from good


def _event(node: compose.Node, what: str) -> Event:
    actor = f"node/{node.config.node}"
    return Event(time=node.audit.now(), actor=actor, action="E", kind="restore", channel="command", what=what)


def _tell(folder: Path, made: int) -> None:
    """The audit log goes on where the backup ended, and says so; witnesses who saw more of it see that too."""
    node = compose.open(folder)
    try:
        actor, epoch = f"node/{node.config.node}", node.store.facts.epoch
        node.audit.journal.tell([_event(node, f"epoch {epoch} after a backup of {instant(made)}")])
        erased = erasing.bury(node.store, actor)
        forgetting.drafts(node)
        node.audit.sealer.settle()
        if erased:
            print(say("restore.erased", number=erased))
    finally:
        node.close()


def _store_config(folder: Path, kept: backup.Backup, database: str | None) -> StoreConfig:
    sealing = compose.SealingKeys(folder / "keys")
    if database:
        return StoreConfig(database, None, kept.manifest.node, sealing)
    key = bytes.fromhex((folder / "keys" / "database").read_text("ascii"))
    return StoreConfig(f"sqlite:///{folder.resolve() / 'hoso.db'}", key, kept.manifest.node, sealing)


def _refill(kept: backup.Backup, apart: key_file.Kept | None, config: StoreConfig, keys: compose.Keys) -> None:
    create_store(config)
    store = open_store(config)
    counts = kept.manifest.counts
    try:
        with Progress(sum(counts.values()) + counts["resource"] * 4, say("doctor.rows")) as progress:
            backup.restore(kept, store, lambda number: progress.add(number, number))
            key_file.restore(store, apart)
            store.close()
            store = open_store(config)  # with the secrets and dictionaries that have just come
            repair.fill(store, lambda number: progress.add(number * 3, number))
            compose.rebuild_people(config.node, keys, store, lambda number: progress.add(number, number))
        _prove(kept, store, keys)
        epoch = backup.open_epoch(store)
    finally:
        store.close()
    print(say("restore.epoch", epoch=epoch, tag=epoch[:6]))


def _prove(kept: backup.Backup, store: RecordStore, keys: compose.Keys) -> None:
    wrong = backup.proven(kept, store)
    checks = [*doctor.examine(store), compose.people_check(kept.manifest.node, keys, store)]
    wrong += [f"{check.check}: {fault}" for check in checks for fault in check.faults]
    if wrong:
        raise Failure("restore.unproved", faults="\n".join(wrong))
    manifest = kept.manifest
    print(
        say(
            "restore.proved",
            records=f"{manifest.counts['resource']:,}",
            last=f"{manifest.last:,}",
            chain=manifest.chain[:16],
        )
    )


def _settings(text: str, database: str | None) -> str:
    url = (database or "sqlite").replace("\\", "\\\\").replace('"', '\\"')
    return re.sub(r'(?m)^url = ".*"$', lambda match: f'url = "{url}"', text, count=1)
