"""Case 40: a full disk, a DBA, a database put back, a clock put back, and texts that would break a line or a sheet."""

from __future__ import annotations

import csv
import io
import json
import random
import resource
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.access.audit.events import event, rows
from tests.access.audit.logs import SIGNER, fill, sealer, size, spoil
from tests.cli.serving import Server, hoso, keys, made, served
from tests.security.apps import Answer, Person
from tests.security.apps import Site as Apps
from tests.web.conftest import one_factor

from hoso import compose
from hoso.access.audit.siem import writer
from hoso.access.audit.verify import Fault, verify
from hoso.store import audit
from hoso.store.record_store import RecordStore

PASSWORD = "Gieng-nuoc-trong-2026"  # of an invented account
WORDS = "Bất tỉnh ở cổng trạm, không có giấy tờ"
FREE = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
PATIENT = json.dumps({"resourceType": "Patient", "id": "p"}).encode()


@contextmanager
def full(server: Server) -> Iterator[None]:
    """No file of the database grows any more; a file on another device still does."""
    task = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children")
    (worker,) = map(int, task.read_text().split())
    largest = max(file.stat().st_size for file in server.folder.glob("hoso.db*"))
    resource.prlimit(worker, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
    try:
        yield
    finally:
        resource.prlimit(worker, resource.RLIMIT_FSIZE, FREE)


def reads(folder: Path) -> int:
    node = compose.open(folder)
    node.audit.drain()
    node.audit.sealer.settle()
    found = sum(1 for _, one in node.audit.events() if one and (one.kind, one.what) == ("read", "Patient/p"))
    node.close()
    return found


def test_case_40_a_full_disk_shows_nothing_that_is_not_told(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    with served(folder, made(folder)) as server:
        assert server.request("PUT", "/fhir/Patient/p", PATIENT)[0] == 201
        with full(server):
            answers = [server.request("GET", "/fhir/Patient/p") for _ in range(400)]
        refused = [keys(body) for status, body in answers if status == 503]
        assert refused and set(map(tuple, refused)) == {("rest.unavailable",)}
        assert {status for status, _ in answers} <= {200, 503}
        assert server.request("GET", "/fhir/Patient/p")[0] == 200
        shown = 1 + sum(1 for status, _ in answers if status == 200)
        server.stop()
    assert reads(folder) >= shown


def test_case_40_with_a_second_disk_reading_goes_on_and_is_told(tmp_path: Path) -> None:
    folder, second = tmp_path / "node", tmp_path / "second"
    data = b64encode(random.Random(1).randbytes(3_000_000)).decode()
    large = json.dumps({"resourceType": "Binary", "contentType": "application/pdf", "data": data}).encode()
    second.mkdir()
    token = made(folder)
    config = folder / "config.toml"
    config.write_text(config.read_text("utf-8").replace('spool = ""', f'spool = "{second}"'), "utf-8")
    with served(folder, token) as server:
        assert server.request("PUT", "/fhir/Patient/p", PATIENT)[0] == 201
        with full(server):
            answers = [server.request("GET", "/fhir/Patient/p")[0] for _ in range(400)]
            assert (second / "audit.spool").stat().st_size > 0
            status, body = server.request("POST", "/fhir/Binary", large)
            assert status == 503, body  # no row, no write
        assert set(answers) == {200}
        until = time.monotonic() + 60
        while (second / "audit.spool").stat().st_size and time.monotonic() < until:
            time.sleep(0.1)
        assert (second / "audit.spool").stat().st_size == 0
        server.stop()
    assert reads(folder) >= 400
    assert hoso("audit", "verify", "--data", folder).returncode == 0


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("DELETE FROM audit_event WHERE id = (SELECT event FROM audit_seal WHERE seq = 17)", "event 17"),
        ("DELETE FROM audit_seal WHERE seq = 17", "event 17"),
        ("UPDATE audit_event SET salt = bytes WHERE id = (SELECT event FROM audit_seal WHERE seq = 17)", "event 17"),
        ("UPDATE audit_seal SET patient = 0 WHERE seq = 17", "event 17"),
        ("DELETE FROM audit_seal WHERE seq > 40", "event 41"),
    ],
    ids=["row", "leaf", "text", "patient", "end"],
)
def test_case_40_what_a_dba_did_is_found_with_its_place(store: RecordStore, statement: str, place: str) -> None:
    fill(store, 60)
    spoil(store, (statement, ()))
    with pytest.raises(Fault) as fault:
        verify(store.engine.reader(), SIGNER.verifier)
    assert fault.value.place == place


def test_case_40_a_clock_put_back_changes_no_place(store: RecordStore) -> None:
    """Places come from the tree, not from a clock."""
    fill(store, 30)
    before = size(store)
    store.record(rows([event(n, 1, time=1_000 + n) for n in range(5)]))
    sealer(store, days=-3_000).settle()
    assert verify(store.engine.reader(), SIGNER.verifier).size == before + 5
    assert [row.seq for row in audit.sealed(store.engine.reader(), before, 9)] == list(range(before, before + 5))
    assert not sealer(store, days=-3_000).publish()


@pytest.mark.parametrize("text", ["=cmd|'/c calc'!A1", "+1", "-1", "@x", "\t=1", "a\nb,c", 'a"b\r\n=1', "\u2028x"])
def test_case_40_no_text_runs_in_a_sheet_or_breaks_a_line(text: str) -> None:
    out = io.StringIO(newline="")
    write = writer("csv", out)
    write(1, event(1, what=text, reason=text))
    write(2, event(2))
    assert len(out.getvalue().splitlines()) - out.getvalue().count("\u2028") == 3
    found = list(csv.DictReader(io.StringIO(out.getvalue(), newline="")))
    assert len(found) == 2
    assert all(not cell.lstrip().startswith(("=", "+", "-", "@")) for cell in found[0].values() if not cell.isdigit())
    lines = io.StringIO()
    writer("jsonl", lines)(1, event(1, what=text))
    assert len(lines.getvalue().split("\n")) == 2 and json.loads(lines.getvalue())["what"] == text


def test_case_40_when_no_disk_takes_events_only_an_emergency_is_shown_and_told_later(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    token = made(folder)
    one_factor(folder)
    compose.hire(compose.load(folder), "minh", "doctor", "35001", PASSWORD)
    with served(folder, token) as server:
        for id in ("p", "q"):
            body = {**json.loads(PATIENT), "id": id, "name": [{"text": "Trần Văn Thử"}], "birthDate": "1980-01-02"}
            assert server.request("PUT", f"/fhir/Patient/{id}", json.dumps(body).encode())[0] == 201
        doctor = Person(Apps(server.address, folder, token, None))  # type: ignore[arg-type]
        doctor.post("/sign-in", doctor.get("/"), login="minh", password=PASSWORD)
        opened = doctor.post(
            "/patients/p/emergency", doctor.get("/patients/p/emergency"), reason="unconscious", words=WORDS
        )
        person = opened.headers["location"]
        seen = [doctor.get(person)]
        assert seen[0].status == 200
        with full(server):
            # What still fits into the last pages of a file is written as ever, and its page does not warn.
            while sum(map(untold, seen)) < 5:
                until_refused(lambda: server.request("GET", "/fhir/Patient/q")[0])
                seen.append(doctor.get(person))
                assert seen[-1].status == 200 and len(seen) < 100
            until_refused(lambda: doctor.get("/patients/p/emergency").status)
            until_refused(lambda: server.request("GET", "/fhir/Patient/p")[0])
        until = time.monotonic() + 60
        while emergencies_told(folder) < len(seen) and time.monotonic() < until:
            time.sleep(0.5)
        server.stop()
    assert emergencies_told(folder) >= len(seen)
    assert hoso("audit", "verify", "--data", folder).returncode == 0


def untold(answer: Answer) -> bool:
    return "Máy chủ này hiện không ghi được" in answer.body.decode()


def until_refused(ask: Callable[[], int]) -> None:
    until = time.monotonic() + 60
    while (status := ask()) != 503:
        assert status == 200 and time.monotonic() < until


def emergencies_told(folder: Path) -> int:
    """Views of an opened record that are in the log."""
    node = compose.open(folder)
    found = sum(1 for _, one in node.audit.events() if one and one.grant and one.kind == "view")
    node.close()
    return found
