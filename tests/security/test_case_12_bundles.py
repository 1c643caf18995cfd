"""Case 12: each entry of a bundle is authorised by itself; a transaction stands or falls; nothing is fetched."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from tests.security.scene import Scene, observation


def entry(method: str, url: str, resource: dict[str, Any] | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {"request": {"method": method, "url": url}}
    return made if resource is None else made | {"resource": resource}


def bundle(type: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": type, "entry": list(entries)}


def statuses(scene: Scene, whole: dict[str, Any]) -> list[str]:
    answer = scene.ask("POST", "", whole)
    assert answer.status == 200, answer.body
    return [one["response"]["status"][:3] for one in answer.json["entry"]]


READS = [entry("GET", path) for path in ("Observation/s-own-1", "Observation/s-far-1", "Group/x", "Patient/s-far",
                                         "Observation?patient=s-far", "Patient/s-far/$everything")]  # fmt: skip


@pytest.mark.parametrize("type", ["batch", "transaction"])
def test_case_12_reads_are_each_answered_as_they_would_be_alone(scene: Scene, type: str) -> None:
    answer = scene.ask("POST", "", bundle(type, *READS))
    assert answer.status == 200, answer.body
    for one, asked in zip(answer.json["entry"], READS, strict=True):
        alone = scene.get(asked["request"]["url"])
        assert one["response"]["status"][:3] == str(alone.status), asked
        assert "s-far-1" not in str(one.get("resource", ""))


def test_case_12_the_allowed_entries_of_a_batch_are_done_and_the_others_are_not(scene: Scene) -> None:
    far = observation("s-far-1", "s-far", 99)
    done = statuses(scene, bundle(
        "batch", entry("PUT", "Observation/s-own-1", observation("s-own-1", "s-own", 1)),
        entry("PUT", "Observation/s-far-1", far), entry("DELETE", "Observation/s-far-2"),
        entry("POST", "Observation", {k: v for k, v in far.items() if k != "id"}),
        entry("POST", "Linkage", {"resourceType": "Linkage", "item": []}),
    ))  # fmt: skip
    assert done[0] == "200" and all(status[0] == "4" for status in done[1:]), done
    assert scene.get("Observation/s-far-1", scene.site.token).json["valueQuantity"]["value"] == 3
    assert scene.get("Observation/s-far-2", scene.site.token).status == 200


@pytest.mark.parametrize("denied", [
    entry("PUT", "Observation/s-far-1", observation("s-far-1", "s-far", 99)),
    entry("DELETE", "Observation/s-far-1"),
    entry("PUT", "Observation/s-zzz-1", observation("s-zzz-1", "s-own", 99)),
    entry("POST", "Coverage", {"resourceType": "Coverage", "status": "active", "payor": [{"display": "x"}],
                               "beneficiary": {"reference": "Patient/s-own"}}),
], ids=["foreign", "delete", "absent", "kind"])  # fmt: skip
def test_case_12_a_transaction_with_one_denied_entry_leaves_nothing(scene: Scene, denied: dict[str, Any]) -> None:
    before = scene.get("Observation/s-own-2", scene.site.token).body
    good = observation("s-own-2", "s-own", 77, hasMember=[{"reference": "Observation/s-far-1"}])
    for entries in ([entry("PUT", "Observation/s-own-2", good), denied],
                    [denied, entry("PUT", "Observation/s-own-2", good)]):  # fmt: skip
        answer = scene.ask("POST", "", bundle("transaction", *entries))
        assert answer.status in (403, 404), answer.body
    assert scene.get("Observation/s-own-2", scene.site.token).body == before
    assert scene.get("Observation/s-far-1", scene.site.token).json["valueQuantity"]["value"] == 3


def test_case_12_a_foreign_and_an_absent_entry_fail_a_transaction_alike(scene: Scene) -> None:
    answers = [
        scene.ask("POST", "", bundle("transaction", entry("DELETE", f"Observation/{id}")))
        for id in ("s-far-1", "s-zzz-1")
    ]
    assert answers[0].status == answers[1].status
    assert answers[0].body.replace(b"s-far-1", b"s-zzz-1") == answers[1].body


def test_case_12_a_bundle_within_a_bundle_is_no_way_in(scene: Scene) -> None:
    inner = bundle("batch", entry("GET", "Patient/s-far"), entry("DELETE", "Observation/s-far-1"))
    for method, url in (("POST", ""), ("POST", "/"), ("POST", "Bundle"), ("PUT", "Bundle/x"), ("POST", "$batch")):
        for type in ("batch", "transaction"):
            answer = scene.ask("POST", "", bundle(type, entry(method, url, inner)))
            assert b"Xaxoi" not in answer.body
            inside = [one["response"]["status"][0] for one in answer.json.get("entry", [])]
            assert answer.status >= 400 or inside == ["4"], answer.body
    assert scene.get("Observation/s-far-1", scene.site.token).status == 200


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """Somebody else's server, and what it was asked."""
    asked: list[bytes] = []
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(0.2)
        done = threading.Event()

        def listen() -> None:
            while not done.is_set():
                try:
                    connection, _ = server.accept()
                except TimeoutError:
                    continue
                with connection:
                    asked.append(connection.recv(1000))

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield server.getsockname()[1], asked
        finally:
            done.set()
            thread.join()


@pytest.mark.parametrize("type", ["batch", "transaction"])
def test_case_12_nothing_is_fetched_from_an_address_in_a_bundle(
    scene: Scene, listener: tuple[int, list[bytes]], type: str
) -> None:
    port, asked = listener
    for base in (f"http://127.0.0.1:{port}", f"http://localhost:{port}/fhir", f"//127.0.0.1:{port}", "file://"):
        for method in ("GET", "PUT", "DELETE"):
            body = observation("s-own-1", "s-own", 1) if method == "PUT" else None
            answer = scene.ask("POST", "", bundle(type, entry(method, f"{base}/Observation/s-own-1", body)))
            inside = [one["response"]["status"][0] for one in answer.json.get("entry", [])]
            assert answer.status in (400, 404) or inside == ["4"], answer.body
        shown = observation("s-own-1", "s-own", 1, derivedFrom=[{"reference": f"{base}/Observation/1"}])
        scene.ask("PUT", "Observation/s-own-1", shown)
        scene.get("Observation?_id=s-own-1&_include=Observation:derived-from")
    scene.put(observation("s-own-1", "s-own", 1))
    assert asked == []
