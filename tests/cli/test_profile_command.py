"""`hoso profile load`, with packages that are whole and packages that are not."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from hoso import compose
from hoso.cli.main import main

URL = "http://example.vn/StructureDefinition/named"
NAMED = {
    "resourceType": "StructureDefinition", "url": URL, "version": "2", "type": "Patient", "kind": "resource",
    "derivation": "constraint", "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "differential": {"element": [{"id": "Patient.name", "path": "Patient.name", "min": 1}]},
}  # fmt: skip


def package(path: Path, **members: bytes) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, body in members.items():
            entry = tarfile.TarInfo(name.replace("__", "/"))
            entry.size = len(body)
            tar.addfile(entry, io.BytesIO(body))
    return path


def test_packages_folders_and_files_are_loaded_and_bad_ones_change_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node = tmp_path / "node"
    compose.create(node)

    def profile(*arguments: object) -> tuple[int, str, str]:
        code = main(["--lang", "en", "profile", *map(str, arguments), "--data", str(node)])
        return code, *capsys.readouterr()

    body = json.dumps(NAMED).encode()
    bad = {
        "broken.tgz": "no FHIR package", "cut.tgz": "no FHIR package", "bomb.tgz": "larger than any",
        "text.tgz": "a.json: ", "none.tgz": "No definition", "missing.tgz": "cannot be opened",
    }  # fmt: skip
    (tmp_path / "broken.tgz").write_bytes(b"no archive")
    whole = package(
        tmp_path / "whole.tgz", package__a=b"", **{"package__n.json": body, "package__example__e.json": b"?"}
    )
    (tmp_path / "cut.tgz").write_bytes(whole.read_bytes()[:150])
    package(tmp_path / "bomb.tgz", **{"package__a.json": b" " * 65_000_000})
    package(tmp_path / "text.tgz", **{"package__a.json": b'{"resourceType": }'})
    package(tmp_path / "none.tgz", **{"package__package.json": b"{}"})
    for name, words in bad.items():
        code, _, errors = profile("load", tmp_path / name)
        assert (code, words in errors) == (1, True), (name, errors)
        assert errors.strip().endswith("Nothing was loaded."), errors
    assert URL not in profile("list")[1]
    assert profile("load", whole)[:2] == (0, "Read: StructureDefinition 1.\n1 stored, 0 unchanged.\n")
    assert profile("load", whole)[1].endswith("0 stored, 1 unchanged.\n")
    assert f"{URL}\t2\tPatient\n" in profile("list")[1]
    climbing = package(tmp_path / "climbing.tgz", **{"..__..__x.json": body, "package__m.json": body})
    assert profile("load", climbing)[0] == 0
    assert not (tmp_path.parent / "x.json").exists()
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "m.json").write_bytes(json.dumps(NAMED | {"version": "3"}).encode())
    assert profile("load", folder)[1].endswith("1 stored, 0 unchanged.\n")
    assert f"{URL}\t3\tPatient\n" in profile("list")[1]
