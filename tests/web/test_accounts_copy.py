"""A backup of an earlier release, in which accounts had their role themselves, comes back with records of staff."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests import postgres
from tests.cli.serving import hoso
from tests.conftest import ENGINES

from hoso import compose
from hoso.web.accounts import copy, registry


@pytest.mark.parametrize("engine", ENGINES)
def test_accounts_of_an_older_backup_act_as_they_did(
    engine: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    old = compose.create(tmp_path / "old")
    compose.hire(old, "mai", "doctor", "35001", "mật-khẩu-đủ-dài-2026")
    rows = json.loads(copy.dump(old))
    for row in rows:
        fields = row["fields"]
        assert row["model"] == "accounts.account" and not fields.pop("former_role")
        fields |= {"role": "doctor", "facility": "35001", "practitioner": ""}
        del fields["former_facility"]
    with postgres.database(request.getfixturevalue("postgres_url")) as url:
        new = compose.create(tmp_path / "new", url if engine == "postgresql" else None)
        assert copy.restore(new, json.dumps(rows).encode()) == 1
        compose.prepare(new)
        node = compose.open(new.folder)
        who = registry.practitioner(new, "mai")
        assert [(post.role, post.facility) for post in node.organisation.posts.of(who)] == [("doctor", "35001")]
        assert hoso("doctor", "--data", new.folder).returncode == 0
        node.records.delete(compose.operator(new), "Practitioner", who)
        ill = hoso("--lang", "en", "doctor", "--data", new.folder)
        assert ill.returncode == 1 and f"mai: Practitioner/{who}" in ill.stdout
        node.close()
