"""A referral is written so that it can be read back and goes out as XML13; how far it came follows from the record."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest

from hoso.access.intake import accept
from hoso.care.referrals.follow import followed, ordered
from hoso.care.referrals.paper import (
    FIELDS,
    REPLY_FIELDS,
    Sender,
    answer,
    last_day,
    number_of,
    referral,
    reply,
    texts_of,
)
from hoso.exchange.insurance.saying import document_lines
from hoso.exchange.insurance.writing import written
from hoso.fhir.json import encode
from hoso.fhir.relations import related

Resource = dict[str, Any]
TO = {
    "id": "hospital",
    "name": "Bệnh viện",
    "identifier": [{"system": "https://hoso.vn/sid/facility-code", "value": "35101"}],
}
VISIT = {"resourceType": "Encounter", "id": "v", "subject": {"reference": "Patient/p"}}
SIGNED = date(2026, 11, 27)  # a Friday
SENDER = Sender(VISIT, {"display": "BS. Mai"}, "35001", datetime(2026, 11, 27, 3, tzinfo=UTC))
TEXTS = {field.key: f"{field.key}: một\nPlan: hai" for field in FIELDS}


def sent() -> list[Resource]:
    return referral(TEXTS, TO, "2", "once", SENDER)


def visit(on: str) -> Resource:
    return {"resourceType": "Encounter", "id": f"at-{on}", "period": {"start": f"{on}T08:00:00+07:00"}}


def test_what_is_written_is_read_back_and_is_the_document_of_xml13() -> None:
    request, paper = sent()
    for one in (request, paper):
        accept(encode(one), one["resourceType"])
    assert texts_of(paper, FIELDS) == TEXTS
    assert referral(TEXTS, TO, "2", "once", SENDER) == [request, paper]
    said = document_lines(paper, "XML13")
    assert said["Nơi chuyển đến"] == "35101" and said["Số chuyển tuyến"] == number_of(request)
    assert said["Dấu hiệu lâm sàng"].startswith("signs: một") and "Tình trạng lúc chuyển" in said["Dấu hiệu lâm sàng"]
    (tie,) = related(request)
    assert (tie.kind, tie.grantee) == ("referral", ("Organization", "hospital"))
    assert related({**request, "status": "revoked"}) == []


def test_a_visit_goes_out_with_its_referral_as_a_paper_and_not_as_a_service_too() -> None:
    request, paper = sent()
    seen = {**VISIT, "status": "finished", "class": {"code": "AMB"}, "period": {"end": "2026-11-27T10:00:00+07:00"}}
    ordered = {"resourceType": "ServiceRequest", "id": "x", "status": "active", "code": {"text": "Siêu âm"}}
    ordered["category"] = [{"text": "Chẩn đoán hình ảnh"}]
    tables = written([seen, request, paper, ordered], dialect="3176", facility="35001").tables
    assert [row["TEN_DICH_VU"] for row in tables["XML3"]] == ["Siêu âm"]
    [row] = tables["XML13"]
    assert (row["MA_NOI_DEN"], row["SO_CHUYENTUYEN"]) == ("35101", number_of(request))
    assert row["DAU_HIEU_LS"].startswith("signs: một")


def test_how_far_a_referral_came_follows_from_what_is_on_record() -> None:
    request, _ = sent()
    yes, no, read = (answer(kind, request, "Hết giường", SENDER) for kind in ("accepted", "declined", "read"))
    letter = reply({"diagnosis": "I10", "state": "Ổn"}, request, "at", SENDER)
    for one in (yes, letter):
        accept(encode(one), one["resourceType"])
    assert texts_of(letter, REPLY_FIELDS) == {"diagnosis": "I10", "state": "Ổn"}

    def state(answers: list[Resource], letters: list[Resource], visits: list[Resource], on: date) -> tuple[str, str]:
        found = followed(request, answers, letters, visits, on)
        return found.state, found.late

    before = visit("2026-11-27")  # the same day, two hours before the signature
    came = visit("2026-12-01")
    assert last_day(SIGNED) == date(2026, 12, 11)
    assert state([], [], [before], date(2026, 12, 11)) == ("sent", "")
    assert state([], [], [before], date(2026, 12, 12)) == ("sent", "not-come")
    assert state([yes], [], [], SIGNED) == ("accepted", "")
    assert state([yes], [], [came], date(2026, 12, 15)) == ("arrived", "")
    assert state([yes], [], [came], date(2026, 12, 16)) == ("arrived", "no-letter")
    assert state([yes], [letter], [came], date(2026, 12, 16)) == ("answered", "unread")
    assert state([yes, read], [letter], [came], date(2026, 12, 16)) == ("read", "")
    closed = {**request, "status": "revoked"}
    assert followed(closed, [no], [], [], SIGNED).why == "Hết giường"
    assert followed(closed, [], [], [], SIGNED).state == "withdrawn"
    late, new = (followed(request, [], [], [], on) for on in (date(2026, 12, 12), SIGNED))
    assert ordered([new, late]) == [late, new]


@pytest.mark.parametrize("body", [{}, {"content": []}, {"content": [{"attachment": {}}]}])
def test_a_document_that_says_nothing_has_no_texts(body: Resource) -> None:
    assert texts_of(body, FIELDS) == {"signs": ""} or texts_of(body, FIELDS) == {}
