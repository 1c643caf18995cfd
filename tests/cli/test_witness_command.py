"""`hoso audit witness` as a second party runs it, beside a node that names it in its config."""

from __future__ import annotations

import json
import shutil
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.access.audit.events import event
from tests.cli.serving import HOSO, hoso

from hoso import compose


@contextmanager
def witnessing(folder: Path, *options: str) -> Iterator[str]:
    """A running witness; its address."""
    command = [HOSO, "--lang", "en", "audit", "witness", "--folder", folder, "--port", "0", *options]
    with subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield next(line for line in process.stdout if "is ready at" in line).rsplit(" ", 1)[1].strip().rstrip("/")
        finally:
            process.terminate()


def grown(folder: Path, start: int) -> None:
    node = compose.open(folder)
    node.audit.journal.tell([event(n) for n in range(start, start + 20)])
    node.audit.sealer.settle()
    node.close()


def test_a_node_put_back_to_yesterday_is_found_by_its_witness(tmp_path: Path) -> None:
    folder, other = tmp_path / "node", tmp_path / "witness"
    assert hoso("init", "--data", folder).returncode == 0
    log = hoso("audit", "key", "--data", folder).stdout.strip()
    made = hoso("audit", "witness", "--folder", other, "--name", "witness.test", "--log", log)
    assert made.returncode == 0, made.stderr
    key = next(line for line in made.stdout.splitlines() if "witness.test+" in line).rsplit(" ", 1)[1]
    assert stat.S_IMODE((other / "key").stat().st_mode) == 0o600
    with witnessing(other) as address:
        config = folder / "config.toml"
        config.write_text(config.read_text("utf-8").replace("witnesses = []", f'witnesses = ["{key} {address}"]'))
        grown(folder, 0)
        first = json.loads(hoso("audit", "verify", "--data", folder, "--json").stdout)
        assert first["witnesses"] == {"witness.test": "agrees"}
        shutil.copytree(folder, tmp_path / "yesterday")
        grown(folder, 100)
        assert "cosigned" in hoso("audit", "verify", "--data", folder).stdout
        found = hoso("audit", "verify", "--data", tmp_path / "yesterday")
        assert found.returncode == 1 and "witness witness.test" in found.stdout, found.stdout + found.stderr
        assert hoso("audit", "verify", "--data", tmp_path / "yesterday", "--offline").returncode == 0
    away = hoso("audit", "verify", "--data", folder)
    assert away.returncode == 3 and "did not confirm" in away.stdout
    again = hoso("audit", "witness", "--folder", other)
    assert again.returncode == 0 and "40" in again.stdout
    anew = hoso("audit", "witness", "--folder", other, "--restart", log)
    assert anew.returncode == 0 and anew.stdout.splitlines()[-1].endswith(" 0")


def test_a_witness_that_cannot_be_says_why(tmp_path: Path) -> None:
    other = tmp_path / "witness"
    nameless = hoso("audit", "witness", "--folder", other)
    assert nameless.returncode == 1 and "--name" in nameless.stderr
    spaced = hoso("audit", "witness", "--folder", other, "--name", "a b")
    assert spaced.returncode == 1 and "no spaces" in spaced.stderr
    assert hoso("audit", "witness", "--folder", other, "--name", "w.test").returncode == 0
    assert hoso("audit", "witness", "--folder", other, "--name", "x.test").returncode == 1
    assert hoso("audit", "witness", "--folder", other, "--log", "nonsense").returncode == 1
    (other / "key").write_text("w.test\n00\n")
    broken = hoso("audit", "witness", "--folder", other)
    assert broken.returncode == 1 and "Nothing is signed" in broken.stderr
    (other / "key").unlink()
    assert "its key is gone" in hoso("audit", "witness", "--folder", other, "--name", "w.test").stderr
