"""/intake over the WSGI application: what a hospital's software sends, is told, and mends; others see nothing."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import pytest
from tests.access.audit.logs import sealer
from tests.api.caller import Answer, Caller
from tests.exchange.insurance.insurance_files import SIGNATURE, Row, envelope, visit
from tests.exchange.intake.test_intake import BAD, another, facility

from hoso.access import Actor, Scopes, Tokens, Unavailable
from hoso.access.audit.journal import PlainJournal
from hoso.api.app import application
from hoso.api.links import Seal
from hoso.core import new_id, system_clock
from hoso.exchange.intake import Intake, Item
from hoso.store.deposits import DepositTable
from hoso.store.record_store import RecordStore
from hoso.store.tokens import TokenTable

XML = "application/xml"
ALL = Scopes.parse("system/*.cruds")
CLIENTS = {
    "hospital": Actor("client/his", ALL, facility="01001", labels=frozenset()),
    "laboratory": Actor("client/lab", ALL, facility="01001", labels=frozenset()),
    "stranger": Actor("client/other", ALL, facility="01002", labels=frozenset()),
    "homeless": Actor("client/homeless", ALL, labels=frozenset()),
    "doctor": Actor("user/doctor", ALL, role="doctor", facility="01001"),
    "reader": Actor("client/reader", Scopes.parse("system/*.rs"), facility="01001", labels=frozenset()),
}


class Gate:
    """The server, for each of those who call it."""

    def __init__(self, store: RecordStore) -> None:
        self.operator = Caller.with_persons(store)
        self.desk = Intake(self.operator.records, DepositTable(store.engine), PlainJournal(store), system_clock, new_id)
        tokens = Tokens(TokenTable(store.engine), system_clock, issued=CLIENTS.get)
        self.operator.app = application(
            self.operator.records,
            tokens,
            Seal(b"k" * 32),
            self.operator.settings,
            trail=self.operator.trail,
            intake=self.desk,
        )
        for code in ("01001", "01002"):
            assert self.operator("PUT", f"Organization/f{code}", facility(code)).status == 201

    def __call__(self, who: str, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        other = object.__new__(Caller)
        other.__dict__.update(self.operator.__dict__)
        other.token = who
        return other(method, path, body, **headers)

    def bring(self, *rows: Row, who: str = "hospital", **headers: str) -> Answer:
        return self(who, "POST", "/intake?name=a.xml", content(*rows), Content_Type=XML, **headers)


def content(*rows: Row) -> bytes:
    return envelope(*(visit({"XML1": [row]}) for row in rows))


def path(answer: Answer) -> str:
    return urlsplit(answer.headers["Location"]).path


@pytest.fixture
def gate(store: RecordStore) -> Gate:
    return Gate(store)


def test_a_file_is_stored_while_its_sender_waits_and_each_piece_is_told(gate: Gate) -> None:
    answer = gate.bring(another(1), BAD)
    assert (answer.status, answer.json["format"], answer.json["name"]) == (201, "insurance-xml", "a.xml")
    assert answer.json["counts"] == {"stored": 1, "quarantined": 1}
    assert gate("hospital", "GET", path(answer)).json == answer.json
    [good, bad] = gate("hospital", "GET", path(answer) + "/items").json["items"]
    assert (good["label"], good["state"], good["whose"]) == ("LK1", "stored", "new")
    assert {one["type"] for one in good["wrote"]} >= {"Patient", "Encounter", "Provenance"}
    [issue] = [one for one in bad["issues"] if one["severity"] == "error"]
    assert (bad["place"], issue["key"]) == ("HOSO[2]", "insurance.no-key")
    assert issue["en"] != issue["vi"]


def test_the_same_bytes_again_are_answered_with_the_same_deposit(gate: Gate) -> None:
    first, again = gate.bring(another(1)), gate.bring(another(1))
    assert (first.status, again.status) == (201, 200)
    assert first.json == again.json


def test_who_does_not_wait_is_told_where_to_look_and_the_node_goes_on(gate: Gate) -> None:
    answer = gate.bring(another(1), Prefer="respond-async")
    assert (answer.status, answer.json["counts"], answer.json["over"]) == (202, {"waiting": 1}, False)
    assert gate.desk.runner.step()
    assert gate("hospital", "GET", path(answer)).json["counts"] == {"stored": 1}


def test_a_refused_piece_is_mended_and_what_came_stays_beside_it(gate: Gate) -> None:
    where = path(gate.bring(another(1), BAD)) + "/items/2"
    came = gate("hospital", "GET", where + "/original")
    assert came.status == 200 and came.headers["Content-Disposition"].startswith("attachment")
    assert b"XML1" in came.body
    mended = gate("hospital", "PUT", where + "/original", content(another(2)), Content_Type=XML)
    assert (mended.status, mended.json["counts"]) == (200, {"stored": 2})
    assert gate("hospital", "GET", where + "/original").body == came.body
    assert gate("hospital", "POST", where + "/retry").status == 409


def test_a_refused_piece_is_tried_again_or_set_aside_for_a_reason(gate: Gate) -> None:
    deposit = path(gate.bring(BAD))
    assert gate("hospital", "POST", deposit + "/retry").json["counts"] == {"quarantined": 1}
    assert gate("hospital", "POST", deposit + "/items/1/set-aside", {}).keys == ["intake.no-reason"]
    done = gate("hospital", "POST", deposit + "/items/1/set-aside", {"reason": "Gửi nhầm"})
    assert done.json["counts"] == {"set-aside": 1}
    [item] = gate("hospital", "GET", deposit + "/items").json["items"]
    assert "Gửi nhầm" in item["issues"][-1]["vi"]


def test_a_piece_of_another_facility_is_quarantined_and_never_written(gate: Gate) -> None:
    answer = gate.bring(another(1, MA_CSKCB="01002"), another(2))
    assert answer.json["counts"] == {"stored": 1, "quarantined": 1}
    [bad] = gate("hospital", "GET", path(answer) + "/items?state=quarantined").json["items"]
    assert [one["key"] for one in bad["issues"] if one["severity"] == "error"] == ["intake.other-facility"]
    assert len(gate.operator.found("Encounter")) == 1


def test_of_what_another_facility_brought_nothing_is_there(gate: Gate) -> None:
    deposit = path(gate.bring(BAD))
    for method, below in [
        ("GET", ""), ("GET", "/items"), ("GET", "/items/1/original"), ("PUT", "/items/1/original"),
        ("POST", "/retry"), ("POST", "/items/1/retry"), ("POST", "/items/1/set-aside"),
    ]:  # fmt: skip
        answer = gate("stranger", method, deposit + below, {"reason": "x"} if method != "GET" else None)
        assert (answer.status, answer.keys) == (404, ["intake.none"]), (method, below)
    assert gate("stranger", "GET", "/intake").json["deposits"] == []
    assert gate("hospital", "GET", deposit).json["counts"] == {"quarantined": 1}


def test_another_client_of_the_facility_sees_how_it_stands_but_not_what_it_holds(gate: Gate) -> None:
    deposit = path(gate.bring(another(1)))
    assert gate("laboratory", "GET", deposit).status == 200
    assert gate("laboratory", "GET", deposit + "/items/1/original").keys == ["intake.not-yours"]


@pytest.mark.parametrize(
    ("who", "key"),
    [("doctor", "intake.forbidden"), ("reader", "intake.forbidden"), ("homeless", "intake.no-facility"),
     ("nobody", "rest.token")],
)  # fmt: skip
def test_who_may_not_bring_anything_is_refused_and_nothing_is_kept(gate: Gate, who: str, key: str) -> None:
    answer = gate.bring(another(1), who=who)
    assert (answer.status, answer.keys) == (401 if who == "nobody" else 403, [key])
    assert gate(who, "GET", "/intake").keys == [key]
    assert gate(gate.operator.token or "", "GET", "/intake").json == {"deposits": []}


def test_deposits_and_items_are_told_page_by_page(gate: Gate) -> None:
    ids = [gate.bring(BAD, another(n)).json["id"] for n in (1, 2, 3)]
    first = gate("hospital", "GET", "/intake?count=2").json
    rest = gate("hospital", "GET", first["next"].removeprefix("http://hoso.test")).json
    assert [one["id"] for one in first["deposits"] + rest["deposits"]] == ids[::-1]
    page = gate("hospital", "GET", f"/intake/{ids[0]}/items?count=1").json
    after = gate("hospital", "GET", page["next"].removeprefix("http://hoso.test")).json
    assert [one["number"] for one in page["items"] + after["items"]] == [1, 2]


@pytest.mark.parametrize(
    ("body", "query", "key"),
    [(b"", "", "intake.no-body"), (b"%PDF-1.7", "", "intake.unknown"), (b"<a/>", "?format=fax", "intake.format"),
     (b'<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"/>', "", "xml.cda"),
     (b"<a/>", "?colour=red", "rest.unknown-parameter"), (b"<a/>", "?name=a&name=b", "rest.repeated"),
     (b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/x">]><GIAMDINHHS>&b;</GIAMDINHHS>', "?format=insurance-xml", ""),
     (gzip.compress(b"<GIAMDINHHS>", mtime=0)[:-4], "", "rest.bad-gzip")],
)  # fmt: skip
def test_what_cannot_be_taken_is_refused_with_its_reason_and_leaves_nothing(
    gate: Gate, body: bytes, query: str, key: str
) -> None:
    headers = {"content_encoding": "gzip"} if body[:2] == b"\x1f\x8b" else {}
    answer = gate("hospital", "POST", f"/intake{query}", body, Content_Type=XML, **headers)
    assert 400 <= answer.status < 500
    assert key in ("", *answer.keys)
    assert gate("hospital", "GET", "/intake").json["deposits"] == []


def test_a_gzipped_file_is_taken(gate: Gate) -> None:
    small = gzip.compress(content(another(1)))
    answer = gate("hospital", "POST", "/intake", small, Content_Type=XML, content_encoding="gzip")
    assert answer.json["counts"] == {"stored": 1}


@pytest.mark.parametrize(
    ("method", "below", "status"),
    [("DELETE", "", 405), ("PUT", "/x", 405), ("GET", "/x/nothing", 404), ("GET", "/x/items/0/original", 404),
     ("GET", "/x/items/a/original", 404), ("GET", "/x/items?state=odd", 400), ("GET", "/x/items?after=-1", 400),
     ("GET", "?before=yesterday", 400), ("GET", "?count=0", 400), ("GET", "/x//items", 404)],
)  # fmt: skip
def test_a_wrong_address_is_told_so(gate: Gate, method: str, below: str, status: int) -> None:
    answer = gate("hospital", method, f"/intake{below}")
    assert (answer.status, answer.json["resourceType"]) == (status, "OperationOutcome")


def test_every_act_stands_in_the_log(gate: Gate, store: RecordStore) -> None:
    deposit = path(gate.bring(BAD))
    gate("hospital", "GET", deposit + "/items/1/original")
    gate("hospital", "POST", deposit + "/retry")
    sealer(store).settle()
    told = [json.dumps(one) for one in gate.operator("GET", "AuditEvent?_count=100").resources]
    id = deposit.rsplit("/", 1)[1]
    for act in (f"received {id}", f"shown item 1 of {id}", f"retried 1 items of {id}"):
        assert any(act in one and "client/his" in one for one in told), act


def test_a_preview_tells_each_piece_and_keeps_nothing(gate: Gate) -> None:
    answer = gate("hospital", "POST", "/intake/preview", content(another(1), BAD), Content_Type=XML)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/fhir+ndjson")
    [good, bad] = [json.loads(line) for line in answer.body.splitlines()]
    assert (good["state"], good["whose"], bad["state"], bad["place"]) == ("stored", "new", "quarantined", "HOSO[2]")
    assert gate("hospital", "GET", "/intake").json == {"deposits": []}
    assert gate.operator.found("Encounter") == []
    assert gate("hospital", "POST", "/intake/preview", b"<a/>", Content_Type=XML).status == 400
    assert gate("reader", "POST", "/intake/preview", content(another(1)), Content_Type=XML).status == 403


def test_a_preview_that_breaks_off_says_so_in_its_last_line(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Intake.preview

    def breaks(*given: Any) -> Iterator[Item]:
        yield from islice(real(*given), 1)
        raise Unavailable("no disk")

    monkeypatch.setattr(Intake, "preview", breaks)
    answer = gate("hospital", "POST", "/intake/preview", content(another(1), another(2)), Content_Type=XML)
    [good, last] = [json.loads(line) for line in answer.body.splitlines()]
    assert (good["state"], last["failed"]["issue"][0]["diagnostics"]) == ("stored", "rest.unavailable")


def test_a_deposit_is_taken_back_and_what_somebody_changed_since_stays(gate: Gate) -> None:
    deposit = path(gate.bring(another(1), another(2)))
    [encounter, _] = gate.operator.found("Encounter")
    changed = gate("hospital", "GET", f"/fhir/Encounter/{encounter}").json | {"language": "vi"}
    assert gate("hospital", "PUT", f"/fhir/Encounter/{encounter}", changed).status == 200
    done = gate("hospital", "POST", deposit + "/undo")
    assert (done.status, done.json["items"]) == (200, 2)
    assert {"type": "Encounter", "id": encounter, "why": "changed"} in done.json["left"]
    assert gate.operator.found("Encounter") == [encounter]
    assert gate("hospital", "GET", deposit).json["counts"] == {"undone": 2}
    assert gate("stranger", "POST", deposit + "/undo").status == 404


def test_the_verdict_on_the_signature_is_kept_and_a_node_may_demand_one(gate: Gate) -> None:
    told = gate.bring(another(1)).json
    assert told["signature"]["state"] == "invalid" and told["counts"] == {"stored": 1}
    unsigned = content(another(2)).replace(SIGNATURE.encode(), b"")
    answer = gate("hospital", "POST", "/intake", unsigned, Content_Type=XML)
    assert answer.json["signature"]["state"] == "absent"
    gate.desk._signatures = replace(gate.desk._signatures, demanded=True)
    for body in (unsigned.replace(b"20260719", b"20260720"), content(another(3))):
        refused = gate("hospital", "POST", "/intake", body, Content_Type=XML)
        assert (refused.status, refused.json["issue"][0]["code"]) == (400, "security")
    assert len(gate("hospital", "GET", "/intake").json["deposits"]) == 2
    assert gate(gate.operator.token or "", "POST", "/intake", unsigned, Content_Type=XML).status == 201
