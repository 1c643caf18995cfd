"""`hoso demo`: a node with a synthetic Vietnamese population to look around in; asks nothing, and runs again."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import socket
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hoso import compose
from hoso.access import Actor, Errand, Scopes
from hoso.cli import load, serve, synth
from hoso.cli.failure import Failure
from hoso.cli.node import explained
from hoso.cli.progress import duration
from hoso.cli.texts import say
from hoso.core import fold, system_clock
from hoso.fhir.relations import ROSTER
from hoso.fhir.systems import FACILITY_CODE, GROUP_KIND
from hoso.web.accounts import registry

HOST, NOTE = "127.0.0.1", "demo.json"
USERNAME, STEWARD, OFFICER, ADMIN = "demo", "demo-steward", "demo-privacy", "demo-admin"
ROLES = {USERNAME: "doctor", STEWARD: "steward", OFFICER: "privacy-officer", ADMIN: "facility-administrator"}
STRANGERS = 5
"""One citizen of so many is not in the care of the demo's facility: a visit or an emergency opens the record."""
TRIED_PORTS = 20
CITIZENS = 500


def add(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("demo", help=say("demo.help"), description=say("demo.help"))
    parser.add_argument("--data", default="demo-data", metavar="DIR", help=say("demo.data"))
    parser.add_argument(
        "--citizens", type=int, default=CITIZENS, metavar="N", help=say("demo.citizens", number=CITIZENS)
    )
    parser.add_argument("--port", type=int, default=8080, help=say("demo.port"))
    parser.add_argument("--code", action="store_true", help=say("demo.code"))
    parser.add_argument("--no-serve", action="store_true", help=say("demo.no_serve"))


def run(args: argparse.Namespace) -> int:
    folder = Path(args.data)
    note = folder / NOTE
    if args.code:
        return _code(folder, note)
    with explained(args.data, must_exist=False):
        if not note.exists():
            make(folder, note, args.citizens, ROLES)
        else:
            print(say("demo.again", folder=folder))
            config = compose.load(folder)
            compose.prepare(config)
            _register(config, note, ROLES)  # a demo of an earlier release had fewer accounts, and no roster
            _entrust(folder, folder / "synthetic", read(note))
    guide = {**read(note), "code": registry.code_now(compose.load(folder), read(note)["secret"])}
    if args.no_serve:
        _show(folder, guide, None)
        return 0
    port = free_port(args.port)
    _show(folder, guide, f"http://{HOST}:{port}/")
    return serve.serve(folder, HOST, port, min(2, os.cpu_count() or 1))


def make(folder: Path, note: Path, citizens: int, roles: Mapping[str, str], *, enrolled: bool = True) -> None:
    """`enrolled`: accounts have a second factor, whose key is in the note; without it the node asks for none.

    The note gets its name last: a demo that was interrupted is simply continued by the next run."""
    start = time.monotonic()
    source = folder / "synthetic"
    if compose.exists(folder) and not source.exists():
        raise Failure("demo.not_ours", folder=folder)
    print(say("demo.making", citizens=f"{citizens:,}", folder=folder), flush=True)
    if not source.exists():
        _invent(folder / "synthetic.part", citizens).rename(source)
    config = compose.create(folder)
    if not enrolled:
        config = _one_factor(folder)
    report = load.load_paths(folder, [source], workers=os.cpu_count() or 1)
    if report.tally.total("rejected"):
        raise Failure("demo.rejected", file=report.rejects)
    draft = note.with_suffix(".part")
    if not draft.exists():
        _write(draft, {**_guide(source), "password": registry.new_password()})
    _register(config, draft, roles, enrolled=enrolled)
    _entrust(folder, source, read(draft))
    draft.rename(note)
    resources = f"{report.tally.read:,}"
    print(say("demo.made", resources=resources, time=duration(time.monotonic() - start)))


def _one_factor(folder: Path) -> compose.Config:
    file = folder / "config.toml"
    file.write_text(file.read_text("utf-8").replace("second_factor = true", "second_factor = false"), "utf-8")
    return compose.load(folder)


def _register(config: compose.Config, note: Path, roles: Mapping[str, str], *, enrolled: bool = True) -> None:
    """Accounts with an authenticator whose key stands in the note: nobody has to have a phone to look around."""
    guide = read(note)
    if "secret" not in guide:
        guide["secret"] = registry.new_secret(config)
        _write(note, guide)
    known = {one.username: one.second_factor for one in registry.everyone(config)}
    for username, role in roles.items():
        if username not in known:
            compose.hire(config, username, role, guide["facility"], guide["password"])
        if enrolled and not known.get(username):
            registry.enrol(config, username, guide["secret"])


def _entrust(folder: Path, source: Path, guide: dict[str, Any]) -> None:
    """The roster of the demo's facility: whoever its people look after without a visit."""
    people = read(source / "truth.json")["people"]
    cared = [p for p in people if p["number"] % STRANGERS or p["name"] == guide["name"]]
    made = roster("demo-roster", guide["facility"], (id for p in cared for id in p["records"]))
    operator = Errand(Actor("node/demo", Scopes.parse("system/Group.crus")), "SYSADMIN", "command")
    node = compose.open(folder)
    try:
        head = node.records.read(operator, "Group", "demo-roster")
        if head is None or head.deleted:
            node.records.update(operator, "Group", "demo-roster", json.dumps(made).encode())
    finally:
        node.close()


def roster(id: str, facility: str, patients: Iterable[str]) -> dict[str, Any]:
    """The Group of those whom a facility looks after, by its code."""
    return {
        "resourceType": "Group", "id": id, "active": True, "type": "person", "actual": True,
        "code": {"coding": [{"system": GROUP_KIND, "code": ROSTER}]},
        "managingEntity": {"identifier": {"system": FACILITY_CODE, "value": facility}},
        "member": [{"entity": {"reference": f"Patient/{patient}"}} for patient in patients],
    }  # fmt: skip


def _code(folder: Path, note: Path) -> int:
    if not note.exists():
        raise Failure("demo.no_demo", folder=folder)
    with explained(str(folder)):
        print(registry.code_now(compose.load(folder), read(note)["secret"]))
    return 0


def _invent(folder: Path, citizens: int) -> Path:
    """The people as of today, so that they have medicines for the days to come."""
    try:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        synth.write(folder, citizens, 1, system_clock().date())
    except OSError as error:
        raise Failure("synth.cannot_write", folder=folder, reason=error.strerror or error) from error
    return folder


def _write(file: Path, guide: dict[str, Any]) -> None:
    file.touch(mode=0o600)
    file.write_text(json.dumps(guide, ensure_ascii=False), "utf-8")


def read(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return found


def _guide(source: Path) -> dict[str, Any]:
    """A person to look for: living, with a card, a name of their own, and much to see."""
    people = read(source / "truth.json")["people"]
    names = Counter(fold(person["name"]) for person in people)

    def worth(person: dict[str, Any]) -> tuple[bool, bool, bool, bool, int]:
        living = bool(person["insuranceCard"]) and not person["died"]
        alone, joined = names[fold(person["name"])] == 1, len(person["records"]) > 1
        return living, alone, bool(person["allergies"]), joined, person["resources"]

    person = max(people, key=worth)
    bundle = read(source / "facilities.json")
    codes = (one for entry in bundle["entry"] for one in entry["resource"].get("identifier", ()))
    return {
        "searches": [person["code"], person["insuranceCard"], fold(person["name"])],
        "name": person["name"],
        "facility": next(codes)["value"],
    }


def _show(folder: Path, guide: dict[str, Any], address: str | None) -> None:
    code, card, name = guide["searches"]
    hoso = os.path.relpath(sys.argv[0])
    text = say(
        "demo.guide", address=address or "-", user=USERNAME, steward=STEWARD, officer=OFFICER, admin=ADMIN,
        password=guide["password"],
        now=guide["code"], secret=guide["secret"], person=guide["name"], code=code, card=card, name=name,
        again=f"{hoso} demo --data {folder} --code", enrol=f"{hoso} citizen enrol {code} --data {folder}",
    )  # fmt: skip
    print(f"\n{text}\n", flush=True)


def free_port(wanted: int) -> int:
    """The port asked for, or the next one that nobody uses."""
    for port in range(wanted, min(wanted + TRIED_PORTS, 65_536)):
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) != 0:
                if port != wanted:
                    print(say("demo.other_port", wanted=wanted, port=port), file=sys.stderr)
                return port
    raise Failure("demo.no_port", first=wanted, last=wanted + TRIED_PORTS - 1)
