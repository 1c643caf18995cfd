"""Loading the same twice changes nothing, going on after an interruption loses nothing, a bad record harms no other."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from tests.cli import warm
from tests.cli.serving import hoso, running

from hoso import compose
from hoso.access import Version
from hoso.exchange.door import LOADING
from hoso.fhir import xml

UUID = "urn:uuid:5d2f3c1e-8a77-4b1e-9c3d-0a1b2c3d4e5f"
OTHER = "urn:uuid:7e3f4d2f-9b88-4c2f-8d4e-1b2c3d4e5f60"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    compose.create(tmp_path / "node")
    return tmp_path / "node"


def load(data: Path, *paths: Path) -> tuple[dict[str, int], int]:
    done = hoso("load", "--data", data, "--json", "--workers", 2, *paths)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.returncode


def record(data: Path, type: str, id: str) -> Version | None:
    node = compose.open(data)
    try:
        return node.records.read(LOADING, type, id)
    finally:
        node.close()


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "birthDate": "1980", **more}


def bundle(type: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": type, "entry": list(entries)}


def post(resource: dict[str, Any], full_url: str | None = None, **request: str) -> dict[str, Any]:
    entry = {"resource": resource, "request": {"method": "POST", "url": resource["resourceType"], **request}}
    return {"fullUrl": full_url, **entry} if full_url else entry


def write(path: Path, *documents: Any) -> Path:
    text = "\n".join(json.dumps(document, ensure_ascii=False) for document in documents).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return path


def summary(read: int, stored: int, unchanged: int, rejected: int) -> dict[str, int]:
    return {"read": read, "stored": stored, "unchanged": unchanged, "rejected": rejected}


def observation(subject: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": subject},
        **more,
    }


def test_a_transaction_with_posts_is_found_again_by_its_uuids(data: Path, tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.json.gz", bundle("transaction", post(patient(id="7"), UUID), post(observation(UUID), OTHER))
    )
    assert load(data, file) == (summary(2, 2, 0, 0), 0)
    assert load(data, file) == (summary(2, 0, 2, 0), 0)
    stored = record(data, "Observation", OTHER.removeprefix("urn:uuid:"))
    assert stored is not None
    assert json.loads(stored.body)["subject"] == {"reference": "Patient/" + UUID.removeprefix("urn:uuid:")}


def test_a_transaction_is_refused_whole_and_told_where(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "a.json", bundle("transaction", post(patient(), UUID), post(patient(birthDate="x"), OTHER)))
    assert load(data, file) == (summary(2, 0, 0, 2), 1)
    (rejects,) = data.glob("rejects-*.ndjson")
    row = json.loads(rejects.read_text())
    assert row["source"] == str(file)
    assert row["outcome"]["issue"][0]["expression"] == ["Bundle.entry[1].resource.birthDate"]
    assert row["original"] == json.loads(file.read_text())
    assert rejects.stat().st_mode & 0o777 == 0o600


def test_xml_is_the_same_record_and_what_is_wrong_in_it_has_its_line(data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    whole = observation("Patient/x1", id="xo", valueQuantity={"value": 1.5})
    text = xml.write(json.dumps(bundle("collection", {"resource": patient(id="x1")}, {"resource": whole})).encode())
    (folder / "a.xml").write_bytes(gzip.compress(text))
    (folder / "b").write_bytes(b"\xef\xbb\xbf<Patient xmlns='http://hl7.org/fhir'>\n<pony value='1'/></Patient>")
    (folder / "pom.xml").write_bytes(b"<project/>")
    assert load(data, folder) == (summary(3, 2, 0, 1), 1)
    (rejects,) = data.glob("rejects-*")
    told = json.loads(rejects.read_bytes())
    assert told["outcome"]["issue"][0]["diagnostics"] == "xml.unknown-element" and "line 2" in told["reason"]
    assert told["original"].startswith("<Patient") or told["original"][1:].startswith("<Patient")
    write(folder / "same.json", whole)
    assert load(data, folder / "a.xml", folder / "same.json") == (summary(3, 0, 3, 0), 0)
    rejects.unlink()
    assert load(data, folder / "pom.xml") == (summary(1, 0, 0, 1), 1)


def test_ndjson_keeps_the_good_lines_and_names_the_bad(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.ndjson"
    file.write_bytes(b'{"resourceType":"Patient","id":"a"}\n{"resourceType":"Patient","id":"b","x":1}\n{broken\n')
    assert load(data, file) == (summary(3, 1, 0, 2), 1)
    (rejects,) = data.glob("rejects-*.ndjson")
    rows = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [row["line"] for row in rows] == [2, 3]
    assert rows[1]["original"] == "{broken"


def test_a_collection_is_judged_piece_by_piece(data: Path, tmp_path: Path) -> None:
    entries = [
        {"resource": observation("Patient/a", id="o")},
        {"resource": patient(id="a")},
        {"resource": patient(id="!")},
    ]
    file = write(tmp_path / "a.json", bundle("collection", *entries))
    assert load(data, file) == (summary(3, 2, 0, 1), 1)
    assert record(data, "Observation", "o") is not None


def test_a_change_is_stored_and_only_the_change(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "a.ndjson", patient(id="a"), patient(id="b"))
    load(data, file)
    write(file, patient(id="a"), patient(id="b", birthDate="1981"))
    assert load(data, file) == (summary(2, 1, 1, 0), 0)


def test_the_precision_of_a_decimal_is_a_change(data: Path, tmp_path: Path) -> None:
    file = tmp_path / "a.ndjson"
    line = (
        b'{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"valueQuantity":{"value":%b}}\n'
    )
    file.write_bytes(line % b"1.1")
    load(data, file)
    file.write_bytes(line % b"1.10")
    assert load(data, file)[0]["stored"] == 1


def test_a_conditional_create_makes_one_for_many_files(data: Path, tmp_path: Path) -> None:
    organization = {"resourceType": "Organization", "identifier": [{"system": "urn:s", "value": "1"}], "name": "A"}
    for n in range(12):
        entries = (
            post(organization, f"urn:uuid:{uuid4()}", ifNoneExist="identifier=urn:s|1"),
            post(patient(managingOrganization={"reference": "Organization?identifier=urn:s|1"}), f"urn:uuid:{uuid4()}"),
        )
        write(tmp_path / f"{n:02}.json", bundle("transaction", *entries))
    files = sorted(tmp_path.glob("*.json"))
    assert load(data, *files) == (summary(24, 13, 11, 0), 0)
    assert load(data, *files) == (summary(24, 0, 24, 0), 0)


def test_a_conditional_reference_waits_for_a_later_file(data: Path, tmp_path: Path) -> None:
    practitioner = {"resourceType": "Practitioner", "id": "p", "identifier": [{"system": "urn:s", "value": "9"}]}
    reference = {"reference": "Practitioner?identifier=urn:s|9"}
    first = write(
        tmp_path / "1.json",
        bundle("transaction", post(observation(UUID, performer=[reference]), OTHER), post(patient(), UUID)),
    )
    second = write(tmp_path / "2.ndjson", practitioner)
    assert load(data, first, second) == (summary(3, 3, 0, 0), 0)
    stored = record(data, "Observation", OTHER.removeprefix("urn:uuid:"))
    assert stored is not None and json.loads(stored.body)["performer"] == [{"reference": "Practitioner/p"}]


def test_a_conditional_reference_to_nobody_becomes_a_logical_one(data: Path, tmp_path: Path) -> None:
    reference = {"reference": "Practitioner?identifier=urn:s|9", "display": "Dr. A"}
    file = write(
        tmp_path / "1.json",
        bundle("transaction", post(observation(UUID, performer=[reference]), OTHER), post(patient(), UUID)),
    )
    assert load(data, file) == (summary(2, 2, 0, 0), 0)
    stored = record(data, "Observation", OTHER.removeprefix("urn:uuid:"))
    assert stored is not None
    assert json.loads(stored.body)["performer"] == [
        {"display": "Dr. A", "type": "Practitioner", "identifier": {"system": "urn:s", "value": "9"}}
    ]
    assert load(data, file) == (summary(2, 0, 2, 0), 0)


@pytest.mark.parametrize("blow", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_load_goes_on_where_it_was(data: Path, tmp_path: Path, blow: signal.Signals) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    for n in range(24):
        write(folder / f"{n:03}.ndjson", *(patient(id=f"p{n}-{k}") for k in range(100)))
    heard = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # ignored in a shell's background
    program = f"{heard}; import sys; from hoso.cli.main import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "load", "--data", str(data), "--json", "--workers", "2", str(folder)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while not any(path.stat().st_size for path in data.glob("load-*.journal")):
        assert running.poll() is None
        time.sleep(0.02)
    while running.poll() is None:  # Python loses an interrupt that falls into a destructor
        os.kill(running.pid, blow)
        time.sleep(0.2)
    running.communicate(timeout=60)
    assert running.returncode != 0
    assert list(data.glob("load-*.journal"))
    counts, code = load(data, folder)
    assert code == 0 and counts["read"] == 2_400 and counts["unchanged"] >= 100
    assert counts["stored"] + counts["unchanged"] == 2_400
    assert not list(data.glob("load-*.journal"))
    assert load(data, folder)[0] == summary(2_400, 0, 2_400, 0)


def test_a_load_that_cannot_run_says_so_with_its_own_code(data: Path, tmp_path: Path) -> None:
    assert hoso("load", "--data", data, tmp_path / "absent").returncode == 2
    assert hoso("load", "--data", tmp_path / "no-node", data).returncode == 2


def test_a_serving_node_shows_what_is_loaded_into_it(tmp_path: Path) -> None:
    file = write(tmp_path / "hồ sơ 'mới'.ndjson", patient(id="a"), patient(id="b"))
    with running(tmp_path / "node") as server:
        assert server.request("GET", "/fhir/Patient/a")[0] == 404
        assert load(server.folder, file) == (summary(2, 2, 0, 0), 0)
        assert server.request("GET", "/fhir/Patient/a")[0] == 200
        assert json.loads(server.request("GET", "/fhir/Patient?_summary=count")[1])["total"] == 2


def test_the_report_is_in_the_language_asked_for(data: Path, tmp_path: Path) -> None:
    file = write(tmp_path / "a.ndjson", patient(id="a"), patient(id="b", birthDate="x"))
    done = warm.run(["--lang", "vi", "load", "--data", str(data), "--workers", "1", str(file)])
    assert done.returncode == 1
    assert "đã lưu" in done.stdout and "Các tài nguyên bị từ chối" in done.stdout


def test_a_citizen_code_with_a_typing_error_is_rejected_with_its_place(data: Path, tmp_path: Path) -> None:
    identifier = {"system": "https://hoso.vn/sid/citizen-code", "value": "9123456789013"}
    file = tmp_path / "p.ndjson"
    rows = [{"resourceType": "Patient", "id": "a", "identifier": [identifier]}, {"resourceType": "Patient", "id": "b"}]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    summary, code = load(data, file)
    assert (summary["stored"], summary["rejected"], code) == (1, 1, 1)
    (rejects,) = data.glob("rejects-*.ndjson")
    text = rejects.read_text("utf-8")
    assert "Patient.identifier[0].value" in text and "9123456789013" in text
