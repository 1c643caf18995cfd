"""Subscriptions as the systems' door takes them and as their endpoints hear of them: real receivers on real sockets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.api.caller import Caller
from tests.api.hooked import BACKPORT, MOST, TOPICS, Told, bundled, filtered

from hoso.store import Origin, StoreConfig, backup, open_store, repair
from hoso.store.people import Person


def test_criteria_alone_are_told_by_an_empty_post(told: Told) -> None:
    told.observed("before")
    assert told.subscribe().status == 201
    told.observed("a")
    told.observed("b", "preliminary")
    told.observed("b")
    told.work()
    assert [(one.method, one.path, one.body) for one in told.receiver.heard] == [("POST", "/hook", b"")] * 2
    assert [one.headers["HoSo-Event"] for one in told.receiver.heard] == ["1", "2"]
    assert told.status()["status"] == "active"


def test_with_a_payload_the_record_itself_is_sent_as_an_update(told: Told) -> None:
    told.subscribed(channel={"payload": "application/fhir+json", "header": ["Authorization: Bearer secret"]})
    told.observed("a")
    told.observed("a")
    told.work()
    first, second = told.receiver.heard
    assert (first.method, first.path) == ("PUT", "/hook/Observation/a")
    assert first.headers["Authorization"] == "Bearer secret"
    assert first.json["meta"]["versionId"] != second.json["meta"]["versionId"]
    assert second.body == told.call("GET", "Observation/a").body, "the very bytes that a read sends"


def test_a_topic_is_told_by_bundles_after_a_handshake(told: Told) -> None:
    criteria = {"criteria": f"{TOPICS}encounter-start", "_criteria": filtered("Encounter?patient=Patient/p")}
    assert told.subscribe(channel=bundled(max_count=10), **criteria).status == 201
    told.work()
    (handshake,) = told.receiver.heard
    assert handshake.method == "POST" and handshake.headers["Content-Type"].startswith("application/fhir+json")
    assert handshake.status == {
        "events": [], "subscription": {"reference": "http://hoso.test/fhir/Subscription/s"},
        "topic": f"{TOPICS}encounter-start", "status": "requested", "type": "handshake",
        "events-since-subscription-start": "0",
    }  # fmt: skip
    for id, status, patient in (
        ("e1", "planned", "p"), ("e1", "in-progress", "p"), ("e1", "in-progress", "p"), ("e2", "in-progress", "q"),
        ("e3", "in-progress", "p"), ("e1", "finished", "p"),
    ):  # fmt: skip
        visit(told, id, status, patient)
    told.work()
    (notified,) = told.receiver.heard[1:]
    bundle, status = notified.json, notified.status
    assert (bundle["type"], bundle["meta"]["profile"]) == ("history", [f"{BACKPORT}subscription-notification-r4"])
    assert (status["status"], status["type"], status["events-since-subscription-start"]) == (
        "active", "event-notification", "2",
    )  # fmt: skip
    assert [(one["event-number"], one["focus"]["reference"]) for one in status["events"]] == [
        ("1", "http://hoso.test/fhir/Encounter/e1"), ("2", "http://hoso.test/fhir/Encounter/e3"),
    ]  # fmt: skip
    entries = [(one["fullUrl"], one["request"]["method"], "resource" in one) for one in bundle["entry"][1:]]
    assert entries == [
        ("http://hoso.test/fhir/Encounter/e1", "PUT", False), ("http://hoso.test/fhir/Encounter/e3", "POST", False),
    ]  # fmt: skip
    assert told.call("POST", "Bundle/$validate", bundle).status == 200


def visit(told: Told, id: str, status: str, patient: str) -> None:
    body = {
        "resourceType": "Encounter", "id": id, "status": status, "subject": {"reference": f"Patient/{patient}"},
        "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "AMB"},
    }  # fmt: skip
    assert told.call("PUT", f"Encounter/{id}", body).status in (200, 201)


@pytest.mark.parametrize(("content", "names", "whole"), [("empty", 0, 0), ("id-only", 1, 0), ("full-resource", 1, 1)])
def test_as_much_leaves_as_was_asked_for(told: Told, content: str, names: int, whole: int) -> None:
    told.subscribed(channel=bundled(content))
    told.observed("a")
    told.work()
    (heard,) = told.receiver.heard
    assert [len([e for e in heard.status["events"] if "focus" in e]), len(heard.json["entry"]) - 1] == [names, names]
    assert sum("resource" in one for one in heard.json["entry"][1:]) == whole
    events = told.call("GET", "Subscription/s/$events").json
    assert events["entry"][1:] == heard.json["entry"][1:]


def test_the_topics_that_are_told_of(told: Told) -> None:
    listed = next(
        one for one in told.call("GET", "metadata").json["rest"][0]["resource"] if one["type"] == "Subscription"
    )
    names = [one["valueCanonical"].removeprefix(TOPICS) for one in listed["extension"]]
    assert names == ["encounter-start", "encounter-end", "new-result", "patient-change", "identity-change"]
    assert {"status", "events"} <= {one["name"] for one in listed["operation"]}
    for name in names:
        told.subscribe(
            name, criteria=f"{TOPICS}{name}", channel={**bundled(), "endpoint": f"{told.receiver.host}/{name}"}
        )
    told.work()
    told.receiver.heard.clear()
    visit(told, "e", "in-progress", "p")
    visit(told, "e", "finished", "p")
    told.observed("o", "preliminary")
    told.observed("o")
    told.call("PUT", "Patient/p", {"resourceType": "Patient", "id": "p"})
    told.call("DELETE", "Patient/p")
    tag = [{"system": "https://hoso.vn/CodeSystem/record-kind", "code": "link-event"}]
    item = [{"type": "source", "resource": {"reference": f"Patient/{id}"}} for id in "pq"]
    for meta in ({}, {"meta": {"tag": tag}}):
        made = told.call("POST", "Linkage", {"resourceType": "Linkage", **meta, "item": item})
        assert made.status == 201, made.body
    told.work()
    found = {name: [one for one in told.receiver.heard if one.path == f"/{name}"] for name in names}
    assert {name: len(some) for name, some in found.items()} == {
        "encounter-start": 1, "encounter-end": 1, "new-result": 1, "patient-change": 2, "identity-change": 1,
    }  # fmt: skip
    assert [one.json["entry"][1]["request"]["method"] for one in found["patient-change"]] == ["POST", "DELETE"]


CRITERIA = (
    ("Observation?status=final", "a b"), ("/Observation?patient=Patient/p", "a"), ("Observation?", "a b c"),
    ("Observation", "a b c"), ("Observation?status:not=final", "c"), ("Observation?code=http://l|1,2", "b"),
    ("Observation?value-quantity=gt1500|http://unitsofmeasure.org|mg", "a"), ("Observation?date=ge2026-05", "b"),
    ("Observation?patient.birthdate=1980", "a"), ("Observation?_id=c,d", "c"), ("Observation?code:text=Đường", "c"),
    ("Observation?encounter:missing=true", "a b c"), ("Observation?_lastUpdated=lt2020", ""),
    ("Observation?_filter=status eq final and patient eq Patient/p", "a"), ("Observation?date=lt2026-05-08", "b"),
    ("Observation?combo-code-value-quantity=1$2", "a"), ("Observation?status:in=http://s", "a b"),
    ("Observation?patient:Patient=p&status=final", "a"), ("Observation?value-quantity=2||g", "a"),
)  # fmt: skip


def test_criteria_find_what_a_search_finds(told: Told) -> None:
    told.call("PUT", "Patient/p", {"resourceType": "Patient", "id": "p", "birthDate": "1980-03-01"})
    codes = {"system": "http://hl7.org/fhir/observation-status", "concept": [{"code": "final"}]}
    told.call.make("ValueSet", url="http://s", status="active", compose={"include": [codes]})
    for number, (criteria, _) in enumerate(CRITERIA):
        channel = {"payload": "application/fhir+json", "endpoint": f"{told.receiver.host}/{number}"}
        answer = told.subscribe(f"s{number}", criteria=criteria, channel=channel)
        assert answer.status == 201, (criteria, answer.body)
    base: dict[str, Any] = {"resourceType": "Observation", "status": "final", "code": {"coding": [{"code": "1"}]}}
    grams = {"value": 2, "unit": "g", "system": "http://unitsofmeasure.org", "code": "g"}
    two = {"coding": [{"code": "2"}, {"system": "http://l", "code": "1"}]}
    for id, more in (
        ("a", {"subject": {"reference": "Patient/p"}, "valueQuantity": grams}),
        ("b", {"effectiveDateTime": "2026-05-07", "code": two}),
        ("c", {"status": "preliminary", "code": {"text": "Đường huyết"}}),
    ):
        assert told.call("PUT", f"Observation/{id}", {**base, "id": id, **more}).status == 201
    told.work()
    for number, (criteria, found) in enumerate(CRITERIA):
        heard = [one.json["id"] for one in told.receiver.heard if one.path.startswith(f"/{number}/")]
        assert heard == found.split(), criteria
        query = criteria.removeprefix("/").partition("?")[2]
        again = told.call("GET", f"Observation?{query}" if query else "Observation")
        assert {one["id"] for one in again.resources} == set(found.split()), criteria


def test_every_version_is_an_event_however_many_came_at_once(told: Told) -> None:
    told.subscribed(channel={"payload": "application/fhir+json"})
    for status in ("final", "preliminary", "final", "final", "amended"):
        told.observed("a", status)
    told.work()
    assert [one.json["status"] for one in told.receiver.heard] == ["final"] * 3


REFUSED: tuple[tuple[Any, str, str], ...] = (
        ({"channel": {"type": "email"}}, "subscription.channel", "channel.type"),
        ({"criteria": "Pony?a=b"}, "subscription.criteria-type", "criteria"),
        ({"criteria": "Subscription?status=off"}, "subscription.criteria-type", "criteria"),
        ({"criteria": "Observation?pony=1"}, "search.unknown-parameter", "criteria"),
        ({"criteria": "Observation?date=soon"}, "search.date", "criteria"),
        ({"criteria": "Observation?code:in=http://nowhere"}, "search.no-value-set", "criteria"),
        ({"criteria": "Observation?_sort=date"}, "subscription.criteria-form", "criteria"),
        ({"criteria": "https://elsewhere.vn/topic"}, "subscription.topic", "criteria"),
        ({"criteria": f"{TOPICS}encounter-end", "_criteria": filtered("Patient?_id=p")}, "subscription.criteria-type",
         "criteria.extension"),
        ({"criteria": f"{TOPICS}encounter-end", "_criteria": filtered("pony=p")}, "search.unknown-parameter",
         "criteria.extension"),
        ({"_criteria": filtered("status=final")}, "subscription.filter-without-topic", "criteria.extension"),
        ({"channel": {"endpoint": "http://127.0.0.1:1/x"}}, "subscription.endpoint", "channel.endpoint"),
        ({"channel": {"endpoint": "https://u:p@127.0.0.1/x"}}, "subscription.endpoint", "channel.endpoint"),
        ({"channel": {"payload": "text/csv"}}, "subscription.payload", "channel.payload"),
        ({"channel": bundled("everything")}, "subscription.content", "channel.payload.extension"),
        ({"channel": bundled(timeout=61)}, "subscription.number", "channel.extension"),
        ({"channel": bundled(heartbeat_period=1)}, "subscription.number", "channel.extension"),
        ({"channel": {"header": ["Host: elsewhere"]}}, "subscription.header", "channel.header[0]"),
        ({"channel": {"header": ["X: 1", "Transfer-Encoding: chunked"]}}, "subscription.header", "channel.header[1]"),
        ({"channel": {"header": ["X: 1\r\nY: 2"]}}, "subscription.header", "channel.header[0]"),
        ({"channel": {"header": ["X: 1", "x: 2"]}}, "subscription.header", "channel.header[1]"),
        ({"channel": {"header": ["X: ***"]}}, "subscription.header-unknown", "channel.header[0]"),
        ({"channel": {"header": [f"X-{n}: 1" for n in range(21)]}}, "subscription.header", "channel.header[0]"),
        ({"status": "active"}, "subscription.status", "status"), ({"status": "error"}, "subscription.status", "status"),
        ({"error": "none"}, "subscription.status", "error"),
)  # fmt: skip


def test_what_would_not_be_done_is_refused_with_its_place(told: Told) -> None:
    for members, key, place in REFUSED:
        answer = told.subscribe(**members)
        assert (answer.status, answer.keys) == (422, [key]), answer.body
        assert answer.json["issue"][0]["expression"] == [f"Subscription.{place}"]
    assert told.call("GET", "Subscription/s").status == 404 and told.table.all() == []


def test_headers_are_sent_and_never_shown(told: Told) -> None:
    told.subscribed(channel={"header": ["Authorization: Bearer secret", "X-Ward: 3"]})
    for path in ("Subscription/s", "Subscription/s/_history", "Subscription"):
        body = told.call("GET", path).body
        assert b"secret" not in body and b"Authorization: ***" in body
    again = told.status() | {"status": "requested", "reason": "another"}
    assert told.call("PUT", "Subscription/s", again).status == 200
    told.observed("a")
    told.work()
    assert [one.headers["Authorization"] for one in told.receiver.heard] == ["Bearer secret"]
    patch = [{"op": "remove", "path": "/channel/header/0"}]
    assert told.call("PATCH", "Subscription/s", patch, Content_Type="application/json-patch+json").status == 200
    told.observed("b")
    told.work()
    assert "Authorization" not in told.receiver.heard[-1].headers and told.receiver.heard[-1].headers["X-Ward"] == "3"


def test_off_pauses_and_requested_begins_again(told: Told) -> None:
    told.subscribed()
    told.observed("a")
    told.work()
    assert told.subscribe(status="off").status == 200
    told.observed("b")
    told.work()
    assert told.subscribe().status == 200
    told.observed("c")
    told.work()
    assert [one.headers["HoSo-Event"] for one in told.receiver.heard] == ["1", "2"], "numbers go on"
    assert told.call("DELETE", "Subscription/s").status == 204
    told.observed("d")
    told.work()
    assert len(told.receiver.heard) == 2 and told.table.all() == []


def test_changed_criteria_count_from_their_own_place_on(told: Told) -> None:
    told.subscribed(channel={"payload": "application/fhir+json"})
    told.observed("a")
    told.subscribe(criteria="Observation?status=amended", channel={"payload": "application/fhir+json"})
    told.observed("b")
    told.observed("c", "amended")
    told.work()
    assert [one.json["id"] for one in told.receiver.heard] == ["a", "c"]


def test_status_and_events_can_be_asked(told: Told) -> None:
    told.subscribed(channel=bundled())
    told.subscribe("t", status="off")
    for id in "abc":
        told.observed(id)
    told.work()
    one = told.call("GET", "Subscription/s/$status").json
    values = {part["name"]: next(v for k, v in part.items() if k != "name")
              for part in one["entry"][0]["resource"]["parameter"]}  # fmt: skip
    assert (one["type"], values["type"], values["status"], values["events-since-subscription-start"]) == (
        "searchset", "query-status", "active", "3",
    )  # fmt: skip
    assert told.call("GET", "Subscription/$status").json["total"] == 2
    assert told.call("GET", "Subscription/$status?status=active").json["total"] == 1
    assert told.call("GET", "Subscription/$status?id=t").json["total"] == 1
    assert told.call("GET", "Subscription/none/$status").status == 404
    path = "Subscription/s/$events"
    assert numbers(told, f"{path}?eventsSinceNumber=2") == ["2", "3"]
    assert numbers(told, f"{path}?eventsSinceNumber=1&eventsUntilNumber=1&content=full-resource") == ["1"]
    assert told.call("GET", f"{path}?eventsSinceNumber=x").keys == ["identity.parameter-kind"]
    assert told.call("GET", f"{path}?content=all").keys == ["subscription.content"]
    told.later += timedelta(days=29)
    told.work()
    assert numbers(told, path) == ["1", "2", "3"]
    told.later += timedelta(days=2)
    told.work()
    assert numbers(told, path) == [], "events are kept for thirty days"
    for where in ("Subscription/$get-ws-binding-token", "Subscription/s/$get-ws-binding-token"):
        refused = told.call("GET", where)
        assert (refused.status, refused.keys) == (404, ["subscription.no-websocket"])


def numbers(told: Told, path: str) -> list[str]:
    bundle = told.call("GET", path).json
    assert bundle["type"] == "history"
    events = [one for one in bundle["entry"][0]["resource"]["parameter"] if one["name"] == "notification-event"]
    return [one["part"][0]["valueString"] for one in events]


def test_a_silent_subscription_says_that_all_is_well(told: Told) -> None:
    told.subscribed(channel=bundled(heartbeat_period=60))
    told.work()
    assert told.receiver.heard == []
    told.later += timedelta(seconds=61)
    told.work()
    told.work()
    assert [one.status["type"] for one in told.receiver.heard] == ["heartbeat"]


def test_it_ends_when_it_said(told: Told) -> None:
    told.subscribed(end="2099-01-01T00:00:00Z")
    told.later = timedelta(days=365 * 80)
    told.observed("a")
    told.work()
    assert told.receiver.heard == [] and told.status()["status"] == "off"


def test_notifications_may_be_xml(told: Told) -> None:
    told.subscribed(channel={"payload": "application/fhir+xml"})
    told.observed("a")
    told.work()
    (heard,) = told.receiver.heard
    assert heard.headers["Content-Type"].startswith("application/fhir+xml")
    assert b"<Observation" in heard.body[:100]
    told.subscribed(channel={**bundled("full-resource"), "payload": "application/fhir+xml"})
    told.observed("b")
    told.work()
    (heard,) = told.receiver.heard
    assert b"<Bundle" in heard.body[:100] and b"<Observation" in heard.body and b'value="event-number"' in heard.body


def test_a_caller_may_have_so_many(told: Told) -> None:
    entries = [
        {"resource": told.wanted(f"s{n}"), "request": {"method": "PUT", "url": f"Subscription/s{n}"}}
        for n in range(MOST)
    ]
    assert told.call("POST", "", {"resourceType": "Bundle", "type": "transaction", "entry": entries}).status == 200
    refused = told.subscribe("more")
    assert (refused.status, refused.keys) == (429, ["subscription.too-many"])
    assert told.subscribe("s1").status == 200 and told.subscribe("s2", status="off").status == 200
    told.watch()
    assert told.subscribe("more").status == 201


def test_a_backup_goes_on_telling_with_numbers_that_nobody_was_given(
    told: Told, engine: str, tmp_path: Path, store_config: Callable[[str], StoreConfig]
) -> None:
    told.subscribed(channel={**bundled(), "header": ["X-Key: secret"]})
    told.observed("a")
    told.work()
    told.observed("b")
    told.watch()
    backup.write(told.store, tmp_path / "b", bytes(32), backup.Settings("test-node", "0", {}), lambda number: None)
    config = store_config(engine)
    store = open_store(config)
    backup.restore(backup.Backup(tmp_path / "b", bytes(32)), store, lambda number: None)
    store.close()
    store = open_store(config)
    backup.open_epoch(store)
    repair.fill(store)
    again = Told(Caller(store), store, told.receiver)
    again.call.tokens.create("test", "system/*.cruds")
    again.observed("c")
    again.work()
    assert [one.numbers for one in told.receiver.heard] == [[1], [1_000_002], [1_000_003]]
    assert {one.headers["X-Key"] for one in told.receiver.heard} == {"secret"}
    store.close()


def test_what_the_server_said_of_it_may_come_back_and_nothing_else(told: Told) -> None:
    told.subscribed(channel=bundled())
    patch = [{"op": "add", "path": "/end", "value": "2099-01-01T00:00:00Z"}]
    kind = "application/json-patch+json"
    assert told.call("PATCH", "Subscription/s", patch, Content_Type=kind).json["status"] == "active"
    told.receiver.answers = [500] * 3
    for _ in range(3):
        told.work()
        told.later += timedelta(minutes=5)
    failing = told.status()
    assert (failing["status"], failing["error"]) == ("error", "status 500")
    assert told.call("PUT", "Subscription/s", failing | {"error": "all is well"}).keys == ["subscription.status"]
    assert told.call("PUT", "Subscription/s", failing | {"status": "active"}).keys == ["subscription.status"]
    assert told.call("PUT", "Subscription/s", failing | {"status": "requested"}).status == 200
    told.observed("a")
    told.work()
    assert told.status()["status"] == "active" and "error" not in told.status()
    assert [one.numbers for one in told.receiver.events] == [[1]]


def test_a_person_means_all_its_records_and_is_told_to_those_who_ask_for_it(told: Told) -> None:
    for id in ("g", "p"):
        assert told.call("PUT", f"Patient/{id}", {"resourceType": "Patient", "id": id}).status == 201
    rids = told.store.people.rids(["g", "p"])
    person = Person(rids["g"], "", None)
    told.store.write(lambda t: t.people.fill([person], [(rids["p"], rids["g"])]), Origin("test", "SYSADMIN"))
    for id, criteria, filters in (
        ("of", "Observation?patient=Patient/g", ()), ("in", "Observation?patient=Patient/p", ()),
        ("all", f"{TOPICS}patient-change", ()), ("one", f"{TOPICS}patient-change", ("Patient?_id=g",)),
    ):  # fmt: skip
        channel = {**bundled(), "endpoint": f"{told.receiver.host}/{id}"}
        more = {"_criteria": filtered(*filters)} if filters else {}
        assert told.subscribe(id, criteria=criteria, channel=channel, **more).status == 201
    told.work()
    told.receiver.heard.clear()
    told.observed("a", patient="p")
    told.observed("b", patient="g")
    for id in ("g", "p"):
        told.call("PUT", f"Patient/{id}", {"resourceType": "Patient", "id": id, "active": True})
    told.work()
    heard = [(one.path, one.status["events"][0]["focus"]["reference"][21:]) for one in told.receiver.heard]
    assert sorted(heard) == [
        ("/all", "/Patient/p"), ("/in", "/Observation/a"), ("/of", "/Observation/a"), ("/of", "/Observation/b"),
        ("/one", "/Patient/g"),
    ]  # fmt: skip
