"""Case 1: a foreign record by id, by version, by HEAD and with a tag is as absent, and the denial stands in the log."""

from __future__ import annotations

import pytest
from tests.security.scene import Scene
from tests.security.test_oauth_told import events

PATHS = ["Observation/s-far-1", "Patient/s-far", "Encounter/s-visit-far", "Observation/s-hiv-1"]


def absent(path: str) -> str:
    type, _, id = path.partition("/")
    return f"{type}/{'z' * len(id)}"


@pytest.mark.parametrize("below", ["", "/_history", "/_history/1", "/_history/2"])
@pytest.mark.parametrize("path", PATHS)
def test_case_01_every_way_to_a_foreign_record_says_that_there_is_none(scene: Scene, path: str, below: str) -> None:
    for method in ("GET", "HEAD"):
        assert scene.as_absent(method, f"{path}{below}", f"{absent(path)}{below}").status == 404
    tag = scene.get(path, scene.site.token).headers["etag"]
    for headers in ({"If_None_Match": tag}, {"If_Modified_Since": "Wed, 21 Oct 2030 07:28:00 GMT"}):
        assert scene.as_absent("GET", f"{path}{below}", f"{absent(path)}{below}", **headers).status == 404


@pytest.mark.parametrize("path", PATHS)
def test_case_01_writing_to_it_says_no_more(scene: Scene, path: str) -> None:
    type, _, id = path.partition("/")
    kept = scene.get(path, scene.site.token)
    other = absent(path).partition("/")[2]
    for method in ("DELETE", "PATCH"):
        body = [{"op": "test", "path": "/id", "value": id}] if method == "PATCH" else b""
        kind = {"Content_Type": "application/json-patch+json"} if method == "PATCH" else {}
        scene.as_absent(method, f"{type}/{id}", f"{type}/{other}", body, **kind)
    assert scene.get(path, scene.site.token).body == kept.body


def test_case_01_the_own_record_is_there_and_each_denial_is_told(scene: Scene) -> None:
    assert scene.get("Observation/s-own-1").status == 200
    before = len(events(scene.site, "Observation/s-far-1"))
    assert scene.get("Observation/s-far-1").status == 404
    told = events(scene.site, "Observation/s-far-1")[before:]
    assert [(one.actor, one.kind, one.outcome) for one in told] == [("user/mai", "read", "denied")]
    assert told[0].patient, "the person it is about can see that somebody tried"
