"""Case 7: the link to the next page is good for who asked, with the same question, for as long as they may ask it."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from tests.security.apps import Person
from tests.security.conftest import hoso
from tests.security.people import hire
from tests.security.scene import Scene, bearer, observation, visit

from hoso import compose
from hoso.web.accounts import registry

QUERY = "Observation?_id=s-own-1,s-own-2&_sort=value-quantity&_count=1"


def following(scene: Scene, query: str = QUERY) -> str:
    """The path below /fhir of the next page."""
    answer = scene.get(query)
    (url,) = (link["url"] for link in answer.json["link"] if link["relation"] == "next")
    parts = urlsplit(url)
    return f"{parts.path.removeprefix('/fhir/')}?{parts.query}"


def test_case_07_the_link_works_for_who_asked(scene: Scene) -> None:
    assert scene.ids(following(scene)) == {"s-own-2"}


def test_case_07_nobody_else_uses_it_even_with_more_rights(scene: Scene, person: Callable[[str], Person]) -> None:
    link = following(scene)
    assert scene.site.ask("GET", f"/fhir/{link}").status == 401
    assert scene.get(link, "hosoa_" + "x" * 43).status == 401
    for token in (bearer(scene.site, person("lan")), scene.site.token):
        answer = scene.get(link, token)
        assert answer.status == 400 and b"s-own-2" not in answer.body


@pytest.mark.parametrize(
    "change",
    [
        ("s-own-2", "s-far-2"),
        ("Observation?", "Encounter?"),
        ("_sort=value-quantity&", ""),
        ("_count=1", "_count=1000"),
        ("_page=", "_page=A"),
        ("_page=", "_summary=count&_page="),
    ],
    ids=["patient", "type", "order", "count", "seal", "more"],
)
def test_case_07_it_is_good_for_the_question_that_was_asked(scene: Scene, change: tuple[str, str]) -> None:
    link = following(scene)
    assert change[0] in link
    answer = scene.get(link.replace(*change))
    assert answer.status == 400 and "entry" not in answer.json, answer.body


def test_case_07_each_page_is_authorised_anew(scene: Scene) -> None:
    """The relationship ends, a label comes between: the next page knows it."""
    scene.put(visit("s-visit-7", "s-far", "35001"))
    link = following(scene, "Observation?_id=s-far-1,s-far-2&_sort=value-quantity&_count=1")
    assert scene.ids(link) == {"s-far-2"}
    assert scene.ask("DELETE", "Encounter/s-visit-7", token=scene.site.token).status in (200, 204)
    assert scene.ids(link) == set()
    link = following(scene)
    kept = observation("s-own-2", "s-own", 2, hasMember=[{"reference": "Observation/s-far-1"}])
    label = [{"system": "https://hoso.vn/CodeSystem/label", "code": "HIV"}]
    scene.put(kept | {"meta": {"security": label}})
    try:
        assert scene.ids(link) == set()
    finally:
        lowered(scene)
        scene.put(kept)


def lowered(scene: Scene) -> None:
    """By hand, as a label that a record once said comes off in no other way."""
    done = hoso(scene.site.folder, "label", "lower", "Observation/s-own-2", "HIV", "--words", "test of a page link")
    assert done.returncode == 0, done.stderr


def test_case_07_it_ends_with_the_account(scene: Scene) -> None:
    mine = Scene(scene.site, bearer(scene.site, hire(scene.site, "case7").signed_in()))
    link = following(mine)
    assert mine.ids(link) == {"s-own-2"}
    registry.disable(compose.load(scene.site.folder), "case7")
    time.sleep(1)
    assert mine.get(link).status == 401


@pytest.mark.parametrize("host", ["evil.example", "hoso.vn@evil.example", "evil.example/x", "a b", 'x"onload='])
def test_case_07_the_base_of_a_link_is_the_host_that_was_asked_or_none(scene: Scene, host: str) -> None:
    """Without `base_url` a node says the address it was asked by; what is no address is refused. A link leads nobody
    elsewhere: the seal does not hold the base, and a token is sent by the client to where it chose to ask."""
    answer = scene.get(QUERY, Host=host)
    if answer.status == 200:
        assert all(urlsplit(link["url"]).netloc == host for link in answer.json["link"])
    else:
        assert answer.status == 400 and host.encode() not in answer.body
