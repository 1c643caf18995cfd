"""A gateway that has its hands full says so, keeps nothing of what it did not answer, and takes it when sent again."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.exchange.insurance.insurance_files import SUMMARY, envelope, visit
from tests.identity.test_arrive import Node

from hoso.access.audit.journal import PlainJournal
from hoso.access.gateways import Gateways, sent
from hoso.api.body import Bodies
from hoso.api.gateway import Gateway, application, records
from hoso.core import new_id, system_clock
from hoso.exchange.intake import Intake
from hoso.exchange.intake.work import Runner
from hoso.store.deposits import DepositTable
from hoso.store.gateways import GatewayTable
from hoso.store.record_store import RecordStore

Call = Callable[[], tuple[int, dict[str, str], Any]]


@pytest.fixture
def gateway(store: RecordStore) -> Gateway:
    journal, known = PlainJournal(store), Node(store).records
    intake = Intake(known, DepositTable(store.engine), journal, system_clock, new_id)
    return Gateway(Gateways(GatewayTable(store.engine), journal, system_clock), intake, known, system_clock, seconds=0)


@pytest.fixture
def send(gateway: Gateway) -> Call:
    session = gateway.accounts.sign_in("a", sent(gateway.accounts.create("a", "01001")), "")
    assert session is not None
    file = base64.b64encode(envelope(visit({"XML1": [SUMMARY]}))).decode()
    body, serve = urlencode({"fileHSBase64": file}).encode(), application(gateway, Bodies(1_000_000))

    def call() -> tuple[int, dict[str, str], Any]:
        environ = {
            "PATH_INFO": "/gateway/api/qd130/guiHoSoXmlQD3176", "REQUEST_METHOD": "POST", "QUERY_STRING": "",
            "CONTENT_TYPE": "application/x-www-form-urlencoded", "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body), "REMOTE_ADDR": "10.0.0.1",
            "HTTP_AUTHORIZATION": f"Bearer {session.access_token}",
        }  # fmt: skip
        said: list[Any] = []
        told = b"".join(serve(environ, lambda status, headers: said.append((status, dict(headers)))))
        return int(said[0][0].split()[0]), said[0][1], json.loads(told)

    return call


def test_a_full_gateway_asks_to_come_again(gateway: Gateway, send: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "OPENING_SECONDS", 0.0)
    with gateway.opening.entered(0), gateway.opening.entered(0):
        status, headers, told = send()
    assert (status, told["maKetQua"], told["maGiaoDich"]) == (503, "503", "")
    assert int(headers["Retry-After"]) > 0 and told["thongDiep"]
    assert send()[2]["maKetQua"] == "200"


def test_what_there_is_no_time_for_is_safe_and_stays_with_the_node(gateway: Gateway, send: Call) -> None:
    status, _, told = send()
    assert (status, told["maKetQua"], told["trangThai"], told["soHoSoDaNhan"]) == (200, "200", "CHO_XU_LY", 0)
    assert told["maGiaoDich"] in told["thongDiep"]
    runner = gateway.intake.runner
    later = Runner(runner.records, runner.table, runner.teller, lambda: system_clock() + timedelta(minutes=1))
    assert later.step(), "whoever received it has not carried it out, so another does"
    again = send()[2]
    assert (again["maGiaoDich"], again["trangThai"], again["soHoSoDaNhan"]) == (told["maGiaoDich"], "DA_XU_LY", 1)
