"""A full disk and a killed database, through HTTP: a clean 503, nothing acknowledged lost, recovery without hands."""

from __future__ import annotations

import resource
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests import postgres
from tests.api.load import Load, lost, writing
from tests.cli.serving import Server, hoso, keys, running

FREE = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def children(process: int) -> list[int]:
    return [int(pid) for pid in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def wait(load: Load, what: str, least: int, known: int | None = None) -> None:
    """Until there are so many more acknowledged writes, or failures, than now, or than were `known` before."""
    found: list[object] = getattr(load, what)
    until, wanted = time.monotonic() + 60, (len(found) if known is None else known) + least
    while len(found) < wanted:
        assert load.server.process.poll() is None and time.monotonic() < until, (what, load.failed[-1:])
        time.sleep(0.01)


def check(server: Server, load: Load) -> None:
    """Every refusal was a clean 503, and what was acknowledged is there."""
    assert load.failed
    for status, body in load.failed:
        assert (status, keys(body)) == (503, ["rest.unavailable"])
    assert lost(server, load.acknowledged) == []
    assert server.stop() == 0
    checked = hoso("doctor", "--data", server.folder)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_a_full_disk_under_sqlite(tmp_path: Path) -> None:
    with running(tmp_path / "node") as server:
        (worker,) = children(server.process.pid)
        with writing(server, "w") as load:
            wait(load, "acknowledged", 20)
            size = max(file.stat().st_size for file in (tmp_path / "node").glob("hoso.db*"))
            resource.prlimit(worker, resource.RLIMIT_FSIZE, (size + 40_000, resource.RLIM_INFINITY))
            wait(load, "failed", 10)
            known = load.acknowledged[0].split("/_history")[0]
            assert server.request("GET", f"/fhir/{known}")[0] in (200, 503)  # 503: its event finds no room
            resource.prlimit(worker, resource.RLIMIT_FSIZE, FREE)
            wait(load, "acknowledged", 20)
        check(server, load)


def test_a_full_disk_under_postgresql(tmp_path: Path) -> None:
    with (
        postgres.running(fsync=True) as database,
        postgres.database(database.url) as url,
        running(tmp_path / "node", "--database", url) as server,
    ):
        with writing(server, "w") as load:
            wait(load, "acknowledged", 20)
            assert database.process is not None
            known = len(load.failed)  # the database may be back before the last of its processes was told
            for backend in children(database.process.pid):  # as their owner: root may not be allowed to
                limit = ["prlimit", "--pid", str(backend), "--fsize=1000:"]
                subprocess.run(limit, user=database.user, check=False, capture_output=True)
            wait(load, "failed", 1, known)
            wait(load, "acknowledged", 20)
        check(server, load)


@pytest.mark.parametrize("how", [signal.SIGQUIT, signal.SIGINT])
def test_a_database_that_dies_is_unavailable_and_comes_back(tmp_path: Path, how: signal.Signals) -> None:
    with (
        postgres.running(fsync=True) as database,
        postgres.database(database.url) as url,
        running(tmp_path / "node", "--database", url) as server,
    ):
        with writing(server, "w") as load:
            for _ in range(2):
                wait(load, "acknowledged", 20)
                database.stop(how)
                wait(load, "failed", 10)
                for path in ("/fhir/Patient/w", "/fhir/Patient?_count=1", "/fhir/_history", "/healthz"):
                    status, body = server.request("GET", path)
                    assert (status, body[:33]) == (503, b'{"resourceType":"OperationOutcome"'[:33]), path
                assert server.request("GET", "/fhir/metadata")[0] == 200
                database.start()
            wait(load, "acknowledged", 20)
        check(server, load)
