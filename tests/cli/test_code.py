"""`hoso code`: from the centre's lease to a card printed at a station without a line."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp
from tests.cli.serving import hoso

from hoso.core import citizen_code


@pytest.fixture
def centre(tmp_path: Path) -> Path:
    assert hoso("init", "--data", tmp_path / "centre").returncode == 0
    return tmp_path / "centre"


@pytest.fixture
def station(tmp_path: Path) -> Path:
    hoso("init", "--data", tmp_path / "station", "--station")
    return tmp_path / "station"


def said(*arguments: object, code: int = 0) -> str:
    done = hoso("code", *arguments)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stdout + done.stderr


def node_id(folder: Path) -> str:
    return hoso("code", "status", "--data", folder).stdout.split()[1]


def scanned(pdf: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            for one in zxingcpp.read_barcodes(page.render(scale=300 / 72).to_pil()):
                found.setdefault(one.format.name, []).append(one.text)
    return found


def test_a_station_prints_cards_from_a_lease(centre: Path, station: Path, tmp_path: Path) -> None:
    lease = tmp_path / "lease"
    said("lease", "--data", centre, "--facility", "97001", "--node", node_id(station), "--number", 20, "--out", lease)
    assert stat.S_IMODE(lease.stat().st_mode) == 0o600
    assert "hoso code trust" in said("import", "--data", station, lease, code=1)
    said("trust", "--data", station, said("key", "--data", centre).strip())
    assert "imported 20 codes" in said("import", "--data", station, lease)
    assert "imported before" in said("import", "--data", station, lease)
    pdf = tmp_path / "cards.pdf"
    said("card", "--data", station, "--new", 3, "--sheet", "--out", pdf)
    found = scanned(pdf)
    assert len(found["Code128"]) == 3
    assert sorted(qr[1:14] for qr in found["QRCode"]) == sorted(found["Code128"])
    status = said("status", "--data", station, code=1)
    assert "17 of 20 left" in status and "hoso code lease" in status
    one = said("status", "--data", station, citizen_code.show(found["Code128"][0]))
    assert "given out" in one
    assert "leased" in said("status", "--data", centre, found["Code128"][0])
    assert not {"codes", "signing"} & {file.name for file in (station / "keys").iterdir()}


def test_a_card_shows_the_person_who_has_the_code(centre: Path, tmp_path: Path) -> None:
    code = citizen_code.make(77)
    patient = {
        "resourceType": "Patient",
        "id": "a",
        "birthDate": "1967-03-12",
        "name": [{"text": "Nguyễn Thị Hạnh"}],
        "identifier": [{"system": "https://hoso.vn/sid/citizen-code", "value": code}],
    }
    (tmp_path / "p.json").write_text(json.dumps(patient), "utf-8")
    assert hoso("load", "--data", centre, tmp_path / "p.json").returncode == 0
    said("card", "--data", centre, citizen_code.show(code), "--details", "--out", tmp_path / "a.pdf")
    found = scanned(tmp_path / "a.pdf")
    assert found["Code128"] == [code]
    assert found["QRCode"][0][1:14] == code and found["QRCode"][0][19:31] == "142008001967"
    with pypdfium2.PdfDocument(tmp_path / "a.pdf") as document:
        assert "Nguyễn Thị Hạnh" in document[0].get_textpage().get_text_bounded()


def test_what_cannot_be_done_is_a_sentence(centre: Path, station: Path, tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.write_text("x")
    pdf = tmp_path / "x.pdf"
    own = ("--data", centre)
    assert "already there" in said("card", *own, "--new", 1, "--out", taken, code=1)
    assert "no folder" in said("card", *own, "--new", 1, "--out", tmp_path / "no" / "x.pdf", code=1)
    assert "typing error" in said("card", *own, "9123456789012", "--out", pdf, code=1)
    assert "typing error" in said("status", *own, "123", code=1)
    assert "no record carries it" in said("card", *own, citizen_code.make(5), "--out", pdf, code=1)
    assert "say what to print" in said("card", *own, "--out", pdf, code=1)
    assert "no lease" in said("import", *own, taken, code=1)
    assert "cannot be read" in said("import", *own, tmp_path / "nothing", code=1)
    assert "--days" in said("lease", *own, "--facility", 1, "--node", 1, "--days", 0, "--out", pdf, code=1)
    assert "number of codes" in said("lease", *own, "--facility", 1, "--node", 1, "--number", 0, "--out", pdf, code=1)
    assert "no key" in said("trust", "--data", station, "abc", code=1)
    assert "station" in said("key", "--data", station, code=1)
    assert "Only 0 leased" in said("card", "--data", station, "--new", 1, "--out", pdf, code=1)
    assert not pdf.exists()
    assert "0 codes given" in said("status", *own)


def test_a_backup_carries_the_keys_of_the_centre(centre: Path, tmp_path: Path) -> None:
    said("card", "--data", centre, "--new", 1, "--out", tmp_path / "1.pdf")
    assert hoso("backup", "--data", centre, tmp_path / "b", "--keys", tmp_path / "k").returncode == 0
    assert hoso("restore", "--data", tmp_path / "again", tmp_path / "b", "--keys", tmp_path / "k").returncode == 0
    said("card", "--data", tmp_path / "again", "--new", 1, "--out", tmp_path / "2.pdf")
    first, second = (scanned(tmp_path / f"{n}.pdf")["Code128"] for n in (1, 2))
    assert first != second
    assert said("key", "--data", tmp_path / "again") == said("key", "--data", centre)
