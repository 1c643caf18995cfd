"""Rights are asked anew at each delivery: what a subscriber may not see by then is neither told nor counted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.api.caller import Caller
from tests.api.hooked import TOPICS, Told, bundled

from hoso.access.actor import Actor
from hoso.access.audit.event import Event, legible
from hoso.access.scope import Scopes
from hoso.access.subscribing.standing import Standing, narrowed

SCOPE = "system/Subscription.cruds system/Observation.rs system/Patient.rs"


@pytest.fixture
def reader(told: Told) -> Caller:
    return told.call.holding(SCOPE, "reader")


def subscribed(told: Told, by: Caller, **members: Any) -> None:
    told.subscribed(by=by, **members)


def labelled(told: Told, id: str) -> None:
    label = {"system": "https://hoso.vn/CodeSystem/label", "code": "HIV"}
    body = {
        "resourceType": "Observation", "id": id, "status": "final", "code": {"text": "x"},
        "meta": {"security": [label]}, "subject": {"reference": "Patient/p"},
    }  # fmt: skip
    assert told.call("PUT", f"Observation/{id}", body).status in (200, 201)


def test_it_needs_the_right_to_search_and_to_read_what_leaves_whole(told: Told) -> None:
    narrow = told.call.holding("system/Subscription.cruds system/Observation.s", "narrow")
    assert told.subscribe(by=narrow).status == 201
    for members in (
        {"criteria": "Patient?"}, {"criteria": f"{TOPICS}new-result", "channel": bundled()},
        {"channel": {"payload": "application/fhir+json"}}, {"channel": bundled("full-resource")},
    ):  # fmt: skip
        answer = told.subscribe("t", by=narrow, **members)
        assert (answer.status, answer.keys) == (403, ["rest.forbidden"]), members
    assert told.subscribe("t", by=told.call.holding("system/Observation.rs", "none")).status == 403


def test_a_revoked_token_is_told_nothing_more(told: Told, reader: Caller) -> None:
    subscribed(told, reader)
    told.observed("a")
    told.watch()
    told.call.tokens.revoke("reader")
    told.work()
    assert told.receiver.heard == []
    assert told.status()["status"] == "off" and "may receive nothing" in told.status()["error"]


def test_one_whose_subscriber_is_gone_does_not_come_back_by_itself(told: Told, reader: Caller) -> None:
    subscribed(told, reader)
    told.call.tokens.revoke("reader")
    told.observed("missed")
    told.work()
    assert told.status()["status"] == "off"
    told.call.tokens.create("reader", SCOPE)
    told.observed("a")
    told.work()
    assert told.receiver.heard == []


def test_what_one_gave_as_a_secret_is_not_sent_for_another(told: Told, reader: Caller) -> None:
    subscribed(told, reader, channel={"header": ["Authorization: Bearer secret"]})
    refused = told.call("PUT", "Subscription/s", told.status() | {"reason": "mine now"})
    assert (refused.status, refused.keys) == (422, ["subscription.header-unknown"])


def test_a_right_that_was_narrowed_between_event_and_delivery(told: Told, reader: Caller) -> None:
    subscribed(told, reader, criteria=f"{TOPICS}patient-change", channel=bundled())
    told.call("PUT", "Patient/a", {"resourceType": "Patient", "id": "a"})
    told.watch()
    told.call.tokens.revoke("reader")
    told.call.tokens.create("reader", "system/Observation.rs")
    told.work()
    assert told.receiver.heard == [] and told.table.find("s").numbered == 0  # type: ignore[union-attr]
    told.call.tokens.create("reader", SCOPE)
    told.call("PUT", "Patient/b", {"resourceType": "Patient", "id": "b"})
    told.work()
    assert [one.numbers for one in told.receiver.heard] == [[1]], "what was not told is not counted"


def test_what_was_closed_by_a_label_meanwhile_is_not_told(told: Told) -> None:
    limited = careful(told, "careful")
    subscribed(told, limited, channel=bundled(max_count=5))
    told.observed("open")
    told.observed("closed")
    labelled(told, "hidden")
    told.watch()
    labelled(told, "closed")
    told.work()
    (heard,) = told.receiver.heard
    assert [one["focus"]["reference"] for one in heard.status["events"]] == ["http://hoso.test/fhir/Observation/open"]
    assert heard.status["events-since-subscription-start"] == "1"


def test_what_was_sent_before_keeps_its_number_and_is_told_empty(told: Told) -> None:
    limited = careful(told, "careful")
    subscribed(told, limited, channel=bundled("full-resource"))
    told.receiver.answers = [500]
    told.observed("a")
    told.work()
    labelled(told, "a")
    told.observed("b")
    told.later += timedelta(minutes=1)
    told.work()
    first, again, after = told.receiver.heard
    assert [one.numbers for one in (first, again, after)] == [[1], [1], [2]]
    assert "focus" in first.status["events"][0] and "focus" not in again.status["events"][0]
    assert len(again.json["entry"]) == 1 and b"Observation/a" not in again.body
    events = limited("GET", "Subscription/s/$events?content=full-resource")
    assert b"Observation/a" not in events.body and b"Observation/b" in events.body


def test_events_are_shown_as_far_as_whoever_asks_may_see(told: Told, reader: Caller) -> None:
    told.subscribed(criteria=f"{TOPICS}patient-change", channel=bundled("full-resource"))
    told.call("PUT", "Patient/a", {"resourceType": "Patient", "id": "a"})
    told.work()
    other = told.call.holding("system/Subscription.rs", "other")
    assert b"Patient/a" in reader("GET", "Subscription/s/$events").body
    assert b"Patient/a" not in other("GET", "Subscription/s/$events").body
    assert told.call.holding("system/Patient.rs", "third")("GET", "Subscription/s/$events").status == 403


def test_what_leaves_is_in_the_log_before_it_leaves(told: Told, reader: Caller) -> None:
    told.call("PUT", "Patient/p", {"resourceType": "Patient", "id": "p"})
    subscribed(told, reader, channel=bundled())
    told.observed("a")
    told.work()
    (event,) = [one for one in events(told) if one.kind == "notify" and one.patient]
    assert (event.actor, event.activity, event.channel) == ("client/reader", "send", "automatic")
    assert event.what == "Subscription/s event-notification 1-1" and event.types == ("Observation",)


def events(told: Told) -> list[Event]:
    rows = told.store.engine.reader().rows("SELECT bytes FROM audit_event")
    return [event for (row,) in rows if (event := legible(bytes(row))) is not None]


def actor(scope: str, labels: frozenset[str] | None = None, **more: Any) -> Actor:
    return Actor("client/a", Scopes.parse(scope), labels=labels, **more)


@pytest.mark.parametrize(
    ("then", "now", "left"),
    [
        ("system/*.rs", "system/*.cruds", "system/*.rs"), ("system/*.cruds", "system/Patient.rs", "system/Patient.rs"),
        ("system/Patient.cruds system/Observation.s", "system/Patient.r system/Encounter.r", "system/Patient.r"),
        ("system/Observation.rs?category=a", "system/*.rs", "system/Observation.rs?category=a"),
        ("system/Observation.rs?category=a", "system/Observation.rs?category=b", ""),
        ("system/Observation.rs", "system/Observation.rs?category=b", "system/Observation.rs?category=b"),
    ],
)  # fmt: skip
def test_neither_more_than_was_held_nor_more_than_is_held(then: str, now: str, left: str) -> None:
    assert str(narrowed(actor(then), actor(now)).scopes) == left


def test_labels_and_holders_narrow_too() -> None:
    assert narrowed(actor("system/*.r", frozenset({"A", "B"})), actor("system/*.r", frozenset({"B"}))).labels == {"B"}
    assert narrowed(actor("system/*.r"), actor("system/*.r", frozenset())).labels == frozenset()
    assert narrowed(actor("system/*.r", frozenset()), actor("system/*.r")).labels == frozenset()
    wide, narrow = actor("system/*.rs"), actor("system/Patient.r")
    standing = Standing(lambda name: [narrow, wide], lambda name: None)
    assert standing.now(wide) == wide and standing.now(actor("system/*.s")) == actor("system/*.s")
    registered = Standing(lambda name: [], lambda name: narrow if name == "a" else None)
    assert registered.now(wide) == narrow and registered.now(Actor("client/b")) is None
    assert registered.now(Actor("user/a")) is None and registered.now(Actor("client/a", role="doctor")) is None


def test_a_client_meets_its_own_subscriptions_only(told: Told) -> None:
    """Registered clients are those whose labels somebody decided about."""
    mine, theirs = careful(told, "mine"), careful(told, "theirs")
    assert told.subscribe("m", by=mine).status == 201 and told.subscribe("t", by=theirs).status == 201
    assert [one["id"] for one in mine("GET", "Subscription").resources] == ["m"]
    assert mine("GET", "Subscription/$status").json["total"] == 1
    assert told.call("GET", "Subscription/$status").json["total"] == 2
    for path in ("Subscription/t", "Subscription/t/_history", "Subscription/t/$status", "Subscription/t/$events"):
        assert mine("GET", path).status == 404 or mine("GET", path).json.get("total") == 0, path
    assert told.subscribe("t", by=mine).status == 404 and mine("DELETE", "Subscription/t").status in (204, 404)
    assert theirs("GET", "Subscription/t").status == 200 and told.subscribe("m", by=mine).status == 200


def careful(told: Told, name: str) -> Caller:
    made = told.call.holding(SCOPE, "unused")
    made.token = told.call.tokens.create(name, SCOPE, labels=[])
    return made
