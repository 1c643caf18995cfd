"""What happens about apps and systems stands in the audit log."""

from __future__ import annotations

from collections.abc import Callable

from tests.security.apps import App, Key, Person, Site
from tests.security.conftest import hoso

from hoso import compose
from hoso.access.audit import Event
from hoso.access.audit.event import read
from hoso.access.noise import Noise

SignIn = Callable[[str], Person]


def events(site: Site, about: str) -> list[Event]:
    node = compose.open(site.folder)
    try:
        node.store.engine.gather()
        rows = node.store.engine.reader().rows("SELECT bytes FROM audit_event ORDER BY id")
        return [event for event in (read(bytes(text)) for (text,) in rows) if about in event.what]
    finally:
        node.close()


def test_an_apps_way_is_told_from_the_launch_to_the_end(site: Site, person: SignIn) -> None:
    scope = "launch offline_access patient/Patient.r"
    client = site.client(scopes=scope, launch="https://app.example.vn/launch").client_id
    app, somebody = App(site, client, scope), person("mai")
    page = somebody.get("/patients/p1/apps")
    location = somebody.post("/patients/p1/apps/open", page, client=client).headers["location"]
    told = app.tokens(somebody, launch=location.rpartition("launch=")[2])
    app.refresh(told["refresh_token"])
    app.refresh(told["refresh_token"])
    somebody.post("/connected-apps/withdraw", somebody.get("/connected-apps"), client=client)
    found = [event for event in events(site, client) if event.kind not in ("read", "view")]
    assert [(event.kind, event.outcome) for event in found] == [
        ("app-opened", "ok"), ("app-let-in", "ok"), ("token", "ok"), ("token", "ok"), ("token", "denied"),
        ("app-withdrawn", "ok"),
    ]  # fmt: skip
    opened, let_in = found[:2]
    assert opened.patient and opened.patient == let_in.patient and let_in.channel == "screen"
    assert {event.actor for event in found} == {"user/mai", "anyone"}
    assert (opened.role, opened.facility) == ("doctor", "35001") and found[4].reason == "invalid_grant"
    assert told["access_token"] not in str(found) and told["refresh_token"] not in str(found)


def test_a_system_is_told_by_its_own_name_and_a_stranger_by_none(site: Site) -> None:
    key = Key()
    client = site.client("backend", "system/Patient.r", jwks=key.jwks).client_id
    key.token(site, client, "system/Patient.r")
    for _ in range(5):
        key.token(site, client, "system/Patient.r", "x.y.z", client_id=client)
    found = events(site, client)
    assert (found[0].actor, found[0].outcome) == (f"client/{client}", "ok")
    refused = found[1:]
    assert 1 <= len(refused) <= 5 and {(e.actor, e.outcome, e.reason) for e in refused} == {
        ("anyone", "denied", "invalid_client")
    }


def test_decisions_are_told_by_page_and_by_command(site: Site, person: SignIn) -> None:
    waiting = site.client(scopes="user/Patient.r", approved=False).client_id
    admin = person("quang")
    admin.post("/clients/decide", admin.get("/clients"), client=waiting, decision="approve")
    assert hoso(site.folder, "client", "revoke", "--client", waiting).returncode == 0
    found = events(site, waiting)
    assert [(event.kind, event.channel) for event in found] == [
        ("client-approved", "screen"),
        ("client-revoked", "command"),
    ]
    assert found[0].actor == "user/quang" and found[1].actor.startswith("operator/")


def test_a_flood_of_the_same_refusal_is_told_once_a_second() -> None:
    clock = [0.0]
    noise = Noise(lambda: clock[0])
    assert [noise.first(("a",)) for _ in range(3)] == [True, False, False] and noise.first(("b",))
    clock[0] = 1.0
    assert noise.first(("a",))
