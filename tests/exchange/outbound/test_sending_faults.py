"""Whatever a receiver does, over real sockets on both engines: nothing is lost, nothing doubled, nothing claimed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.exchange.insurance.insurance_files import SUMMARY
from tests.exchange.outbound.gates import SECRET, Gate, gate
from tests.exchange.outbound.senders_house import SendersHouse, tables

from hoso.access.outbound import calling
from hoso.access.outbound.means import Means
from hoso.access.outward import resolve
from hoso.exchange.door import LOADING
from hoso.exchange.outbound import gateway as way
from hoso.exchange.outbound.runner import TAKEN_MS
from hoso.store.record_store import RecordStore


@pytest.fixture
def receiver() -> Iterator[Gate]:
    with gate() as made:
        yield made


@pytest.fixture
def house(store: RecordStore, tmp_path: Path, receiver: Gate) -> SendersHouse:
    return SendersHouse(store, tmp_path, receiver.url)


def test_a_visit_is_delivered_once_with_its_number(house: SendersHouse, receiver: Gate) -> None:
    id = house.ask()
    assert house.stands(id).state == "waiting"
    house.work()
    one = house.stands(id)
    assert (one.state, one.attempts, one.withheld, list(one.issues)) == ("delivered", 1, 0, [])
    assert list(receiver.taken) == [one.number]
    assert SUMMARY["HO_TEN"] in tables(receiver.sent[0])
    path, headers, _ = receiver.heard[0]
    assert path == "/gateway/api/qd130/guiHoSoXmlQD4750" and headers["tokenId"] == "second"
    house.work(1)
    assert len(receiver.heard) == 1
    [(body, held)] = house.store.engine.reader().rows("SELECT body, held FROM outbound")
    assert (bytes(body), held) == (b"", "[]")


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        ("html", "outbound.not-a-gateway"),
        ({"status": "ok"}, "outbound.not-a-gateway"),
        (503, "outbound.status"),
        (307, "outbound.not-a-gateway"),
        ("drop", "outbound.broke"),
        ("huge", "outbound.too-large"),
        ({"maKetQua": "701", "thongDiep": "quá tải"}, "outbound.code"),
    ],
)
def test_what_is_no_verdict_is_tried_again_with_the_same_bytes(
    house: SendersHouse, receiver: Gate, answer: Any, key: str
) -> None:
    receiver.answers = [answer, answer]
    id = house.ask()
    house.work()
    assert (house.stands(id).state, house.keys(id)) == ("waiting", [key])
    house.work()  # not before its time
    assert len(receiver.sent) == 1
    house.work(1)
    house.work(1)
    assert house.stands(id).state == "delivered" and house.stands(id).attempts == 3
    assert len(receiver.sent) == 3 and len(set(receiver.sent)) == 1 and len(receiver.taken) == 1


def test_an_answer_that_breaks_off_doubles_nothing(house: SendersHouse, receiver: Gate) -> None:
    receiver.answers = ["cut"]
    id = house.ask()
    house.work()
    assert (house.stands(id).state, house.keys(id), len(receiver.taken)) == ("waiting", ["outbound.broke"], 1)
    house.work(1)
    assert house.stands(id).state == "delivered"
    assert list(receiver.taken) == [house.stands(id).number]


def test_one_who_asks_for_time_is_given_it_and_so_are_the_others(house: SendersHouse, receiver: Gate) -> None:
    receiver.answers = [(429, {"Retry-After": "7200"})]
    id = house.ask()
    house.work()
    assert house.keys(id) == ["outbound.status"]
    house.work(1.9)
    assert len(receiver.sent) == 1
    house.work(0.2)
    assert house.stands(id).state == "delivered"


def test_a_slow_receiver_is_cut_and_asked_again(
    house: SendersHouse, receiver: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(way, "SEND_SECONDS", 0.3)
    receiver.answers = ["hang"]
    id = house.ask()
    house.work()
    assert house.keys(id) == ["outbound.too-long"]
    monkeypatch.undo()
    house.work(1)
    assert house.stands(id).state == "delivered" and len(receiver.taken) == 1


def test_nobody_who_listens_and_a_name_nobody_knows_are_told_apart(house: SendersHouse, receiver: Gate) -> None:
    with gate() as gone:
        url = gone.url
    house.register(url, name="gone")
    first = house.ask("gone")
    house.work()
    assert house.keys(first) == ["outbound.connection-refused"]
    house.register("https://no-such-name.invalid/gateway", name="nowhere")
    second = house.ask("nowhere")
    house.work()
    assert house.keys(second) == ["outbound.no-host"]
    assert (house.stands(first).state, house.stands(second).state) == ("waiting", "waiting")


def test_a_name_that_leads_inward_is_not_asked(house: SendersHouse) -> None:
    found = calling.Calling(house.now, resolve=lambda name, port: resolve("127.0.0.1", port))
    where, _ = calling.listed("https://gateway.test")
    with pytest.raises(calling.Unreached, match="not-public"):
        found.call(where, calling.Request("POST", "/", b"", {}), 1, lambda: None)


def test_faults_of_the_content_are_final_and_shown_with_their_place(house: SendersHouse, receiver: Gate) -> None:
    fault = {"viTri": "HOSO[1].XML1[1].MA_THE_BHYT", "moTa": "Mã thẻ không hợp lệ", "maLoi": "x"}
    receiver.answers = [{"maKetQua": "205", "thongDiep": "1 lỗi", "dsLoi": [{"soThuTu": 1, "loi": [fault]}]}]
    id = house.ask()
    house.work()
    house.work(24)
    one = house.stands(id)
    assert (one.state, len(receiver.sent)) == ("refused", 1)
    assert [(issue.values["text"], issue.expression) for issue in one.issues] == [(fault["moTa"], fault["viTri"])]
    receiver.answers = [{"maKetQua": "403", "thongDiep": "của cơ sở khác"}]
    second = house.ask()
    house.work()
    assert house.stands(second).state == "refused" and "của cơ sở khác" in house.stands(second).issues[0].values["text"]


def test_what_is_missing_is_refused_here_before_anybody_is_asked(house: SendersHouse, receiver: Gate) -> None:
    encounter = house.found("Encounter")[0]
    del encounter["hospitalization"]
    house.put(encounter)
    [id] = house.outbox.ask(LOADING, "bhxh", [house.visit]).sendings
    house.work()
    one = house.stands(id)
    assert one.state == "refused" and "XML1[1].MA_LOAI_RV" in {issue.expression for issue in one.issues}
    assert receiver.heard == [] and receiver.signed_in == 0


def test_a_token_that_counts_no_longer_is_renewed_once(house: SendersHouse, receiver: Gate) -> None:
    house.ask()
    house.work()
    receiver.signed_in += 1  # whoever was signed in is not any more
    house.change()
    second = house.ask()
    house.work()
    assert house.stands(second).state == "delivered" and receiver.signed_in == 3


def test_a_wrong_password_waits_for_the_operator(house: SendersHouse, receiver: Gate) -> None:
    house.register(receiver.url, means=Means("wrong"))
    id = house.ask()
    house.work()
    assert (house.stands(id).state, house.keys(id), receiver.heard) == ("waiting", ["outbound.wrong-account"], [])
    house.register(receiver.url, means=Means(SECRET))
    house.work(1)
    assert house.stands(id).state == "delivered"


def test_what_is_received_is_asked_for_until_it_is_settled(house: SendersHouse, receiver: Gate) -> None:
    receiver.answers, receiver.polls = ["pending"], ["pending", "html"]
    id = house.ask()
    house.work()
    assert house.stands(id).state == "received" and house.stands(id).number in receiver.taken
    house.work(0.1)
    assert house.stands(id).state == "received"
    house.work(0.1)
    assert (house.stands(id).state, house.keys(id)) == ("received", ["outbound.not-a-gateway"])
    house.work(1)
    assert house.stands(id).state == "delivered" and len(receiver.sent) == 1


def test_a_receiver_that_forgot_is_sent_the_same_again(house: SendersHouse, receiver: Gate) -> None:
    receiver.answers, receiver.polls = ["pending"], ["forget"]
    id = house.ask()
    house.work()
    house.work(1)
    assert (house.stands(id).state, house.keys(id)) == ("waiting", ["outbound.lost"])
    house.work(1)
    assert house.stands(id).state == "delivered"
    assert len(receiver.sent) == 2 and len(set(receiver.sent)) == 1


def test_trouble_of_days_is_given_up_aloud(house: SendersHouse, receiver: Gate) -> None:
    receiver.answers = [503] * 99
    id = house.ask()
    for _ in range(60):
        house.work(4)
        if house.stands(id).state != "waiting":
            break
    one = house.stands(id)
    assert (one.state, house.keys(id)) == ("given-up", ["outbound.status"])
    assert house.later.days == 7
    receiver.answers = ["pending"]
    receiver.polls = ["pending"] * 99
    second = house.ask()
    for _ in range(60):
        house.work(4)
        if house.stands(second).state == "given-up":
            break
    assert house.keys(second) == ["outbound.never-settled"]


def test_one_who_died_with_it_in_hand_holds_it_up_for_minutes(house: SendersHouse, receiver: Gate) -> None:
    id = house.ask()
    now = int(house.now().timestamp() * 1000)
    assert house.table.take(id, now, now + TAKEN_MS) is not None
    house.work()
    assert receiver.heard == []
    house.work(TAKEN_MS / 3_600_000)
    assert house.stands(id).state == "delivered" and house.stands(id).attempts == 2


def test_a_process_that_starts_goes_on_where_the_last_one_ended(house: SendersHouse, receiver: Gate) -> None:
    receiver.answers = ["cut"]
    id = house.ask()
    house.work()
    house.outbox = house.made()
    house.work(1)
    assert house.stands(id).state == "delivered" and len(receiver.taken) == 1


def test_a_secret_of_another_node_is_no_secret(house: SendersHouse, receiver: Gate) -> None:
    id = house.ask()
    house.outbox = house.made(b"t" * 32)
    house.work()
    assert (house.keys(id), receiver.signed_in) == (["outbound.other-key"], 0)


def test_the_same_is_not_sent_twice_and_a_change_is(house: SendersHouse, receiver: Gate) -> None:
    house.ask()
    house.work()
    again = house.ask()
    house.work()
    assert house.stands(again).state == "unchanged" and len(receiver.sent) == 1
    house.change()
    changed = house.ask()
    assert house.outbox.ask(LOADING, "bhxh", [house.visit], partial=True).waiting == 1
    house.work()
    assert house.stands(changed).state == "delivered" and len(receiver.taken) == 2
    assert "Ho, sốt cao" in tables(receiver.sent[1])


def test_a_newer_one_takes_the_place_of_one_that_waits(house: SendersHouse, receiver: Gate) -> None:
    receiver.answers = [503]
    old = house.ask()
    house.work()
    house.change()
    new = house.ask()
    assert house.stands(old).state == "replaced"
    house.work(1)
    house.work(1)
    assert house.stands(new).state == "delivered"
    assert [("sốt cao" in tables(one)) for one in receiver.sent] == [False, True]
