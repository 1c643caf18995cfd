"""Erasing as an operator does it: two people, backups and their files of keys, kills in the middle, raw files."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests import postgres
from tests.cli.serving import hoso
from tests.conftest import ENGINES
from tests.store.samples import WHO, patient, put
from tests.store.test_sealing import SECRET, condition, note

from hoso import compose
from hoso.store import doctor
from hoso.web.accounts import registry

ROOT = Path(__file__).parents[2]
PASSWORD = "mot-hai-ba-bon-nam-sau"
WHY = "theo đơn của người bệnh"
KILLS = int(os.environ.get("HOSO_KILLS", "4"))


@dataclass
class Kept:
    folder: Path
    url: str | None
    secrets: dict[str, str]

    def run(self, *arguments: object, who: str = "", code: str | None = None) -> subprocess.CompletedProcess[str]:
        typed = ""
        if who:
            shown = registry.code_now(compose.load(self.folder), self.secrets[who]) if code is None else code
            arguments, typed = (*arguments, "--as", who), f"{PASSWORD}\n{shown}\n"
        action, *rest = arguments
        return hoso("erase", action, "--data", self.folder, *rest, input=typed)

    def read(self, folder: Path | None = None) -> dict[str, str]:
        """By id: the text that is read, or why there is none."""
        node = compose.open(folder or self.folder)
        try:
            found = {}
            for type, id in (("Condition", "hiv"), ("Condition", "dv"), ("List", "made")):
                version = node.store.read(type, id)
                assert version is not None
                found[id] = "erased" if version.erased else "deleted" if version.deleted else version.body.decode()
            return found
        finally:
            node.close()

    def sound(self, folder: Path | None = None) -> None:
        found = json.loads(hoso("doctor", "--data", folder or self.folder, "--json").stdout)
        assert found["ok"], found


@pytest.fixture(params=ENGINES)
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    with ExitStack() as stack:
        url = None
        if request.param == "postgresql":
            url = stack.enter_context(postgres.database(request.getfixturevalue("postgres_url")))
        folder = tmp_path / "node"
        config = compose.create(folder, url)
        secrets = {}
        for name in ("lan", "minh"):
            compose.hire(config, name, "privacy-officer", "35001", PASSWORD)
            secrets[name] = registry.new_secret(config)
            registry.enrol(config, name, secrets[name])
        fill(folder)
        yield Kept(folder, url, secrets)


def fill(folder: Path) -> None:
    node = compose.open(folder)
    node.store.save([put(patient(), "p")], WHO)
    node.store.save([condition("hiv", "J10"), note("made", "Condition/hiv"), condition("dv", "T74")], WHO)
    node.store.save([condition("hiv", "B20", SECRET + " 2")], WHO)
    node.close()


def typed(folder: Path, *persons: str) -> list[str]:
    """Persons of whom somebody typed into a visit; before that it is typed about these."""
    config = compose.load(folder)
    registry.prepare(config)
    from django.db import connection
    from django.utils import timezone

    from hoso.web.accounts.models import Account, VisitDraft

    lan = Account.objects.get(username="lan")
    for person in persons:
        for number, closed in enumerate((False, True)):
            fields = json.dumps({"reason": [SECRET, 1]})
            known = {"account": lan, "encounter": f"{person}-{number}", "person": person}
            VisitDraft.objects.create(**known, fields=fields, saved=timezone.now(), closed=closed)
    found = sorted(VisitDraft.objects.values_list("person", flat=True))
    connection.close()
    return found


def restored(kept: Kept, tmp_path: Path, name: str, backup: Path, *options: object) -> Path:
    """Into SQLite, whatever it came from."""
    folder = tmp_path / name
    done = hoso("restore", "--data", folder, backup, "--keys", kept.folder / "keys", *options)
    assert done.returncode == 0, done.stderr
    return folder


def test_erased_is_erased_in_older_backups_too(kept: Kept, tmp_path: Path) -> None:
    old, new = tmp_path / "old.hoso", tmp_path / "new.hoso"
    assert typed(kept.folder, "p", "other") == ["other", "other", "p", "p"]
    assert hoso("backup", "--data", kept.folder, old).returncode == 0
    assert (tmp_path / "old.hoso.keys").stat().st_mode & 0o777 == 0o600
    asked = kept.run("ask", "p", "--label", "HIV", "--words", WHY, who="lan")
    assert asked.returncode == 0, asked.stderr
    request = asked.stdout.strip()
    assert kept.run("approve", request, who="lan").returncode == 1
    assert kept.run("approve", request, who="minh", code="000000").returncode == 1
    assert SECRET in kept.read()["hiv"]
    assert "waits" in kept.run("list").stdout
    done = kept.run("approve", request, who="minh")
    assert done.returncode == 0, done.stderr
    assert "2 records and 1 visits" in done.stdout
    assert typed(kept.folder) == ["other", "other"]
    after = kept.read()
    assert (after["hiv"], after["made"]) == ("erased", "erased") and SECRET in after["dv"]
    kept.sound()
    assert hoso("backup", "--data", kept.folder, new).returncode == 0

    # The older backup with the newest file of keys: all of it, but what was erased.
    folder = restored(kept, tmp_path, "a", old, "--sealed", tmp_path / "new.hoso.keys")
    assert kept.read(folder) == after
    assert typed(folder) == ["other", "other"]
    kept.sound(folder)
    assert kept.read(restored(kept, tmp_path, "b", new)) == after
    # Whoever still has the file of keys of before has everything: it is to be destroyed.
    assert SECRET in kept.read(restored(kept, tmp_path, "c", old))["hiv"]
    # Without any file of keys nothing is restored half.
    (tmp_path / "old.hoso.keys").unlink()
    done = hoso("restore", "--data", tmp_path / "d", old, "--keys", kept.folder / "keys")
    assert done.returncode == 1 and "file of keys" in done.stderr
    assert not (tmp_path / "d" / "config.toml").exists()
    done = hoso("restore", "--data", tmp_path / "e", old, "--keys", kept.folder / "keys", "--sealed", new)
    assert done.returncode == 1 and "Traceback" not in done.stderr


def test_killed_in_the_middle_either_all_or_nothing_is_erased(kept: Kept) -> None:
    node = compose.open(kept.folder)
    node.close()
    states = set()
    for number in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", _ERASE, str(kept.folder)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(random.Random(number).uniform(0, 0.06))
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        found = kept.read()
        states.add(erased := found["hiv"] == "erased")
        assert (found["made"] == "erased") is erased
        assert SECRET in found["dv"]
        node = compose.open(kept.folder)
        try:
            assert [f for finding in doctor.examine(node.store) for f in finding.faults] == []
            keys = node.store.engine.reader().rows("SELECT count(*) FROM record_key")[0][0]
            assert keys == (1 if erased else 3)
        finally:
            node.close()
        if erased:
            break


_ERASE = """
import sys
from pathlib import Path
from hoso import compose
from hoso.access import Actor, Errand, Scopes
from hoso.access.erasing import Erasing
from hoso.core.clock import system_clock
node = compose.open(Path(sys.argv[1]))
erasing = Erasing(node.store, node.journal, system_clock)
lan, minh = (Errand(Actor(f"user/{n}", Scopes.parse("system/*.cruds")), "HOPERAT") for n in ("lan", "minh"))
request = erasing.ask(lan, "p", ["HIV"], "theo don cua nguoi benh")
print("ready", flush=True)
erasing.decide(minh, request, approved=True)
"""


def test_nothing_of_a_special_body_stands_in_the_files_of_the_database(kept: Kept) -> None:
    """SQLite's files are encrypted as a whole; a dump of PostgreSQL is not, and shows what stands in the rows."""
    node = compose.open(kept.folder)
    node.store.save([condition("born", "B20", "Câu chỉ có trong hồ sơ này")], WHO)
    node.close()
    if kept.url is None:
        raw = b"".join(file.read_bytes() for file in kept.folder.iterdir() if file.is_file())
    else:
        server = next(Path("/usr/lib/postgresql").glob("*/bin/pg_dump"))
        raw = subprocess.run([server, "--dbname", kept.url], check=True, capture_output=True).stdout
        assert b"CREATE TABLE public.record_key" in raw
    for text in ("Câu chỉ có", "cau chi co", "hồ sơ này", "ho so nay"):
        assert text.encode() not in raw
        assert text.encode().hex().encode() not in raw
