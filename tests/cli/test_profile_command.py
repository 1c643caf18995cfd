"""`hoso profile load`, with packages that are whole and packages that are not."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from hoso import compose
from hoso.cli.main import main

LINES = [
    {"resourceType": "Patient", "id": "l1", "active": True},
    {"resourceType": "Patient", "id": "l2", "name": [{"text": "An"}]},
    {"resourceType": "Bundle", "type": "collection", "entry": [
        {"resource": {"resourceType": "Patient", "id": "l3", "active": True}},
        {"resource": {"resourceType": "Patient", "id": "l4", "name": [{"text": "Ba"}]}},
    ]},
    {"resourceType": "Bundle", "type": "transaction", "entry": [
        {"resource": {"resourceType": "Patient", "id": "l5", "active": True},
         "request": {"method": "PUT", "url": "Patient/l5"}},
        {"resource": {"resourceType": "Patient", "id": "l6", "name": [{"text": "Ca"}]},
         "request": {"method": "PUT", "url": "Patient/l6"}},
    ]},
]  # fmt: skip
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


def test_a_node_takes_in_only_what_holds_the_profiles_its_settings_ask_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node = tmp_path / "node"
    compose.create(node)
    (tmp_path / "old.json").write_text(json.dumps({"resourceType": "Patient", "id": "old", "active": True}))
    (tmp_path / "n.json").write_text(json.dumps(NAMED))
    (tmp_path / "new.ndjson").write_text("\n".join(map(json.dumps, LINES)))

    def hoso(*arguments: object) -> tuple[int, str, str]:
        code = main(["--lang", "en", *map(str, arguments), "--data", str(node)])
        return code, *capsys.readouterr()

    assert hoso("load", "--json", tmp_path / "old.json")[0] == 0
    config = node / "config.toml"
    config.write_text(config.read_text().replace("require = {}", f'require = {{ Patient = ["{URL}"] }}'))
    for command in (("serve", "--port", 0), ("load", tmp_path / "old.json")):
        code, _, errors = hoso(*command)
        assert code != 0 and f"not known here (hoso profile load): Patient = {URL}" in errors, errors
    assert "FAULT  records against the profiles asked for" in hoso("doctor")[1]
    assert hoso("profile", "load", tmp_path / "n.json")[0] == 0
    code, said, _ = hoso("load", "--json", "--workers", 1, tmp_path / "old.json", tmp_path / "new.ndjson")
    assert json.loads(said.splitlines()[-1]) == {"read": 7, "stored": 2, "unchanged": 1, "rejected": 4}
    rejects = next(node.glob("rejects-*")).read_text()
    assert '"Bundle.entry[0].resource.name"' in rejects and '"Patient.name"' in rejects
    code, said, _ = hoso("doctor")
    assert code == 0 and "Patient: 1 would not be taken in today, Patient/old is the first." in said
    config.write_text(config.read_text().replace("Patient = ", "Patent = "))
    assert "[profiles] require: Patent is no resource type" in hoso("doctor")[2]


def test_search_parameters_of_a_package_become_records_and_those_that_cannot_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    node = tmp_path / "node"
    compose.create(node)
    own = {
        "resourceType": "SearchParameter", "id": "tribe", "url": "http://example.vn/SearchParameter/tribe",
        "name": "tribe", "status": "active", "description": "x", "code": "tribe", "base": ["Patient"], "type": "token",
        "expression": "Patient.maritalStatus",
    }  # fmt: skip
    taken = own | {"id": "taken", "url": "http://example.vn/SearchParameter/taken", "code": "gender"}
    draft = own | {"id": "draft", "url": "http://example.vn/SearchParameter/draft", "status": "draft"}
    found = {f"package__{one['id']}.json": json.dumps(one).encode() for one in (own, taken, draft)}
    whole = package(tmp_path / "whole.tgz", **found)

    def load() -> str:
        assert main(["--lang", "en", "profile", "load", str(whole), "--data", str(node)]) == 0
        return capsys.readouterr().out

    said = load()
    assert "Search parameter tribe: kept as SearchParameter/tribe" in said and "draft" not in said
    assert 'Search parameter gender is not searched by: SearchParameter.code: Patient is searched by "gender"' in said
    assert "tribe" not in load(), "what is kept already is not said again"
    opened = compose.open(node)
    try:
        assert [one.record for one in opened.store.added.parameters] == ["tribe"]
    finally:
        opened.close()
