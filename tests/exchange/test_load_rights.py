"""A file gives nobody a role, whatever it is wrapped in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.serving import hoso

from hoso import compose
from hoso.fhir.systems import ROLE
from hoso.web.accounts import registry


def role(who: str, coded: bool = True) -> dict[str, Any]:
    code = [{"coding": [{"system": ROLE, "code": "national-health"}]}] if coded else [{"text": "Bác sĩ"}]
    return {
        "resourceType": "PractitionerRole", "id": "r", "code": code,
        "practitioner": {"reference": f"Practitioner/{who}"}, "organization": {"identifier": {"value": "35001"}},
    }  # fmt: skip


def wrapped(kind: str, resource: dict[str, Any]) -> dict[str, Any]:
    if kind == "alone":
        return resource
    request = {"request": {"method": "PUT", "url": "PractitionerRole/r"}} if kind in ("transaction", "batch") else {}
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": resource, **request}]}


@pytest.mark.parametrize("kind", ["alone", "transaction", "batch", "collection"])
def test_a_file_gives_nobody_a_role_but_may_list_who_works_where(tmp_path: Path, kind: str) -> None:
    config = compose.create(tmp_path / "node")
    compose.hire(config, "mai", "nurse", "35001", "mật-khẩu-đủ-dài-2026")
    who = registry.practitioner(config, "mai")
    file = tmp_path / "file.json"
    for coded, code in ((True, 1), (False, 0)):
        file.write_text(json.dumps(wrapped(kind, role(who, coded))), "utf-8")
        done = hoso("load", "--data", tmp_path / "node", "--json", file)
        assert done.returncode == code, done.stdout + done.stderr
    node = compose.open(config.folder)
    assert [post.role for post in node.organisation.posts.of(who)] == ["nurse"]
    node.close()
