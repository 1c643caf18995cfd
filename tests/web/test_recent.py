"""Whom one looked at last: on the first page of the same session, and nowhere else."""

from __future__ import annotations

import re

import pytest
from tests.web.conftest import PASSWORD, Site
from tests.web.test_accounts import Client

pytestmark = pytest.mark.xdist_group("browser")


def links(client: Client) -> list[str]:
    return list(dict.fromkeys(re.findall(r'href="/patients/([^"/]+)"', client.ask("/")[1])))


def opened(site: Site, people: tuple[str, ...]) -> Client:
    client = Client(site)
    assert client.sign_in("mai", PASSWORD)[0] == 200
    for id in people:
        assert client.ask(f"/patients/{id}")[0] == 200
    return client


def found(client: Client) -> tuple[str, ...]:
    """Two people of the node."""
    ids = re.findall(r'href="/patients/([^"/]+)"', client.ask("/?q=Nguyen")[1])
    return tuple(dict.fromkeys(ids))[:2]


def test_the_last_one_stands_first_and_each_stands_once(site: Site) -> None:
    client = opened(site, ())
    one, two = found(client)
    for id in (one, two, one, one):
        client.ask(f"/patients/{id}")
    assert links(client) == [one, two]


def test_nothing_of_it_is_left_after_signing_out_not_even_for_who_kept_the_cookie(site: Site) -> None:
    client = opened(site, ())
    client.ask(f"/patients/{found(client)[0]}")
    kept = next(cookie for cookie in client.jar if cookie.name == "hoso_recent")
    assert "HttpOnly" in kept._rest  # type: ignore[attr-defined]
    client.ask("/sign-out", {"csrfmiddlewaretoken": client.csrf()})
    assert all(cookie.name != "hoso_recent" for cookie in client.jar)
    assert client.sign_in("mai", PASSWORD)[0] == 200
    assert links(client) == []
    client.jar.set_cookie(kept)
    assert links(client) == []
