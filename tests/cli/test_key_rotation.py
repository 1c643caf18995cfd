"""New keys for old ones: while the node serves, killed at any moment, and what a key of before still opens."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import time
from pathlib import Path

import apsw
import pytest
from tests.cli.serving import HOSO, hoso, made, served
from tests.cli.test_erase_command import Kept, fill, kept
from tests.store.test_sealing import SECRET

from hoso import compose
from hoso.core.raw_key import raw
from hoso.keyfolder import OPENID, read_keys
from hoso.store import rotating
from hoso.store.seal import mark
from hoso.web.accounts import registry
from hoso.web.sqlite.dbapi import CIPHER
from hoso.web.sqlite.secret import of_accounts

__all__ = ["kept"]


@pytest.fixture
def node(tmp_path: Path) -> Path:
    folder = tmp_path / "node"
    made(folder)
    fill(folder)
    return folder


def readable(folder: Path) -> None:
    opened = compose.open(folder)
    try:
        for type, id in (("Condition", "hiv"), ("Condition", "dv"), ("List", "made")):
            version = opened.store.read(type, id)
            assert version is not None and SECRET in version.body.decode()
        assert opened.store.vread("Condition", "hiv", "1") is not None
    finally:
        opened.close()
    registry.everyone(compose.load(folder))


def healthy(folder: Path) -> None:
    found = json.loads(hoso("doctor", "--data", folder, "--json").stdout)
    assert found["ok"], found


def test_the_sealing_key_changes_and_every_key_of_a_record_with_it(kept: Kept, tmp_path: Path) -> None:
    file = kept.folder / "keys/seal"
    before = file.read_text()
    old = tmp_path / "old.hoso"
    assert hoso("backup", "--data", kept.folder, old, "--keys", tmp_path / "keys").returncode == 0
    done = hoso("key", "rotate", "seal", "--data", kept.folder)
    assert done.returncode == 0, done.stderr
    assert "wraps 3 keys" in done.stdout
    assert file.read_text() != before and file.stat().st_mode & 0o777 == 0o600
    assert not (kept.folder / "keys/seal.new").exists()
    node = compose.open(kept.folder)
    wrapped = [bytes(row[0]) for row in node.store.engine.reader().rows("SELECT wrapped FROM record_key")]
    node.close()
    assert not [one for one in wrapped if one.startswith(mark(bytes.fromhex(before)))]
    readable(kept.folder)
    kept.sound()
    # An older backup opens with the new file of keys and the new folder of keys.
    assert hoso("backup", "--data", kept.folder, tmp_path / "new.hoso").returncode == 0
    done = hoso("restore", "--data", tmp_path / "a", old, "--keys", kept.folder / "keys",
                "--sealed", tmp_path / "new.hoso.keys")  # fmt: skip
    assert done.returncode == 0, done.stderr
    readable(tmp_path / "a")
    # The file of keys of before is shut for the new sealing key.
    done = hoso("restore", "--data", tmp_path / "b", old, "--keys", kept.folder / "keys")
    assert done.returncode == 1 and "another sealing key" in done.stderr


def test_the_sealing_key_changes_while_a_node_serves_and_writes(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    with served(folder, made(folder)) as server:

        def put(number: int) -> None:
            body = {
                "resourceType": "Condition", "id": f"c{number}", "subject": {"reference": "Patient/p"},
                "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "B20"}]},
            }  # fmt: skip
            assert server.request("PUT", f"/fhir/Condition/c{number}", json.dumps(body).encode())[0] in (200, 201)

        for number in range(10):
            put(number)
        command = [str(HOSO), "key", "rotate", "seal", "--data", str(folder)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            number = 10
            while process.poll() is None:
                put(number)
                number += 1
            assert process.returncode == 0
        for one in range(number):
            status, body = server.request("GET", f"/fhir/Condition/c{one}")
            assert status == 200 and b"B20" in body
    healthy(folder)


def test_killed_in_the_middle_no_key_is_lost(node: Path) -> None:
    for number in range(9):
        which = ("database", "seal", "accounts")[number % 3]
        process = subprocess.Popen(
            [str(HOSO), "key", "rotate", which, "--data", str(node)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(0.5 + random.Random(number).uniform(0, 1.5))
        process.send_signal(signal.SIGKILL)
        process.wait()
        readable(node)
        assert not list(node.glob("keys/[da]*.new")) and not list(node.glob("*.db.new"))
    for which in ("seal", "database", "accounts"):
        done = hoso("key", "rotate", which, "--data", node)
        assert done.returncode == 0, done.stderr
    assert not list((node / "keys").glob("*.new"))
    readable(node)
    healthy(node)


@pytest.mark.parametrize(("which", "file"), [("database", "hoso.db"), ("accounts", "accounts.db")])
@pytest.mark.parametrize("step", ["key written", "copy made", "file in place", "old key overwritten"])
def test_each_step_leaves_what_the_next_start_goes_on_from(
    node: Path, which: str, file: str, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hoso import rotation

    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    if which == "accounts" and step == "old key overwritten":
        rotation.accounts(node)  # only then is there an old one
    own, coming = node / "keys" / which, node / "keys" / f"{which}.new"
    key = own.read_text() if own.exists() else ""
    with monkeypatch.context() as patch:
        patch.setattr(rotation, "_finish", lambda folder, kept: killed() if coming.exists() else None)
        if step == "key written":
            patch.setattr(rotating, "rekey", killed)
        elif step == "copy made":
            patch.setattr(rotation, "settle", lambda folder: None)
            patch.setattr(Path, "replace", killed)
        with pytest.raises(Killed):
            getattr(rotation, which)(node)
    if step == "old key overwritten":
        own.write_text("00" * 32 + "\n")
    assert coming.exists()
    readable(node)
    assert not coming.exists() and not (node / f"{file}.new").exists()
    changed = (own.read_text() if own.exists() else "") != key
    assert changed is (step in ("file in place", "old key overwritten"))


def test_a_database_that_is_in_use_keeps_its_key(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    with served(folder, made(folder)) as server:
        key = (folder / "keys/database").read_text()
        done = hoso("key", "rotate", "database", "--data", folder)
        assert done.returncode == 1 and "open elsewhere" in done.stderr
        assert (folder / "keys/database").read_text() == key
        assert server.request("GET", "/fhir/Patient")[0] == 200
        done = hoso("key", "rotate", "accounts", "--data", folder)
        assert done.returncode == 1 and "open elsewhere" in done.stderr and not (folder / "keys/accounts").exists()
    for which in ("database", "accounts"):
        assert hoso("key", "rotate", which, "--data", folder).returncode == 0
    assert (folder / "keys/database").read_text() != key and (folder / "keys/accounts").exists()
    healthy(folder)


def test_a_key_that_others_may_read_stops_every_command(node: Path) -> None:
    (node / "keys" / OPENID).touch()  # which the first start makes
    for name in ("database", "web", "seal", "audit", "links", OPENID):
        for mode in (0o644, 0o640, 0o660, 0o604):
            (node / "keys" / name).chmod(mode)
            with pytest.raises(compose.BadConfig, match="chmod 600"):
                compose.load(node)
        (node / "keys" / name).chmod(0o600)
    (node / "keys/seal").chmod(0o644)
    done = hoso("serve", "--data", node, "--port", "0")
    assert done.returncode == 1 and "chmod 600" in done.stderr


def test_accounts_of_an_earlier_release_are_encrypted_as_today_when_it_no_longer_serves(node: Path) -> None:
    file, key = node / "accounts.db", of_accounts(read_keys(node / "keys"))
    now, then = rotating.Form(CIPHER, raw), rotating.Form(CIPHER, bytes.hex)
    rotating.rekey(file, key, key, then, now)
    file.with_name("accounts.db.new").replace(file)
    assert rotating.opens(file, key, then) and not rotating.opens(file, key, now)
    serves = apsw.Connection(str(file))
    serves.pragma("cipher", CIPHER)
    serves.pragma("hexkey", key.hex())
    serves.pragma("journal_mode", "wal")
    serves.execute("SELECT count(*) FROM sqlite_master").fetchall()
    done = hoso("user", "list", "--data", node)
    assert done.returncode == 1 and "open elsewhere" in done.stderr
    serves.close()
    readable(node)
    assert rotating.opens(file, key, now) and file.stat().st_mode & 0o777 == 0o600
    healthy(node)
