"""`hoso doctor`: looks whether a node is healthy, while it serves; mends its search index when asked to."""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

import apsw

from hoso import __version__, compose
from hoso.access import DamagedFile
from hoso.access.audit.verify import Fault
from hoso.access.organisation.overseers import OFFICES
from hoso.cli.main import add_data
from hoso.cli.node import opened
from hoso.cli.progress import Progress
from hoso.cli.texts import say
from hoso.core import system_clock
from hoso.store import doctor, repair
from hoso.store.record_store import RecordStore
from hoso.web.accounts import hiring

NOTE = "doctor.json"
PACKAGES = ("apsw-sqlite3mc", "psycopg", "granian", "django", "orjson", "msgspec", "zstandard")


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("doctor", help=say("doctor.help"), description=say("doctor.help"))
    add_data(parser)
    parser.add_argument("--rebuild-index", "--repair", action="store_true", help=say("doctor.rebuild"))
    parser.add_argument("--rebuild-persons", action="store_true", help=say("doctor.rebuild_persons"))
    parser.add_argument("--json", action="store_true", help=say("doctor.json"))


def run(args: argparse.Namespace) -> int:
    with opened(args.data) as node:
        store = node.store
        assert isinstance(store, RecordStore)
        if not args.json:
            _versions(store)
        if args.rebuild_index:
            with Progress(repair.size(store), say("doctor.rows")) as progress:
                mended = repair.rebuild(store, lambda number: progress.add(number, number))
            if not args.json:
                print(say("doctor.mended", added=f"{mended.added:,}", removed=f"{mended.removed:,}"))
        if args.rebuild_persons:
            with Progress(repair.size(store), say("doctor.rows")) as progress:
                compose.rebuild_people(
                    node.config.node, node.config.keys, store, lambda number: progress.add(number, number)
                )
        findings = _examine(node, store, quiet=args.json)
    ok = all(finding.ok for finding in findings)
    rows = [
        {"check": f.check, "ok": f.ok, "looked_at": f.looked_at, "faults": f.faults, "notes": f.notes} for f in findings
    ]
    _note(Path(args.data), rows)
    if args.json:
        print(json.dumps({"ok": ok, "checks": rows}))
    else:
        print(say("doctor.healthy" if ok else "doctor.ill", folder=args.data))
    return 0 if ok else 1


def _note(folder: Path, rows: list[dict[str, object]]) -> None:
    """For the administrators' page of health; a disk that takes nothing more is no reason to say nothing."""
    told = json.dumps({"at": system_clock().isoformat(), "checks": rows}, ensure_ascii=False)
    part = folder / f".{NOTE}.part"
    with suppress(OSError):
        part.touch(mode=0o600)
        part.write_text(told, "utf-8")
        part.replace(folder / NOTE)


def _versions(store: RecordStore) -> None:
    connection = store.engine.reader()
    if connection.dialect == "sqlite":
        engine = f"SQLite {apsw.sqlite_lib_version()}"
    else:
        engine = f"PostgreSQL {connection.rows('SHOW server_version')[0][0]}"
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    print(f"HoSo {__version__}, Python {platform.python_version()}, {engine}\n{packages}")


def _examine(node: compose.Node, store: RecordStore, *, quiet: bool) -> list[doctor.Finding]:
    findings = []
    for finding in _checks(node, store):
        findings.append(finding)
        if quiet:
            continue
        state = say("doctor.ok" if finding.ok else "doctor.fault")
        print(f"{state:<6} {say(f'doctor.{finding.check}'.replace('index.', 'index_')):<44} {finding.looked_at:>12,}")
        for line in (*finding.faults, *finding.notes):
            print(f"         {line}")
    return findings


def _checks(node: compose.Node, store: RecordStore) -> Iterator[doctor.Finding]:
    yield from doctor.examine(store)
    yield compose.people_check(node.config.node, node.config.keys, store)
    yield _staff(node)
    vacant = node.watch.vacant()
    yield doctor.Finding("offices", len(OFFICES), notes=tuple(say("user.vacant", role=one) for one in vacant))
    if node.records.demands and node.records.demands.required:
        yield _profiles(node, store)
    yield _audit(node)


def _staff(node: compose.Node) -> doctor.Finding:
    """Accounts and their people. When the file of the accounts is damaged, the records are looked at all the same."""
    try:
        return doctor.finding("staff", *hiring.faults(node.config, node.organisation))
    except DamagedFile as damaged:
        told = say("main.damaged_accounts", file=damaged.file, reason=damaged.reason, folder=node.config.folder)
        return doctor.finding("staff", 0, [told])


def _profiles(node: compose.Node, store: RecordStore) -> doctor.Finding:
    """How many records were there before the profiles that are asked for now; they are no fault."""
    demands = node.records.demands
    assert demands is not None
    if unknown := demands.unknown():
        return doctor.finding("profiles", 0, [f"not known here: {one}" for one in unknown])
    rows = list(demands.standing(store))
    unfit = [say("doctor.unfit", type=r.type, unfit=f"{r.unfit:,}", first=r.first) for r in rows if r.unfit]
    return doctor.Finding("profiles", sum(row.records for row in rows), notes=tuple(unfit))


def _audit(node: compose.Node) -> doctor.Finding:
    """The end of the audit log; all of it is `hoso audit verify`."""
    try:
        return doctor.finding("audit", node.audit.quick(), [])
    except Fault as fault:
        return doctor.finding("audit", 1, [str(fault)])
