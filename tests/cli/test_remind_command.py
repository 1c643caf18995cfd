"""`hoso remind` against a node with made-up people: whom it tells, that it tells once, and nothing of health."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import orjson
import pytest
from tests.cli.serving import hoso
from tests.web import people

from hoso import compose
from hoso.access import Actor, Errand, Scopes
from hoso.web.configure import configure


@pytest.fixture
def node(tmp_path: Path) -> Path:
    """The woman with diabetes has an account, and so has a man who cannot be reached."""
    folder = tmp_path / "node"
    config = compose.create(folder)
    opened = compose.open(folder)
    importer = Errand(Actor("node/test", Scopes.parse("system/*.cruds")), "SYSADMIN")
    for one in people.people(date.today()):  # noqa: DTZ011  (the made-up people live in the present)
        opened.records.update(importer, one["resourceType"], one["id"], orjson.dumps(one))
    appointment = {
        "resourceType": "Appointment", "id": "soon", "status": "booked", "description": "Tái khám",
        "start": f"{date.today().isoformat()}T23:58:00+07:00",  # noqa: DTZ011
        "end": f"{date.today().isoformat()}T23:59:00+07:00",  # noqa: DTZ011
        "participant": [{"actor": {"reference": "Patient/full"}, "status": "accepted"},
                        {"actor": {"reference": "Patient/plain"}, "status": "accepted"}],
    }  # fmt: skip
    opened.records.update(importer, "Appointment", "soon", orjson.dumps(appointment))
    rows = opened.store.people
    golden = rows.persons_of(rows.rids(["full", "plain"]).values())
    persons = rows.ids(list(golden.values()))
    opened.close()
    configure(config)
    from django.utils import timezone

    from hoso.web.accounts.models import Account

    for number, person in enumerate(persons.values()):
        Account.objects.create(username=f"c{number}", person=person, name="-", created=timezone.now())
    return folder


def test_who_has_an_account_is_told_once_and_of_no_illness(node: Path) -> None:
    first = hoso("remind", "--data", node)
    assert first.returncode == 0, first.stderr
    (file,) = (node / "reminders").iterdir()
    text = file.read_text("utf-8")
    assert text.startswith(f"sms: {people.FULL_PHONE}\n") and "/me" in text and "hồ sơ sức khỏe" in text
    for secret in ("Hạnh", "HbA1c", "đường", "Tái khám"):
        assert secret not in text
    assert "1" in first.stdout
    hoso("remind", "--data", node)
    assert len(list((node / "reminders").iterdir())) == 1


def test_a_message_that_could_not_be_written_is_told_by_the_next_run(node: Path, tmp_path: Path) -> None:
    blocked = tmp_path / "out"
    blocked.write_text("a file", "utf-8")
    assert hoso("remind", "--data", node, "--to", blocked).returncode == 1
    blocked.unlink()
    assert hoso("remind", "--data", node, "--to", blocked, "--in", "en").returncode == 0
    (file,) = blocked.iterdir()
    assert "things to do" in file.read_text("utf-8")


@pytest.mark.parametrize("days", ["-1", "61", "x"])
def test_days_that_are_none_are_refused(tmp_path: Path, days: str) -> None:
    refused = hoso("remind", "--data", tmp_path, "--days", days)
    assert refused.returncode == 2 and "--days" in refused.stderr
