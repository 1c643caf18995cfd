"""When the last officer or administrator is gone, commands, /healthz and the administrator's page say so."""

from __future__ import annotations

from pathlib import Path

from tests.cli.serving import hoso, made, served
from tests.security.apps import Person, Site
from tests.security.people import hire, session_of

from hoso import compose
from hoso.access.audit.event import legible
from hoso.store import audit
from hoso.web.configure import configure


def test_a_vacant_office_is_an_alarm_until_somebody_holds_it_again(tmp_path: Path) -> None:
    folder = tmp_path / "node"
    with served(folder, made(folder)) as server:
        site = Site(server.address, folder, server.token)
        for username, role in (("vinh", "privacy-officer"), ("quang", "facility-administrator")):
            hire(site, username, role)

        def alarms(token: str) -> list[str]:
            answer = site.ask("GET", "/healthz", token=token)
            assert answer.status == 200
            return answer.body.decode().splitlines()[1:]

        configure(compose.load(folder))
        admin = Person(site, {"hoso_session": session_of("quang"), "hoso_language": "en"})
        assert alarms(server.token) == [] and b"Nobody can sign in" not in admin.get("/staff").body

        done = hoso("user", "disable", "--data", folder, "--username", "vinh")
        assert done.returncode == 0 and "ALARM: nobody can sign in as privacy-officer" in done.stderr
        assert "facility-administrator" not in done.stderr
        assert alarms(server.token) == ["alarm: nobody can sign in as privacy-officer"]
        assert alarms("") == alarms("wrong") == []  # a stranger learns nothing
        narrow = hoso("token", "create", "--data", folder, "--name", "lab", "--scope", "system/Observation.rs")
        assert alarms(narrow.stdout.strip()) == []
        assert b"Nobody can sign in as: Privacy officer." in admin.get("/staff").body
        assert "ALARM" in hoso("user", "list", "--data", folder).stderr
        assert "ALARM" in hoso("doctor", "--data", folder).stdout

        done = hoso("user", "unlock", "--data", folder, "--username", "vinh")
        assert done.returncode == 0 and "ALARM" not in done.stderr
        assert alarms(server.token) == []
    node = compose.open(folder)
    node.audit.sealer.settle()
    events = [legible(row.bytes) for row in audit.sealed(node.store.engine.reader(), 0, 100)]
    node.close()
    told = [(one.kind, one.what) for one in events if one is not None and one.kind.startswith("user-")]
    assert told[-2:] == [("user-disable", "user/vinh"), ("user-unlock", "user/vinh")]
