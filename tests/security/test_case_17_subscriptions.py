"""Case 17: Subscriptions. No role makes one, no system beyond its scopes, none to a place that was not listed.

That rights are asked anew at each delivery is tested where there are deliveries: tests/api/test_subscription_rights.py.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.security.apps import Key
from tests.security.scene import Scene

from hoso.web.oauth import registry


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


@pytest.mark.parametrize(
    ("endpoint", "kind"),
    [
        ("https://trusted.example/hook", "message"), ("https://trusted.example/hook", "email"),
        ("https://trusted.example/hook", "rest-hook"), ("http://127.0.0.1:1/hook", "rest-hook"),
        ("https://169.254.169.254/latest", "rest-hook"), ("https://2130706433/hook", "rest-hook"),
        ("https://[::ffff:127.0.0.1]/hook", "rest-hook"), ("file:///etc/passwd", "rest-hook"),
    ],
)  # fmt: skip
def test_case_17_nor_one_to_a_place_that_nobody_listed(scene: Scene, endpoint: str, kind: str) -> None:
    made = subscription("Observation?patient=s-own", endpoint, kind)
    answer = scene.ask("PUT", "Subscription/s-sub", made, scene.site.token)
    assert answer.status == 422, answer.body
    assert scene.get("Subscription/s-sub", scene.site.token).status == 404


@pytest.mark.parametrize("path", ["Subscription/$get-ws-binding-token", "Subscription/s-sub/$status", "$subscriptions"])
def test_case_17_what_is_not_there_is_not_told_apart(scene: Scene, path: str) -> None:
    assert scene.get(path, scene.doctor).status in (403, 404)
    assert scene.get(path, scene.site.token).status == 404
    assert scene.site.ask("GET", "/websocket", Upgrade="websocket", Connection="Upgrade").status == 404


def test_case_17_a_registered_system_counts_as_it_is_approved_now(scene: Scene) -> None:
    scope = "system/Observation.rs system/Subscription.cruds"
    client = scene.site.client("backend", scope, jwks=Key().jwks)
    from hoso.web.oauth import bearer  # its models need Django configured

    found = bearer.system(client.client_id)
    assert found is not None and (found.id, str(found.scopes), found.labels) == (
        f"client/{client.client_id}", scope, frozenset(),
    )  # fmt: skip
    registry.revoke(client.client_id, "test")
    assert bearer.system(client.client_id) is None and bearer.system("nobody") is None
