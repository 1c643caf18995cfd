"""Endpoints that hang, refuse, redirect, answer megabytes or nothing of HTTP; and a day of a dead one."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack
from datetime import timedelta
from typing import Any

from tests.api.hooked import Told, bundled
from tests.api.receivers import receiving

from hoso.access.subscribing.couriers import Couriers
from hoso.store.subscriptions import SubscriptionRow


def row(told: Told) -> SubscriptionRow:
    found = told.table.find("s")
    assert found is not None
    return found


def later(told: Told, **by: Any) -> None:
    told.later += timedelta(**by)
    told.work()


NOT_TAKEN: tuple[tuple[Any, str], ...] = (
    (500, "status 500"), (404, "status 404"), ("redirect", "status 307"), ("nonsense", "it does not answer as HTTP"),
    ("hang", "it took too long"),
)  # fmt: skip


def test_what_is_not_taken_is_sent_again_and_marked(told: Told) -> None:
    with receiving() as elsewhere:
        told.receiver.elsewhere = elsewhere.url
        told.subscribed(channel=bundled(timeout=1))
        for number, (answer, reason) in enumerate(NOT_TAKEN):
            told.receiver.answers = [answer]
            told.observed("a")
            told.work()
            assert (row(told).fault, row(told).attempts) == (reason, 1)
            told.observed("b")
            told.work()
            assert len(told.receiver.heard) == 1, "not before its time"
            later(told, seconds=6)
            first = 2 * number + 1
            assert [one.numbers for one in told.receiver.heard] == [[first], [first], [first + 1]]
            assert [one.headers["HoSo-Repeated"] for one in told.receiver.heard] == ["false", "true", "false"]
            assert row(told).fault is None and elsewhere.heard == [], "a redirect leads nowhere"
            told.receiver.heard.clear()


def test_megabytes_are_not_read(told: Told) -> None:
    told.subscribed(channel=bundled(timeout=5))
    told.receiver.answers = ["megabytes"]
    told.observed("a")
    told.work()
    assert (row(told).attempts, [one.numbers for one in told.receiver.heard]) == (0, [[1]])


def test_an_endpoint_that_drips_its_answer_is_cut_off(told: Told) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                while not over.wait(0.1):
                    try:
                        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                    except OSError:
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        host = f"http://127.0.0.1:{server.getsockname()[1]}"
        slow = Told(told.call, told.store, told.receiver, [host])
        slow.subscribe(channel={**bundled(timeout=1), "endpoint": f"{host}/x"})
        slow.work()
        assert row(slow).fault == "it took too long"
        over.set()
        thread.join()


def test_a_day_of_a_dead_endpoint_loses_nothing(told: Told) -> None:
    with receiving() as dying:
        told = Told(told.call, told.store, told.receiver, [dying.host])
        told.subscribed(channel={**bundled(), "endpoint": dying.url})
    attempts = 0
    for hour in range(24):
        told.observed(f"o{hour}")
        for _ in range(2):
            before = row(told).attempts
            later(told, minutes=30)
            attempts += row(told).attempts > before
    assert 8 < attempts < 20, "less and less often, at last every three hours"
    assert told.status()["status"] == "error" and told.status()["error"] == "the connection was refused"
    assert row(told).numbered == 0, "what nobody could have heard has no number yet"
    with receiving(dying.port) as risen:
        later(told, hours=4)
        assert [one.numbers for one in risen.events] == [[n] for n in range(1, 25)]
        focuses = [one.status["events"][0]["focus"]["reference"].rpartition("/")[2] for one in risen.events]
        assert focuses == [f"o{hour}" for hour in range(24)]
        assert {one.headers["HoSo-Repeated"] for one in risen.events} == {"false"}
    assert told.status()["status"] == "active" and "error" not in told.status()


def test_an_endpoint_that_stays_dead_is_given_up_and_said_so(told: Told) -> None:
    told.subscribed()
    told.receiver.answers = [503] * 1_000
    told.observed("a")
    told.work()
    for _ in range(7 * 5):
        later(told, hours=5)
    given_up = told.status()
    assert given_up["status"] == "off" and given_up["error"] == "given up after 7 days: status 503"
    told.receiver.answers = []
    told.receiver.heard.clear()
    told.observed("b")
    later(told, hours=5)
    assert told.receiver.heard == []
    assert told.call("PUT", "Subscription/s", told.wanted()).status == 200
    told.observed("c")
    told.work()
    assert [one.headers["HoSo-Event"] for one in told.receiver.heard] == ["2"]


def test_what_cannot_be_begun_says_why(told: Told) -> None:
    told.receiver.answers = [500] * 3
    told.subscribe(channel=bundled())
    told.observed("a")
    for _ in range(4):
        later(told, minutes=1)
    assert [one.status["type"] for one in told.receiver.heard] == ["handshake"] * 4 + ["event-notification"]
    history = [one["status"] for one in told.call("GET", "Subscription/s/_history").resources]
    assert history == ["active", "error", "requested"]


def test_many_events_go_together_as_asked(told: Told) -> None:
    told.subscribed(channel=bundled(max_count=4))
    told.receiver.answers = [500]
    for n in range(10):
        told.observed(f"o{n}")
    told.work()
    told.observed("late")
    later(told, seconds=6)
    assert [one.numbers for one in told.receiver.heard] == [[1, 2, 3, 4], [1, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11]]


def test_those_that_hang_hold_up_nobody_else(told: Told) -> None:
    """With threads, as a node has them; fewer, so that all could hang."""
    with ExitStack() as stack:
        hanging = [stack.enter_context(receiving()) for _ in range(3)]
        many = Told(told.call, told.store, told.receiver, [one.host for one in hanging])
        many.subscribed(id="well", channel={"payload": "application/fhir+json"})
        for number, one in enumerate(hanging):
            one.answers = ["hang"] * 100
            for twice in "ab":
                many.subscribe(f"{number}{twice}", channel={**bundled(timeout=60), "endpoint": one.url})
        many.watch()
        couriers = Couriers(many.delivering.carry)
        for n in range(5):
            many.observed(f"o{n}")
            many.watch()
            waited = time.monotonic() + 20
            while len(many.receiver.heard) <= n and time.monotonic() < waited:
                many.delivering.step(couriers.offer)
                time.sleep(0.01)
        assert [one.json["id"] for one in many.receiver.heard] == [f"o{n}" for n in range(5)]
        assert sum(len(one.heard) for one in hanging) == 6, "each asked, and no more than that"
        for one in hanging:
            one.answers.clear()
            one.let_go.set()
        waited = time.monotonic() + 20
        while couriers.busy and time.monotonic() < waited:
            time.sleep(0.01)
        assert not couriers.busy
