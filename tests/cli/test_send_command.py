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
