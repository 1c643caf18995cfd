"""Nothing secret and nothing of a record is in what a server writes: sign-in, tokens, faults of every kind."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import pytest
from tests import postgres
from tests.cli.serving import HOSO
from tests.conftest import ENGINES
from tests.security.apps import App, Key, Person, Site
from tests.security.people import PASSWORD, hire

from hoso import compose
from hoso.cli.discretion import Discreet

RECORD = "Xaxoi-Benh-Nhan"


class Written(NamedTuple):
    site: Site
    log: Path


@pytest.fixture(params=ENGINES)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Written]:
    """A server of which every line goes to a file."""
    with ExitStack() as stack:
        url = None
        if request.param == "postgresql":
            url = stack.enter_context(postgres.database(request.getfixturevalue("postgres_url")))
        folder, log = tmp_path / "node", tmp_path / "log"
        compose.create(folder, url)
        node = compose.open(folder)
        token = node.tokens.create("operator", "system/*.cruds")
        node.close()
        command = [str(HOSO), "--lang", "en", "serve", "--data", str(folder), "--port", "0", "--workers", "1"]
        with log.open("wb") as out:
            process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
        try:
            yield Written(Site(_address(log), folder, token, None), log)  # type: ignore[arg-type]
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _address(log: Path) -> str:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        if found := re.search(r"http://127\.0\.0\.1:\d+", log.read_text()):
            return found[0]
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def test_no_secret_and_nothing_of_a_record_is_in_what_a_server_writes(written: Written) -> None:
    site = written.site
    secrets = {site.token, PASSWORD}
    said: list[bytes] = []

    # Sign-in: wrong, right, with the code, and the password where the name belongs.
    staff = hire(site, "mai")
    codes = list(staff.codes)
    assert staff.password(staff.browser(), "sai-mat-khau-cua-toi").status != 302
    staff.browser().post("/sign-in", staff.browser().get("/"), login=PASSWORD, password="x")
    browser = staff.signed_in()
    secrets |= {*browser.cookies.values(), "sai-mat-khau-cua-toi", *codes}
    said += [browser.get(path).body for path in ("/", "/account", "/patients/none", "/nothing")]

    # Tokens of apps and systems.
    client = site.client(scopes="openid fhirUser offline_access user/Patient.rs")
    app = App(site, client.client_id, "openid fhirUser offline_access user/Patient.rs")
    told = app.tokens(browser)
    secrets |= {told["access_token"], told["refresh_token"], app.verifier}
    app.refresh(told["refresh_token"])
    app.refresh(told["refresh_token"])
    key = Key()
    system = site.client("backend", "system/Patient.rs", jwks=key.jwks)
    assertion = key.signed(key.claims(site, system.client_id))
    granted = key.token(site, system.client_id, "system/Patient.rs", assertion)
    secrets |= {assertion, granted.json["access_token"]}
    said.append(key.token(site, system.client_id, "system/Patient.rs", assertion).body)
    said.append(site.ask("GET", "/fhir/Patient", token=granted.json["access_token"] + "x").body)

    # Records: stored, refused, and faults with the record in hand.
    record = {"resourceType": "Patient", "id": "p", "name": [{"text": RECORD}]}
    assert site.ask("PUT", "/fhir/Patient/p", record, site.token).status == 201
    said.append(
        site.ask("PUT", "/fhir/Patient/p", record | {"bad": RECORD}, site.token).body.replace(RECORD.encode(), b"")
    )
    _break(site.folder)
    broken = site.ask("PUT", "/fhir/Patient/p", record, site.token)
    assert broken.status >= 500
    said.append(broken.body)
    said += [
        site.ask("GET", path, token=site.token).body for path in ("/fhir/Patient/p", f"/fhir/Patient?name={RECORD}")
    ]
    said += [browser.get(path).body for path in (f"/?q={RECORD}", "/patients/p", "/account/sessions")]
    said += [Person(site).post("/sign-in", Person(site).get("/"), login="mai", password=PASSWORD).body]

    time.sleep(0.5)
    log = written.log.read_text("utf-8", "replace")
    assert "Traceback" in log or "File " in log, "the faults left no trace at all"
    keys = {file.read_text("ascii", "replace").strip() for file in (site.folder / "keys").iterdir()}
    for secret in secrets | keys:
        assert len(secret) > 5
        assert secret not in log, secret[:6]
        assert not [page for page in said if secret.encode() in page], secret[:6]
    assert RECORD not in log
    assert "Traceback" not in b"".join(said).decode("utf-8", "replace")


def _break(folder: Path) -> None:
    """Takes the tables away under the server, as damage or a wrong upgrade would."""
    node = compose.open(folder)
    for table in ("resource", "label"):
        node.store.engine.transact(lambda c, t=table: c.rows(f"ALTER TABLE {t} RENAME TO {t}_gone"))  # type: ignore[misc]
    node.close()


def test_of_an_exception_only_its_kind_and_its_places_are_written() -> None:
    try:
        try:
            raise ValueError(f"row ({PASSWORD})")
        except ValueError as error:
            raise RuntimeError(f"again {PASSWORD}") from error
    except RuntimeError as error:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "fault %s", ("ab12",), (RuntimeError, error, None))
    text = Discreet("%(message)s").format(record)
    assert "fault ab12" in text and "builtins.ValueError" in text and "builtins.RuntimeError" in text
    assert PASSWORD not in text and "test_secrets_in_logs" in text
