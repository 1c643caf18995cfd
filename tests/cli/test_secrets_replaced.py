"""Secrets that sign and hash are changed: what was made before holds until the day that is said, and no longer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests import postgres
from tests.cli.serving import hoso, made, served
from tests.cli.test_send_command import destination, facility, secret
from tests.conftest import ENGINES
from tests.security.apps import Person, Site
from tests.security.people import Staff, hire

from hoso import compose
from hoso.core.keychain import Former
from hoso.keyfolder import read_former, write_former
from hoso.replacing import HELD
from hoso.web.accounts import registry

SECRET = "matkhau-cong"  # of an invented house


@dataclass
class House:
    folder: Path
    token: str

    @contextmanager
    def served(self) -> Iterator[Site]:
        with served(self.folder, self.token) as server:
            yield Site(server.address, self.folder, self.token)
            assert server.stop() == 0

    def asked_for(self) -> str:
        """The secret of the destination, as the next sending would say it."""
        node = compose.open(self.folder)
        try:
            one = node.outbox.destinations.living("gate")
            assert one is not None
            return node.outbox.destinations.means(one).secret
        finally:
            node.close()

    def end(self, name: str) -> None:
        """The time of the key of before is over."""
        file = self.folder / "keys" / f"{name}.former"
        write_former(file, [replace(one, until=datetime.now(UTC) - timedelta(1)) for one in read_former(file)])


@pytest.fixture(params=ENGINES)
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    with ExitStack() as stack:
        options: list[object] = []
        if request.param == "postgresql":
            options = ["--database", stack.enter_context(postgres.database(request.getfixturevalue("postgres_url")))]
        folder = tmp_path / "node"
        token = made(folder, *options)
        facility(folder)
        destination(folder, secret(folder, SECRET), "--name", "gate", "--url", "https://gate.example.vn/x",
                    "--as", "fhir")  # fmt: skip
        yield House(folder, token)


def signed_in(site: Site, staff: Staff) -> Person:
    staff.site = site
    return staff.signed_in()


def kids(site: Site) -> list[str]:
    return [one["kid"] for one in site.ask("GET", "/oauth/jwks").json["keys"]]


def inside(site: Site, browser: Person) -> bool:
    browser.site = site
    return b'id="password"' not in browser.get("/").body


def test_what_was_made_before_holds_until_its_day_and_secrets_kept_are_sealed_anew(house: House) -> None:
    with house.served() as site:
        staff = hire(site, "mai")
        browser, before = signed_in(site, staff), kids(site)
        for number in range(3):
            one = {"resourceType": "Organization", "id": f"o{number}", "active": True, "name": f"Trạm {number}"}
            assert site.ask("PUT", f"/fhir/Organization/o{number}", one, house.token).status == 201
        answer = site.fhir_get("Organization?_count=1", house.token)
        page = next(link["url"] for link in answer.json["link"] if link["relation"] == "next").partition("/fhir/")[2]
        for name in HELD:
            refused = hoso("key", "rotate", name, "--data", house.folder)
            assert refused.returncode == 1 and "serves" in refused.stderr
    keys = {name: (house.folder / "keys" / name).read_text() for name in ("web", "links", "openid")}
    for name in HELD:
        done = hoso("key", "rotate", name, "--data", house.folder)
        assert done.returncode == 0 and "holds until" in done.stdout, done.stderr
    assert all((house.folder / "keys" / name).read_text() != text for name, text in keys.items())
    assert {file.stat().st_mode & 0o777 for file in (house.folder / "keys").iterdir()} == {0o600}

    with house.served() as site:
        assert inside(site, browser)
        assert site.fhir_get(page, house.token).status == 200
        assert before[0] in kids(site) and len(kids(site)) == 2
        assert inside(site, signed_in(site, staff))  # by a code on paper of before
        told = site.fhir_get("AuditEvent?_count=200", house.token).body.decode()
        assert all(f"{name} held" in told for name in HELD)
    assert house.asked_for() == SECRET
    for name in HELD:
        house.end(name)

    with house.served() as site:
        assert not inside(site, browser)
        assert site.fhir_get(page, house.token).status == 400
        assert before[0] not in kids(site) and len(kids(site)) == 1
        config = compose.load(house.folder)
        registry.prove(config, "mai", *proof(house))  # the authenticator was sealed anew
        with pytest.raises(AssertionError):
            signed_in(site, staff)  # the codes on paper have ended
    assert house.asked_for() == SECRET


def proof(house: House) -> tuple[str, str]:
    from tests.security.people import PASSWORD

    from hoso.web.configure import configure

    config = compose.load(house.folder)
    configure(config)
    from allauth.mfa.adapter import get_adapter
    from allauth.mfa.models import Authenticator

    row = Authenticator.objects.get(user__username="mai", type=Authenticator.Type.TOTP)
    return PASSWORD, registry.code_now(config, get_adapter().decrypt(row.data["secret"]))


@pytest.mark.parametrize("line", ["", "zz 2026-01-01T00:00:00Z", "00", "00 yesterday"])
def test_a_broken_file_of_former_keys_is_said(tmp_path: Path, line: str) -> None:
    folder = tmp_path / "node"
    made(folder)
    file = folder / "keys/web.former"
    file.touch(mode=0o600)
    file.write_text(f"{line}\n")
    told = hoso("doctor", "--data", folder, "--json")
    assert told.returncode != 0 and "web.former" in told.stderr and "Traceback" not in told.stderr


def test_a_key_written_down_and_not_replaced_yet_harms_nothing(tmp_path: Path) -> None:
    """A kill between the two: the key of before is that of now, and the next change goes its way."""
    folder = tmp_path / "node"
    made(folder)
    key = bytes.fromhex((folder / "keys/links").read_text())
    write_former(folder / "keys/links.former", [Former(key, datetime.now(UTC) + timedelta(1))])
    assert hoso("key", "rotate", "links", "--data", folder).returncode == 0
    assert [one.key for one in read_former(folder / "keys/links.former")] == [key]
    assert json.loads(hoso("doctor", "--data", folder, "--json").stdout)["ok"]
