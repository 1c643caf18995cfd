"""`hoso destination` and `hoso send` between two nodes over real sockets: a visit arrives as it was, and once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from tests import postgres
from tests.cli.serving import Server, hoso, made, served
from tests.exchange.insurance.insurance_files import SUMMARY, Row, envelope, visit
from tests.exchange.outbound.gates import NAME, SECRET, gate

from hoso import compose
from hoso.exchange.insurance import read

FACILITY, BASIS = "01001", "Contract 12/2026 with the provincial insurance"
RESULT: Row = {"MA_LK": "LK001", "STT": "1", "MA_DICH_VU": "23.1", "TEN_CHI_SO": "Glucose", "GIA_TRI": "5.60"}
DRUG: Row = {"MA_LK": "LK001", "STT": "1", "TEN_THUOC": "Amoxicillin", "LIEU_DUNG": "2 viên", "DON_GIA": "1200.50"}


@pytest.fixture
def options(engine: str, request: pytest.FixtureRequest) -> Iterator[list[list[str]]]:
    """What `hoso init` is told of two nodes on each engine."""
    with ExitStack() as stack:
        if engine == "sqlite":
            yield [[], []]
        else:
            server = request.getfixturevalue("postgres_url")
            yield [["--database", stack.enter_context(postgres.database(server))] for _ in range(2)]


def facility(folder: Path) -> None:
    told = hoso("facility", "add", "--data", folder, "--code", FACILITY, "--kind", "regional", "--name", "Bệnh viện")
    assert told.returncode == 0, told.stderr


def secret(folder: Path, text: str) -> Path:
    file = folder.with_suffix(".secret")
    file.write_text(text)
    file.chmod(0o600)
    return file


def destination(folder: Path, file: Path, *more: object) -> None:
    told = hoso("destination", "add", "--data", folder, "--facility", FACILITY, "--basis", BASIS, "--secret-file", file,
                *more)  # fmt: skip
    assert told.returncode == 0, told.stderr


def sent(folder: Path, *more: object) -> list[dict[str, Any]]:
    told = hoso("send", "--data", folder, "--json", *more)
    assert told.returncode == 0, told.stdout + told.stderr
    return [json.loads(line) for line in told.stdout.splitlines()]


def rows(server: Server, id: str) -> dict[str, list[dict[str, str]]]:
    """A visit as 4750 again."""
    status, body = server.request("GET", f"/fhir/Encounter/{id}/$insurance-xml?dialect=4750&partial=true")
    assert status == 200, body
    [found] = read(BytesIO(body))
    return {table: [dict(row.values) for row in some] for table, some in found.tables.items()}


def visits(server: Server) -> list[str]:
    status, body = server.request("GET", "/fhir/Encounter")
    assert status == 200, body
    return [entry["resource"]["id"] for entry in json.loads(body).get("entry", ())]


def test_a_visit_goes_through_both_forms_and_is_the_same_there(options: list[list[str]], tmp_path: Path) -> None:
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    mine, other = made(ours, *options[0]), made(theirs, *options[1])
    for folder in (ours, theirs):
        facility(folder)
    (tmp_path / "a.xml").write_bytes(envelope(visit({"XML1": [SUMMARY], "XML2": [DRUG], "XML4": [RESULT]})))
    assert hoso("load", "--data", ours, tmp_path / "a.xml").returncode == 0
    account = hoso("gateway", "create", "--data", theirs, "--facility", FACILITY).stdout.strip()
    with served(ours, mine) as here, served(theirs, other) as there:
        destination(ours, secret(ours, account), "--name", "bhxh", "--url", f"{there.address}gateway", "--username",
                    FACILITY, "--dialect", "4750")  # fmt: skip
        [id] = visits(here)
        told = sent(ours, "--to", "bhxh", "--visit", id, "--partial", "--wait", "60")
        assert [(one["state"], one["withheld"]) for one in told] == [("delivered", 0)], told
        assert told[0]["number"]
        [arrived] = visits(there)
        assert rows(there, arrived) == rows(here, id)
        assert rows(here, id)["XML1"][0]["HO_TEN"] == SUMMARY["HO_TEN"]
        again = sent(ours, "--to", "bhxh", "--since", "2026-07-01", "--partial", "--wait", "60")
        assert [one["state"] for one in again] == ["unchanged"]
        destination(ours, secret(ours, other), "--name", "fhir", "--url", f"{there.address}fhir", "--as", "fhir",
                    "--purpose", "TREAT")  # fmt: skip
        told = sent(ours, "--to", "fhir", "--visit", id, "--wait", "60")
        assert [one["state"] for one in told] == ["delivered"], told
        assert id in visits(there)
        assert rows(there, id) == rows(here, id)
        stood = sent(ours, "status")
        assert [(one["to"], one["state"]) for one in stood] == [
            ("fhir", "delivered"), ("bhxh", "unchanged"), ("bhxh", "delivered"),
        ]  # fmt: skip
        assert here.stop() == there.stop() == 0


def test_destinations_are_added_listed_and_removed_and_no_secret_is_an_argument(tmp_path: Path) -> None:
    node = tmp_path / "node"
    compose.create(node)
    add = ("destination", "add", "--data", node, "--name", "bhxh", "--url", "https://egw.example.vn", "--basis", BASIS,
           "--username", "01001_BV", "--facility", FACILITY)  # fmt: skip
    unknown = hoso(*add)
    assert unknown.returncode == 1 and "hoso facility add" in unknown.stderr
    facility(node)
    bare = hoso(*add)
    assert bare.returncode == 1 and "--secret-file" in bare.stderr
    file = secret(node, "the password")
    file.chmod(0o640)
    shared = hoso(*add, "--secret-file", file)
    assert shared.returncode == 1 and "chmod 600" in shared.stderr
    file.chmod(0o600)
    assert hoso(*add, "--secret-file", file).returncode == 0
    listed = hoso("destination", "list", "--data", node).stdout
    assert listed.startswith(f"bhxh\tinsurance-xml\t{FACILITY}\tHPAYMT\thttps://egw.example.vn\tin use\t{BASIS}")
    assert "the password" not in listed
    plain = hoso(*add, "--secret-file", file, "--url", "http://egw.example.vn")
    assert plain.returncode == 1 and "plain http" in plain.stderr
    assert hoso("destination", "remove", "--data", node, "--name", "bhxh").returncode == 0
    assert "removed 2" in hoso("destination", "list", "--data", node).stdout
    assert hoso("destination", "remove", "--data", node, "--name", "bhxh").returncode == 1


def test_what_cannot_be_asked_is_refused_in_a_sentence(tmp_path: Path) -> None:
    node = tmp_path / "node"
    compose.create(node)
    facility(node)
    with gate() as receiver:
        destination(node, secret(node, SECRET), "--name", "bhxh", "--url", receiver.url, "--username", NAME)
        wanted = {
            (): "--visit or --since",
            ("--to", "bhxh"): "--visit or --since",
            ("--to", "nobody", "--visit", "x"): "hoso destination list",
            ("--to", "bhxh", "--visit", "x"): "There is no visit x",
            ("--to", "bhxh", "--visit", "x", "--as", "fhir"): "insurance-xml, not fhir",
            ("--to", "bhxh", "--since", "2026-01-01", "--facility", "01002"): "visits of 01001",
            ("--to", "bhxh", "--since", "yesterday"): "is no day",
            ("--to", "bhxh", "--since", "2026-01-01", "--out", str(tmp_path / "o")): "one --visit",
        }
        for given, words in wanted.items():
            told = hoso("send", "--data", node, *given)
            assert told.returncode in (1, 2) and words in told.stderr, given
        nothing = hoso("send", "--data", node, "--to", "bhxh", "--since", "2026-01-01", "--wait", "5")
        assert nothing.returncode == 0 and receiver.heard == []


def test_a_visit_is_written_to_a_file_or_told_as_refused(tmp_path: Path) -> None:
    node, out = tmp_path / "node", tmp_path / "visit.xml"
    compose.create(node)
    facility(node)
    (tmp_path / "a.xml").write_bytes(envelope(visit({"XML1": [SUMMARY]})))
    assert hoso("load", "--data", node, tmp_path / "a.xml").returncode == 0
    with gate() as receiver:
        destination(node, secret(node, SECRET), "--name", "bhxh", "--url", receiver.url, "--username", NAME)
        [asked] = sent(node, "--to", "bhxh", "--since", "2026-07-01", "--partial")
        assert (asked["queued"], asked["waiting"]) == (1, 0)
        [waits] = sent(node, "status", "--state", "waiting")
        write = ("send", "--data", node, "--to", "bhxh", "--visit", waits["visit"], "--partial", "--out", out)
        assert hoso(*write).returncode == 0 and receiver.heard == []
        [found] = read(BytesIO(out.read_bytes()))
        assert found.rows("XML1")[0].get("HO_TEN") == SUMMARY["HO_TEN"] and out.stat().st_mode & 0o777 == 0o600
        there = hoso(*write)
        assert there.returncode == 1 and "cannot be written" in there.stderr
        fault = {"viTri": "HOSO[1].XML1[1].MA_THE_BHYT", "moTa": "Mã thẻ không hợp lệ"}
        receiver.answers = [{"maKetQua": "205", "thongDiep": "lỗi", "dsLoi": [{"loi": [fault]}]}]
        told = hoso("send", "--data", node, "--to", "bhxh", "--visit", waits["visit"], "--partial", "--wait", "30",
                    "--dialect", "4750")  # fmt: skip
        assert told.returncode == 1 and "refused" in told.stdout
        assert "HOSO[1].XML1[1].MA_THE_BHYT: The receiver: Mã thẻ không hợp lệ" in told.stdout
        states = [one["state"] for one in sent(node, "status", "--to", "bhxh")]
        assert states == ["refused", "replaced"]


def test_the_role_of_a_destination_is_nobodys(tmp_path: Path) -> None:
    compose.create(tmp_path / "node")
    told = hoso(
        "user", "create", "--data", tmp_path / "node", "--username", "an", "--role", "sender", "--facility", FACILITY
    )
    assert told.returncode != 0 and "sender" in told.stderr
