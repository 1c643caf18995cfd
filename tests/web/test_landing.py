"""Whoever signs in begins on a page that the role may see; the box stands only where it would find somebody."""

from __future__ import annotations

import http.client
from contextlib import closing
from urllib.parse import urlsplit

import pytest
from tests.security.people import session_of
from tests.web.conftest import PASSWORD, Site

from hoso import compose
from hoso.web.configure import configure
from hoso.web.roles import finds_people, staff

BEGINS = {
    "facility-administrator": "/staff", "auditor": "/trail", "national-health": "/", "provincial-health": "/",
    "privacy-officer": "/", "receptionist": "/",
}  # fmt: skip


@pytest.fixture(scope="module")
def sessions(site: Site) -> dict[str, str]:
    config = compose.load(site.folder)
    for role in BEGINS:
        compose.hire(config, f"begins-{role}", role, "35001", PASSWORD)
    configure(config)
    return {role: session_of(f"begins-{role}") for role in BEGINS}


@pytest.mark.parametrize("role", BEGINS)
def test_each_role_begins_where_it_may(site: Site, sessions: dict[str, str], role: str) -> None:
    def asked(path: str) -> tuple[int, str, str]:
        with closing(http.client.HTTPConnection(urlsplit(site.address).netloc, timeout=30)) as connection:
            connection.request("GET", path, headers={"Cookie": f"hoso_session={sessions[role]}; hoso_language=en"})
            answer = connection.getresponse()
            return answer.status, answer.headers.get("location", ""), answer.read().decode()

    status, to, body = asked("/?q=an")
    assert (status, to) == ((200, "") if BEGINS[role] == "/" else (302, BEGINS[role]))
    if to:
        status, _, body = asked(to)
        assert status == 200
    assert ('name="q"' in body) is finds_people(role)
    status, _, body = asked("/patients/nobody")
    assert status in (403, 404) and ('name="q"' in body) is finds_people(role)


def test_no_role_is_left_without_a_beginning() -> None:
    assert {role for role in staff() if not finds_people(role)} == {
        "administrator", "facility-administrator", "auditor", "provincial-health", "national-health"
    }  # fmt: skip
