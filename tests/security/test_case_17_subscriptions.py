"""Case 17: Subscriptions. This node delivers none yet (issue 6 brings them): a role may not make one, and one that an
operator stored is a record like any other, after which nobody is told anything.

That each delivery is authorised anew is to be tested when there are deliveries.
"""

from __future__ import annotations

import time
from typing import Any

import pytest
from tests.security.apps import Key
from tests.security.scene import Scene, observation
from tests.security.test_case_12_bundles import listener

__all__ = ["listener"]


def subscription(criteria: str, endpoint: str, kind: str = "rest-hook") -> dict[str, Any]:
    return {
        "resourceType": "Subscription", "id": "s-sub", "status": "requested", "reason": "test", "criteria": criteria,
        "channel": {"type": kind, "endpoint": endpoint, "payload": "application/fhir+json"},
    }  # fmt: skip


@pytest.mark.parametrize("criteria", ["Observation?patient=s-far", "Observation?patient=s-own", "Patient?", "*"])
def test_case_17_no_role_makes_one(scene: Scene, criteria: str) -> None:
    made = subscription(criteria, "https://trusted.example/hook")
    for method, path in (("POST", "Subscription"), ("PUT", "Subscription/s-sub")):
        answer = scene.ask(method, path, made)
        assert answer.status in (403, 404), answer.body
    entry = {"resource": made, "request": {"method": "POST", "url": "Subscription"}}
    for type in ("batch", "transaction"):
        answer = scene.ask("POST", "", {"resourceType": "Bundle", "type": type, "entry": [entry]})
        inside = [one["response"]["status"][:3] for one in answer.json.get("entry", [])]
        assert answer.status in (403, 404) or inside in (["403"], ["404"]), answer.body


def test_case_17_nor_a_system_beyond_its_scopes(scene: Scene) -> None:
    key, scope = Key(), "system/Observation.cruds"
    client = scene.site.client("backend", scope, jwks=key.jwks)
    token = str(key.token(scene.site, client.client_id, scope).json["access_token"])
    made = subscription("Observation?patient=s-far", "https://trusted.example/hook")
    assert scene.ask("POST", "Subscription", made, token).status == 403


@pytest.mark.parametrize("kind", ["rest-hook", "message", "email"])
def test_case_17_one_that_is_stored_tells_nobody(scene: Scene, listener: tuple[int, list[bytes]], kind: str) -> None:
    port, asked = listener
    scene.put(subscription("Observation?patient=s-own", f"http://127.0.0.1:{port}/hook", kind))
    scene.put(observation("s-own-1", "s-own", 1.5), observation("s-own-1", "s-own", 1))
    time.sleep(1)
    assert asked == []
    assert scene.get("Subscription/s-sub").status in (403, 404)


@pytest.mark.parametrize("path", ["Subscription/$get-ws-binding-token", "Subscription/s-sub/$status", "$subscriptions"])
def test_case_17_its_operations_are_not_there(scene: Scene, path: str) -> None:
    for token in (scene.doctor, scene.site.token):
        assert scene.get(path, token).status == 404
    assert scene.site.ask("GET", "/websocket", Upgrade="websocket", Connection="Upgrade").status == 404
